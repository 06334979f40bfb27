//! What must hold of a rule before it is taken.

use std::fmt;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_path_to_error::Segment;

use super::spec::{Connection, FaultSpec, Key};
use crate::api::headers::{is_bodyless, is_framing};
use crate::faults::Time;
use crate::input::escape::escaped;
use crate::input::json::pointer::{A_POINTER, is_pointer};
use crate::input::json::{ValidationError, serde_message};
use crate::state::keys::api_key;

/// A rule that cannot be taken. It shows as one line: what is wrong, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Which option is wrong, or which of several contradict each other: `every, flapping`.
    options: String,
    message: String,
}

impl RuleError {
    /// Both may hold what came from outside. They are shown in one line, whatever they are, and
    /// without a key.
    pub(crate) fn of(options: impl fmt::Display, message: impl fmt::Display) -> Self {
        let clean = |text: String| escaped(&api_key::redact_text(&text)).into_owned();
        Self { options: clean(options.to_string()), message: clean(message.to_string()) }
    }

    /// From the error of a JSON object of options.
    pub(super) fn of_json(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let option = match error.path().iter().next() {
            Some(Segment::Map { key }) => key.as_str(),
            _ => "",
        };
        let message = serde_message(&error.inner().to_string(), option == "key");
        // This message names the field itself.
        Self::of(if message.starts_with("unknown field") { "" } else { option }, message)
    }

    /// The option that is wrong, or the first of several.
    pub(crate) fn option(&self) -> Option<&str> {
        self.options.split(", ").next().filter(|option| !option.is_empty())
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.options.is_empty() {
            write!(f, "{}: ", self.options)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for RuleError {}

/// If one option is wrong, the error is placed at it.
impl From<RuleError> for ValidationError {
    fn from(error: RuleError) -> Self {
        if error.option() == Some(&error.options) {
            return Self::of(error.message).at(error.options);
        }
        Self::of(error.to_string())
    }
}

pub(super) const EDITS: &[&str] = &["set", "remove", "firstPage"];
pub(super) const RESPONSE: &[&str] =
    &["status", "body", "contentType", "headers", "retryAfter", "retryAfterDateIn"];
pub(super) const TIMING: &[&str] = &["slowHeaders", "throttle"];
pub(super) const CORRUPTION: &[&str] =
    &["truncate", "contentLength", "malformedJson", "invalidUtf8", "padTo"];

/// A rule has an option of at least one of these groups.
pub(super) const FAULTS: &[&[&str]] =
    &[RESPONSE, EDITS, TIMING, CORRUPTION, &["delay", "connection"]];

const NO_RESPONSE: &str = "; this connection fault sends no response to change";

/// A rule that has an option of the first group has none of the second, and why.
pub(super) const EXCLUSIVE: &[(&[&str], &[&str], &str)] = &[
    (&["htmlErrorPage"], &["body"], ""),
    (EDITS, &["status", "body"], "; only the real body is edited"),
    (&["retryAfter"], &["retryAfterDateIn"], ""),
    (&["throttle"], &["padTo"], ""),
    (&["every"], &["flapping"], ""),
    (&["connection"], TIMING, NO_RESPONSE),
    (&["connection"], CORRUPTION, NO_RESPONSE),
];

impl FaultSpec {
    pub(super) fn check(&self) -> Result<(), RuleError> {
        self.check_response()?;
        self.check_pointers()?;
        self.check_conditions()?;
        self.check_combination()
    }

    fn check_response(&self) -> Result<(), RuleError> {
        if let Some(status) = self.status {
            ensure((200..600).contains(&status), "status", "expected one from 200 to 599")?;
            let has_body = self.html_error_page || self.body.is_some();
            let is_bodyless = StatusCode::from_u16(status).is_ok_and(is_bodyless);
            ensure(!(has_body && is_bodyless), "body", "a response with this status has none")?;
        } else {
            let message = "expected a status with it, such as 502";
            ensure(!self.html_error_page, "htmlErrorPage", message)?;
        }
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            let name =
                name.map_err(|_| RuleError::of("headers", "a name that HTTP does not allow"))?;
            ensure(
                name != CONTENT_TYPE && !is_framing(&name),
                "headers",
                "Content-Type and the framing of a body are not set here; see `contentType`, `contentLength` and `connection`",
            )?;
            ensure_value("headers", Some(value))?;
        }
        ensure_value("contentType", self.content_type.as_ref())?;
        ensure_value("retryAfter", self.retry_after.as_ref())
    }

    fn check_pointers(&self) -> Result<(), RuleError> {
        let set = self.set.keys().map(|pointer| ("set", pointer));
        for (option, pointer) in set.chain(self.remove.iter().map(|one| ("remove", one))) {
            ensure(is_pointer(pointer), option, &format!("`{pointer}`: expected {A_POINTER}"))?;
        }
        let removes_all = self.remove.iter().any(String::is_empty);
        ensure(!removes_all, "remove", "expected a part of the body, such as `/data/0`")
    }

    fn check_conditions(&self) -> Result<(), RuleError> {
        let is_key = self.key != Some(Key::Malformed);
        ensure(is_key, "key", "expected letters, digits and -._~+/ only")?;
        ensure(self.every != Some(0), "every", "expected 1 or more")?;
        ensure(self.ttl != Some(Time(Duration::ZERO)), "ttl", "expected a time above zero")?;
        let flaps = self.flapping.is_none_or(|(bad, good)| bad > 0 && good > 0);
        ensure(flaps, "flapping", "expected 1 or more on both sides")?;
        let is_probability = self.probability.is_none_or(|one| (0.0..=1.0).contains(&one));
        ensure(is_probability, "probability", "expected a number from 0 to 1")
    }

    fn check_combination(&self) -> Result<(), RuleError> {
        let given: Vec<_> = self.options().map(|(option, _)| option).collect();
        let first = |group: &[&'static str]| group.iter().copied().find(|one| given.contains(one));
        let not_both = |one: Option<&str>, other: Option<&str>, why: &str| match (one, other) {
            (Some(one), Some(other)) => {
                let options = format!("{one}, {other}");
                Err(RuleError::of(options, format!("expected one of them{why}")))
            }
            _ => Ok(()),
        };
        for (group, others, why) in EXCLUSIVE {
            not_both(first(group), first(others), why)?;
        }
        let mut corruptions = CORRUPTION.iter().copied().filter(|one| given.contains(one));
        not_both(corruptions.next(), corruptions.next(), "")?;
        if !matches!(self.connection, None | Some(Connection::MalformedChunk)) {
            let response = first(RESPONSE).or_else(|| first(EDITS));
            not_both(Some("connection"), response, NO_RESPONSE)?;
        }
        let is_fault = FAULTS.iter().any(|group| first(group).is_some());
        ensure(is_fault, "", "expected a fault, such as `status=503` or `connection=reset`")
    }
}

fn ensure(holds: bool, option: &str, wrong: &str) -> Result<(), RuleError> {
    if holds { Ok(()) } else { Err(RuleError::of(option, wrong)) }
}

fn ensure_value(option: &str, value: Option<&String>) -> Result<(), RuleError> {
    let is_good = value.is_none_or(|value| HeaderValue::from_str(value).is_ok());
    ensure(is_good, option, "a value that HTTP does not allow in a header")
}
