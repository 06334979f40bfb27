//! What must hold of a rule before it is taken.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};

use super::delay::Time;
use super::spec::{Connection, FaultSpec, Flapping, Key};
use crate::api::headers::{is_bodyless, is_framing};
use crate::input::escape::escaped;
use crate::input::json::pointer::{A_POINTER, is_pointer};
use crate::state::keys::api_key;

/// A rule that cannot be taken. It shows as one line: what is wrong, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RuleError(String);

impl RuleError {
    /// The message may hold what came from outside. It is shown in one line, whatever it is, and
    /// without a key.
    pub(crate) fn of(message: impl AsRef<str>) -> Self {
        Self(escaped(&api_key::redact_text(message.as_ref())).into_owned())
    }

    /// The option that is wrong, or the first of several, if the message names one: `every` of
    /// `every, flapping: expected one of them`.
    pub(crate) fn option(&self) -> Option<&str> {
        let (options, _) = self.0.split_once(": ")?;
        let is_option = |option: &str| option.bytes().all(|byte| byte.is_ascii_alphanumeric());
        options.split(", ").all(is_option).then(|| options.split(", ").next())?
    }
}

impl FaultSpec {
    pub(super) fn check(&self) -> Result<(), RuleError> {
        self.check_response()?;
        ensure(self.key != Some(Key::Malformed), "key: expected letters, digits and -._~+/ only")?;
        self.check_combination()?;
        self.check_schedule()
    }

    fn check_response(&self) -> Result<(), RuleError> {
        if let Some(status) = self.status {
            ensure((200..600).contains(&status), "status: expected one from 200 to 599")?;
            let has_body = self.html_error_page || self.body.is_some();
            let is_bodyless = StatusCode::from_u16(status).is_ok_and(is_bodyless);
            ensure(!(has_body && is_bodyless), "body: a response with this status has none")?;
        }
        ensure(
            self.status.is_some() || !self.html_error_page,
            "htmlErrorPage: expected a status with it, such as 502",
        )?;
        ensure(
            !(self.html_error_page && self.body.is_some()),
            "htmlErrorPage, body: expected one of them",
        )?;
        self.check_edits()?;
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            ensure(name.is_ok(), "headers: a name that HTTP does not allow")?;
            ensure(
                name.is_ok_and(|name| name != CONTENT_TYPE && !is_framing(&name)),
                "headers: Content-Type and the framing of a body are not set here; see `contentType`, `contentLength` and `connection`",
            )?;
            ensure_value("headers", value)?;
        }
        ensure(
            self.retry_after.is_none() || self.retry_after_date_in.is_none(),
            "retryAfter, retryAfterDateIn: expected one of them",
        )?;
        ensure_value("contentType", self.content_type.as_deref().unwrap_or(""))?;
        ensure_value("retryAfter", self.retry_after.as_deref().unwrap_or(""))
    }

    fn check_edits(&self) -> Result<(), RuleError> {
        let set = self.set.keys().map(|pointer| ("set", pointer));
        for (option, pointer) in set.chain(self.remove.0.iter().map(|one| ("remove", one))) {
            ensure(is_pointer(pointer), &format!("{option}: `{pointer}`: expected {A_POINTER}"))?;
        }
        let removes_all = self.remove.0.iter().any(String::is_empty);
        ensure(!removes_all, "remove: expected a part of the body, such as `/data/0`")?;
        let Some(option) = self.edits().next() else { return Ok(()) };
        ensure(
            self.status.is_none(),
            &format!("{option}, status: expected one of them; a status has another body"),
        )?;
        ensure(self.body.is_none(), &format!("{option}, body: expected one of them"))
    }

    fn check_combination(&self) -> Result<(), RuleError> {
        let edits: Vec<_> = self.edits().collect();
        let response = [
            ("status", self.status.is_some()),
            ("body", self.body.is_some()),
            ("contentType", self.content_type.is_some()),
            ("headers", !self.headers.is_empty()),
            ("retryAfter", self.retry_after.is_some()),
            ("retryAfterDateIn", self.retry_after_date_in.is_some()),
        ];
        let timing =
            [("slowHeaders", self.slow_headers.is_some()), ("throttle", self.throttle.is_some())];
        let corruption = [
            ("truncate", self.truncate.is_some()),
            ("contentLength", self.content_length.is_some()),
            ("malformedJson", self.malformed_json),
            ("invalidUtf8", self.invalid_utf8),
            ("padTo", self.pad_to.is_some()),
        ];
        let given = |options: &[(&'static str, bool)]| -> Vec<&'static str> {
            let given = options.iter().filter(|(_, is_given)| *is_given);
            given.map(|(option, _)| *option).collect()
        };
        let response = [given(&response), edits].concat();
        let (timing, corruption) = (given(&timing), given(&corruption));

        if let Some(connection) = self.connection {
            let mut against = [timing, corruption].concat();
            if connection != Connection::MalformedChunk {
                against.extend(response);
            }
            return match against.first() {
                Some(option) => Err(RuleError::of(format!(
                    "connection, {option}: expected one of them; this connection fault sends no response to change"
                ))),
                None => Ok(()),
            };
        }
        if let [one, two, ..] = corruption.as_slice() {
            return Err(RuleError::of(format!("{one}, {two}: expected one of them")));
        }
        ensure(
            self.throttle.is_none() || self.pad_to.is_none(),
            "throttle, padTo: expected one of them",
        )?;
        let is_empty = response.is_empty() && timing.is_empty() && corruption.is_empty();
        ensure(
            !is_empty || self.delay.is_some(),
            "expected a fault, such as `status=503` or `connection=reset`",
        )
    }

    fn check_schedule(&self) -> Result<(), RuleError> {
        ensure(self.every != Some(0), "every: expected 1 or more")?;
        ensure(self.ttl != Some(Time(Duration::ZERO)), "ttl: expected a time above zero")?;
        let flaps = |Flapping { bad, good }| bad > 0 && good > 0;
        ensure(self.flapping.is_none_or(flaps), "flapping: expected 1 or more on both sides")?;
        ensure(
            self.every.is_none() || self.flapping.is_none(),
            "every, flapping: expected one of them",
        )?;
        ensure(
            self.probability.is_none_or(|one| (0.0..=1.0).contains(&one)),
            "probability: expected a number from 0 to 1",
        )
    }
}

fn ensure(holds: bool, wrong: &str) -> Result<(), RuleError> {
    if holds { Ok(()) } else { Err(RuleError::of(wrong)) }
}

fn ensure_value(option: &str, value: &str) -> Result<(), RuleError> {
    let is_good = HeaderValue::from_str(value).is_ok();
    ensure(is_good, &format!("{option}: a value that HTTP does not allow in a header"))
}
