//! Every option of a rule, as it is written in JSON and in the text form.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Value;

use super::delay::{Delay, NumberOrText, Time};
use crate::input::json::{Expected, non_null};
use crate::state::api_key::{self, KeyHash};

/// A fault, its scope and its schedule.
#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FaultSpec {
    #[serde(deserialize_with = "non_null")]
    pub(crate) status: Option<u16>,
    pub(crate) html_error_page: bool,
    #[serde(deserialize_with = "non_null")]
    pub(crate) body: Option<String>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) content_type: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(deserialize_with = "retry_after")]
    pub(crate) retry_after: Option<String>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) retry_after_date_in: Option<Time>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) delay: Option<Delay>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) slow_headers: Option<Time>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) throttle: Option<Time>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) truncate: Option<u64>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) content_length: Option<u64>,
    pub(crate) malformed_json: bool,
    pub(crate) invalid_utf8: bool,
    #[serde(deserialize_with = "non_null")]
    pub(crate) pad_to: Option<u64>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) connection: Option<Connection>,

    #[serde(deserialize_with = "non_null")]
    pub(crate) operation: Option<String>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) partner: Option<String>,
    #[serde(deserialize_with = "key")]
    pub(crate) key: Option<Key>,

    #[serde(deserialize_with = "non_null")]
    pub(crate) times: Option<u64>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) after: Option<u64>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) every: Option<u64>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) flapping: Option<Flapping>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) probability: Option<f64>,
    #[serde(deserialize_with = "non_null")]
    pub(crate) rng_seed: Option<u64>,
}

impl Expected for FaultSpec {
    const EXPECTED: &'static str = "a rule as an object, such as {\"status\": 503, \"times\": 2}";
}

/// A key, of which the hash is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Known(KeyHash),
    /// No request could carry it.
    Malformed,
}

impl Key {
    pub(super) fn of(key: &str) -> Self {
        if api_key::is_b64token(key.as_bytes()) {
            Self::Known(KeyHash::of(key))
        } else {
            Self::Malformed
        }
    }
}

/// What happens to the connection in place of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Connection {
    Reset,
    ResetAfterRequest,
    Close,
    Hang,
    Garbage,
    MalformedChunk,
}

impl Connection {
    fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::ResetAfterRequest => "resetAfterRequest",
            Self::Close => "close",
            Self::Hang => "hang",
            Self::Garbage => "garbage",
            Self::MalformedChunk => "malformedChunk",
        }
    }
}

/// `bad/good`, such as `2/3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flapping {
    pub(crate) bad: u64,
    pub(crate) good: u64,
}

impl fmt::Display for Flapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.bad, self.good)
    }
}

const BAD_AND_GOOD: &str = "bad and good requests such as `2/3`: two with, three without";

impl<'de> Deserialize<'de> for Flapping {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = from.deserialize_any(NumberOrText(BAD_AND_GOOD))?;
        let numbers = text
            .split_once('/')
            .and_then(|(bad, good)| Some((bad.parse().ok()?, good.parse().ok()?)));
        let wrong = || D::Error::custom(format_args!("expected {BAD_AND_GOOD}"));
        let (bad, good) = numbers.ok_or_else(wrong)?;
        Ok(Self { bad, good })
    }
}

fn retry_after<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    from.deserialize_any(NumberOrText("seconds, or a date as HTTP writes it")).map(Some)
}

fn key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Key>, D::Error> {
    let key = String::deserialize(from)?;
    Ok(Some(Key::of(&key)))
}

impl FaultSpec {
    /// Each option that is set, and its value. A key is not shown.
    pub(crate) fn options(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let number = |number: Option<u64>| number.map(Value::from);
        let yes = |yes: bool| yes.then_some(Value::Bool(true));
        let headers = (!self.headers.is_empty()).then(|| {
            let headers = self.headers.iter();
            headers.map(|(name, value)| (name.clone(), value.clone())).collect()
        });
        let all = [
            ("status", self.status.map(Value::from)),
            ("htmlErrorPage", yes(self.html_error_page)),
            ("body", text(&self.body)),
            ("contentType", text(&self.content_type)),
            ("headers", headers),
            ("retryAfter", text(&self.retry_after)),
            ("retryAfterDateIn", shown(self.retry_after_date_in)),
            ("delay", shown(self.delay)),
            ("slowHeaders", shown(self.slow_headers)),
            ("throttle", shown(self.throttle)),
            ("truncate", number(self.truncate)),
            ("contentLength", number(self.content_length)),
            ("malformedJson", yes(self.malformed_json)),
            ("invalidUtf8", yes(self.invalid_utf8)),
            ("padTo", number(self.pad_to)),
            ("connection", self.connection.map(|one| one.name().into())),
            ("operation", text(&self.operation)),
            ("partner", text(&self.partner)),
            ("key", self.key.map(|_| api_key::REDACTED.into())),
            ("times", number(self.times)),
            ("after", number(self.after)),
            ("every", number(self.every)),
            ("flapping", shown(self.flapping)),
            ("probability", self.probability.map(Value::from)),
            ("rngSeed", number(self.rng_seed)),
        ];
        all.into_iter().filter_map(|(option, value)| value.map(|value| (option, value)))
    }
}

fn shown(value: Option<impl fmt::Display>) -> Option<Value> {
    value.map(|value| value.to_string().into())
}
