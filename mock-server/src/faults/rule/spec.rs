//! Every option of a rule, as it is written in JSON and in the text form.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::faults::delay::{Delay, Time, from_text};
use crate::input::json::non_null;
#[cfg(feature = "schema")]
use crate::input::schema;
use crate::state::keys::api_key::{self, KeyHash};

/// A fault, with the requests that it applies to and its schedule. As text: `status=503
/// operation=wallet times=2`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Rule", transform = super::schema::rule_rules))]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FaultSpec {
    /// The status of the response.
    #[serde(deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(range(min = 200, max = 599)))]
    pub(crate) status: Option<u16>,
    /// With the HTML page that nginx sends with the status.
    pub(crate) html_error_page: bool,
    /// Another body, as JSON unless a content type is given.
    #[serde(deserialize_with = "non_null")]
    pub(crate) body: Option<String>,
    /// Values at JSON pointers (RFC 6901) of the real body: `{"/data/0/name": null}`. A member that an
    /// object does not have is added; `-` instead of an index adds an item.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::values"))]
    pub(crate) set: BTreeMap<String, Value>,
    /// Removes the value at a JSON pointer of the real body, or at each of several: `/data/0/name`.
    #[serde(deserialize_with = "pointers")]
    #[cfg_attr(
        feature = "schema",
        schemars(schema_with = "super::schema::pointers", skip_serializing_if = "Vec::is_empty")
    )]
    pub(crate) remove: Vec<String>,
    /// Cuts the list `data` to so many items, and adds `"nextCursor": "page-2"`.
    #[serde(deserialize_with = "non_null")]
    pub(crate) first_page: Option<u64>,
    /// Another Content-Type.
    #[serde(deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = schema::HEADER_VALUE)))]
    pub(crate) content_type: Option<String>,
    /// Headers that replace those of the same name.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::fault_headers"))]
    pub(crate) headers: BTreeMap<String, String>,
    /// Retry-After: seconds, or a date as HTTP writes it.
    #[serde(deserialize_with = "retry_after")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::retry_after"))]
    pub(crate) retry_after: Option<String>,
    /// Retry-After as a date, so far from when the response begins: `30s`.
    #[serde(deserialize_with = "non_null")]
    pub(crate) retry_after_date_in: Option<Time>,
    /// A wait before the response.
    #[serde(deserialize_with = "non_null")]
    pub(crate) delay: Option<Delay>,
    /// The head is sent byte by byte for this long: `2s`.
    #[serde(deserialize_with = "non_null")]
    pub(crate) slow_headers: Option<Time>,
    /// The body is sent in small chunks over this time: `2s`.
    #[serde(deserialize_with = "non_null")]
    pub(crate) throttle: Option<Time>,
    /// Truncates the body to this many bytes, at most all but one; then the connection is closed.
    #[serde(deserialize_with = "non_null")]
    pub(crate) truncate: Option<u64>,
    /// A wrong Content-Length; then the connection is closed.
    #[serde(deserialize_with = "non_null")]
    pub(crate) content_length: Option<u64>,
    /// The body without its last byte.
    pub(crate) malformed_json: bool,
    /// A byte that UTF-8 does not have, in the body's first string.
    pub(crate) invalid_utf8: bool,
    /// Pads the body with spaces to this many bytes.
    #[serde(deserialize_with = "non_null")]
    pub(crate) pad_to: Option<u64>,
    /// What happens to the connection in place of a response.
    #[serde(deserialize_with = "non_null")]
    pub(crate) connection: Option<Connection>,

    /// Only for one operation, `companies` or `wallet`, or for one path below /api/v1; a segment in braces is
    /// any one segment.
    #[serde(deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = schema::PATH)))]
    pub(crate) operation: Option<String>,
    /// Only for the partner of this name.
    #[serde(deserialize_with = "non_null")]
    pub(crate) partner: Option<String>,
    /// Only for requests with this key.
    #[serde(deserialize_with = "key")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", regex(pattern = schema::KEY)))]
    pub(crate) key: Option<Key>,

    /// At most this many faults. Without it there is no end.
    #[serde(deserialize_with = "non_null")]
    pub(crate) times: Option<u64>,
    /// Not for the first so many requests. Everything else counts from there.
    #[serde(deserialize_with = "non_null")]
    pub(crate) after: Option<u64>,
    /// Only every n-th request: 3 is every third one.
    #[serde(deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub(crate) every: Option<u64>,
    /// So many requests with the fault, so many without, and again: `2/3`.
    #[serde(deserialize_with = "flapping")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", regex(pattern = super::schema::FLAPPING)))]
    pub(crate) flapping: Option<(u64, u64)>,
    /// With this probability.
    #[serde(deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub(crate) probability: Option<f64>,
    /// The seed of the random numbers. 0, if left out.
    #[serde(deserialize_with = "non_null")]
    pub(crate) rng_seed: Option<u64>,
    /// How long the rule is active after it was added, by the mock's clock: `30s`. Without it there
    /// is no end.
    #[serde(deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::positive_time"))]
    pub(crate) ttl: Option<Time>,
}

/// One JSON pointer, or several.
fn pointers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    from.deserialize_any(PointersVisitor)
}

struct PointersVisitor;

impl<'de> Visitor<'de> for PointersVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON pointer such as \"/data/0/name\", or an array of them")
    }

    fn visit_str<E>(self, pointer: &str) -> Result<Vec<String>, E> {
        Ok(vec![pointer.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Vec<String>, A::Error> {
        let pointers = Vec::deserialize(SeqAccessDeserializer::new(items))?;
        if pointers.is_empty() { Err(A::Error::invalid_length(0, &self)) } else { Ok(pointers) }
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ConnectionFault", inline))]
#[serde(rename_all = "camelCase")]
pub(crate) enum Connection {
    Reset,
    ResetAfterRequest,
    Close,
    Hang,
    Garbage,
    MalformedChunk,
}

fn flapping<'de, D: Deserializer<'de>>(from: D) -> Result<Option<(u64, u64)>, D::Error> {
    let expected = "bad and good requests such as `2/3`: two with, three without";
    let flapping = from_text(from, expected, |text| {
        let (bad, good) = text.split_once('/')?;
        Some((bad.parse().ok()?, good.parse().ok()?))
    });
    flapping.map(Some)
}

fn retry_after<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let expected = "seconds, or a date as HTTP writes it";
    from_text(from, expected, |text| Some(text.to_owned())).map(Some)
}

fn key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Key>, D::Error> {
    String::deserialize(from).map(|key| Some(Key::of(&key)))
}

impl FaultSpec {
    /// Each option that is set, and its value. A key is not shown.
    pub(crate) fn options(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let remove = match self.remove.as_slice() {
            [pointer] => json(pointer),
            pointers => json(pointers),
        };
        let all = [
            ("status", json(&self.status)),
            ("htmlErrorPage", json(&self.html_error_page)),
            ("body", json(&self.body)),
            ("set", json(&self.set)),
            ("remove", remove),
            ("firstPage", json(&self.first_page)),
            ("contentType", json(&self.content_type)),
            ("headers", json(&self.headers)),
            ("retryAfter", json(&self.retry_after)),
            ("retryAfterDateIn", json(&self.retry_after_date_in)),
            ("delay", json(&self.delay.map(|delay| delay.to_string()))),
            ("slowHeaders", json(&self.slow_headers)),
            ("throttle", json(&self.throttle)),
            ("truncate", json(&self.truncate)),
            ("contentLength", json(&self.content_length)),
            ("malformedJson", json(&self.malformed_json)),
            ("invalidUtf8", json(&self.invalid_utf8)),
            ("padTo", json(&self.pad_to)),
            ("connection", json(&self.connection)),
            ("operation", json(&self.operation)),
            ("partner", json(&self.partner)),
            ("key", json(&self.key.map(|_| api_key::REDACTED))),
            ("times", json(&self.times)),
            ("after", json(&self.after)),
            ("every", json(&self.every)),
            ("flapping", json(&self.flapping.map(|(bad, good)| format!("{bad}/{good}")))),
            ("probability", json(&self.probability)),
            ("rngSeed", json(&self.rng_seed)),
            ("ttl", json(&self.ttl)),
        ];
        all.into_iter().filter(|(_, value)| match value {
            Value::Null | Value::Bool(false) => false,
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            _ => true,
        })
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
