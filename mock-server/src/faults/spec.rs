//! Every option of a rule, as it is written in JSON and in the text form.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::Value;

use super::delay::{Delay, NumberOrText, Time};
use crate::input::json::non_null;
#[cfg(feature = "schema")]
use crate::input::schema;
use crate::state::keys::api_key::{self, KeyHash};

/// A fault, with the requests that it applies to and its schedule. As text: `status=503
/// operation=wallet times=2`.
#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize)]
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
    /// object does not have is added; `-` in the place of an index adds an item.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::values"))]
    pub(crate) set: BTreeMap<String, Value>,
    /// Removes the value at a JSON pointer of the real body, or at each of several: `/data/0/name`.
    pub(crate) remove: Pointers,
    /// Cuts the list `data` to so many items, and adds `"nextCursor": "page-2"`.
    #[serde(deserialize_with = "non_null")]
    pub(crate) first_page: Option<u64>,
    /// Another Content-Type.
    #[serde(deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = schema::HEADER_VALUE)))]
    pub(crate) content_type: Option<String>,
    /// Headers in the place of those of the same name.
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
    #[serde(deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", regex(pattern = super::schema::FLAPPING)))]
    pub(crate) flapping: Option<Flapping>,
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pointers(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Pointers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(PointersVisitor)
    }
}

struct PointersVisitor;

impl<'de> Visitor<'de> for PointersVisitor {
    type Value = Pointers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON pointer such as \"/data/0/name\", or an array of them")
    }

    fn visit_str<E>(self, pointer: &str) -> Result<Pointers, E> {
        Ok(Pointers(vec![pointer.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Pointers, A::Error> {
        let mut pointers = Vec::new();
        while let Some(pointer) = items.next_element()? {
            pointers.push(pointer);
        }
        if pointers.is_empty() {
            return Err(A::Error::invalid_length(0, &self));
        }
        Ok(Pointers(pointers))
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
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
    /// The options that edit the real body.
    pub(crate) fn edits(&self) -> impl Iterator<Item = &'static str> {
        let edits = [
            ("set", !self.set.is_empty()),
            ("remove", !self.remove.0.is_empty()),
            ("firstPage", self.first_page.is_some()),
        ];
        edits.into_iter().filter_map(|(option, is_given)| is_given.then_some(option))
    }

    /// Each option that is set, and its value. A key is not shown.
    pub(crate) fn options(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let number = |number: Option<u64>| number.map(Value::from);
        let set = self.set.iter().map(|(pointer, value)| (pointer.clone(), value.clone()));
        let set = (!self.set.is_empty()).then(|| set.collect());
        let remove = match self.remove.0.as_slice() {
            [] => None,
            [pointer] => Some(pointer.as_str().into()),
            pointers => Some(pointers.into()),
        };
        let yes = |yes: bool| yes.then_some(Value::Bool(true));
        let headers = (!self.headers.is_empty()).then(|| {
            let headers = self.headers.iter();
            headers.map(|(name, value)| (name.clone(), value.clone())).collect()
        });
        let all = [
            ("status", self.status.map(Value::from)),
            ("htmlErrorPage", yes(self.html_error_page)),
            ("body", text(&self.body)),
            ("set", set),
            ("remove", remove),
            ("firstPage", number(self.first_page)),
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
            ("ttl", shown(self.ttl)),
        ];
        all.into_iter().filter_map(|(option, value)| value.map(|value| (option, value)))
    }
}

fn shown(value: Option<impl fmt::Display>) -> Option<Value> {
    value.map(|value| value.to_string().into())
}
