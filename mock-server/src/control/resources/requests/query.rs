//! Which requests are listed, and how many are expected.

use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::api::disposition::Disposition;
use crate::api::path;
use crate::control::MAX_CONTROL_WAIT;
use crate::control::extract::Owner;
use crate::control::response::ApiError;
use crate::faults::Time;
use crate::input::json::parsed;
#[cfg(feature = "schema")]
use crate::input::schema;
use crate::journal::number_of;
use crate::mock::{Count, Mock, Partner, ReceivedRequests};

/// How many requests a list shows, by default and at most.
pub(super) const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// Which requests are listed, and how many are expected. A value arrives as text.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::control) struct RequestsQuery {
    /// Only those that came after this one; `req-0` is before all.
    #[serde(default, deserialize_with = "request_id")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<String>", regex(pattern = "^req-[0-9]+$"))
    )]
    pub(super) after: Option<u64>,
    /// How many are shown at most; 100, if left out.
    #[serde(default, deserialize_with = "limit")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MAX_LIMIT)))]
    pub(super) limit: Option<usize>,
    /// Only requests to this path; `wallet` is `/api/v1/wallet`.
    #[serde(default, deserialize_with = "sendable_path")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = schema::PATH)))]
    path: Option<String>,
    /// Only with this method.
    method: Option<String>,
    /// Only with this query: everything that follows the `?`, as it was sent.
    query: Option<String>,
    /// Only those whose response had this status.
    #[serde(default, deserialize_with = "number")]
    status: Option<u16>,
    /// Only those that were handled in this way: `served`, `stubbed`, `unknown path`, or another
    /// `disposition` of a request.
    #[serde(default, deserialize_with = "disposition")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "disposition_schema"))]
    disposition: Option<Disposition>,
    /// Only with this body. The body of a request that no stub responded to is not kept.
    body: Option<String>,
    /// Only with this header, as `name:value`. May be given several times.
    #[serde(default, deserialize_with = "headers")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Vec<String>", inner(regex(pattern = "^[^:]*:")))
    )]
    header: Vec<(String, String)>,
    /// Expects this many. With `within`, 0 waits for the whole time: no request arrives.
    #[serde(default, deserialize_with = "number")]
    exactly: Option<usize>,
    /// Expects this many or more.
    #[serde(default, deserialize_with = "number")]
    at_least: Option<usize>,
    /// How long to wait for them, 60s at most, such as `250ms` or `2s`.
    #[serde(default, deserialize_with = "wait")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<String>", regex(pattern = format!("^{}$", schema::TIME)))
    )]
    pub(super) within: Option<Duration>,
}

fn request_id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    parsed(from, "the id of a request, such as `req-12`", number_of)
}

fn sendable_path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    parsed(from, "a path as requests have it: percent-encoded, without a query", |text| {
        path::is_possible(&path::full(text)).then(|| text.to_owned())
    })
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    // `+1` is a number for Rust.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn disposition<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Disposition>, D::Error> {
    parsed(
        from,
        "the `disposition` of a request, such as `served` or `unknown path`",
        Disposition::from_text,
    )
}

fn number<'de, T: std::str::FromStr, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    parsed(from, "a number", digits)
}

fn limit<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    parsed(from, "a number from 1 to 1000", |text| {
        digits(text).filter(|limit| (1..=MAX_LIMIT).contains(limit))
    })
}

fn wait<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    parsed(from, "a time up to 60s, such as `250ms` or `2s`", |text| {
        let Time(time) = text.parse().ok()?;
        (time <= MAX_CONTROL_WAIT).then_some(time)
    })
}

/// One `name:value`, or several.
fn headers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
    let lines = match serde_json::Value::deserialize(from)? {
        serde_json::Value::Array(lines) => lines,
        line => vec![line],
    };
    let split = |line: &serde_json::Value| {
        let (name, value) = line.as_str()?.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    let split = |line| split(line).ok_or_else(|| D::Error::custom("expected `name:value`"));
    lines.iter().map(split).collect()
}

impl RequestsQuery {
    pub(super) fn count(&self) -> Result<Option<Count>, ApiError> {
        let count = match (self.exactly, self.at_least) {
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid("atLeast", "expected it or `exactly`, not both"));
            }
            (Some(count), None) => Some(Count::Exactly(count)),
            (None, Some(count)) => Some(Count::AtLeast(count)),
            (None, None) => None,
        };
        if self.within.is_some() && count.is_none() && self.after.is_none() {
            let message = "expected `after`, `exactly` or `atLeast` with it";
            return Err(ApiError::invalid("within", message));
        }
        Ok(count)
    }

    pub(super) fn select(&self, mock: &Mock, owner: &Owner) -> ReceivedRequests {
        let all =
            owner.0.as_ref().map_or_else(|| mock.received_requests(), Partner::received_requests);
        let mut requests = all.after_number(self.after.unwrap_or_default());
        if let Some(path) = &self.path {
            requests = requests.path(path);
        }
        if let Some(method) = &self.method {
            requests = requests.method(method);
        }
        if let Some(query) = &self.query {
            requests = requests.query(query);
        }
        if let Some(body) = &self.body {
            requests = requests.body(body);
        }
        if let Some(status) = self.status {
            requests = requests.status(status);
        }
        if let Some(disposition) = self.disposition {
            requests = requests.disposition(disposition);
        }
        for (name, value) in &self.header {
            requests = requests.header(name, value);
        }
        requests
    }
}

#[cfg(feature = "schema")]
fn disposition_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names = Disposition::ALL.map(|disposition| disposition.to_string());
    schemars::json_schema!({"type": "string", "enum": names})
}
