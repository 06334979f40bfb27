//! Faults: what changes a response or a connection, for which requests, and when.
//!
//! Everything that a rule can hold is an option of [`FaultSpec`]: the Rust builders set options, JSON and
//! the text form name them, and one check validates them, wherever they come from.

pub(crate) mod apply;
mod delay;
mod new_rule;
pub(crate) mod outage;
pub(crate) mod registry;
mod rule_text;
mod sampling;
#[cfg(feature = "schema")]
mod schema;
mod spec;
mod validate;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::{self, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::delay::Delay;
pub(crate) use self::delay::Time;
pub(crate) use self::spec::{Connection, FaultSpec, Key};
pub use self::validate::RuleError;
use crate::state::clock::http_date;

/// A fault: what changes a response or a connection.
///
/// It changes what the client sees, never what the service did: the request is authorized and
/// recorded in the journal as if nothing were wrong. [The guide](crate::guide::faults) lists all.
///
/// ```
/// use std::time::Duration;
/// use partner_api_mock::{Delay, Fault};
///
/// Fault::status(429).retry_after(2);
/// Fault::html_error_page(502);                                //  the HTML that a proxy sends
/// Fault::passthrough().delay(Duration::from_millis(300));     // the real response, late
/// Fault::passthrough().delay(Delay::log_normal(Duration::from_millis(90), 0.5)).truncate(40);
/// Fault::reset();
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "a fault does nothing until a rule with it is added"]
pub struct Fault(FaultSpec);

impl Fault {
    /// Passes the real response through, changed by the options that follow.
    pub fn passthrough() -> Self {
        Self(FaultSpec::default())
    }

    /// This status, from 200 to 599, with a body of the documented shape: `{"error":"…"}`, the
    /// status' name in it, unless [`body`](Self::body) says another.
    pub fn status(status: u16) -> Self {
        Self(FaultSpec { status: Some(status), ..FaultSpec::default() })
    }

    /// This status with the HTML page that nginx sends with it, as a proxy in front of the service
    /// does with 502, 503 and 504.
    pub fn html_error_page(status: u16) -> Self {
        Self(FaultSpec { html_error_page: true, ..Self::status(status).0 })
    }

    fn connection(connection: Connection) -> Self {
        Self(FaultSpec { connection: Some(connection), ..FaultSpec::default() })
    }

    /// The connection is reset as soon as the head of the request was read; a body is not.
    pub fn reset() -> Self {
        Self::connection(Connection::Reset)
    }

    /// The whole request is read, its body included; then the connection is reset.
    pub fn reset_after_request() -> Self {
        Self::connection(Connection::ResetAfterRequest)
    }

    /// The connection is closed without a response.
    pub fn close() -> Self {
        Self::connection(Connection::Close)
    }

    /// Accepts the request and never responds. The connection stays open until the client or the mock
    /// ends.
    pub fn hang() -> Self {
        Self::connection(Connection::Hang)
    }

    /// Bytes that are not HTTP; then the connection is closed.
    pub fn garbage() -> Self {
        Self::connection(Connection::Garbage)
    }

    /// The head of the response, half of its body as a chunk, and then what is no chunk.
    pub fn malformed_chunk() -> Self {
        Self::connection(Connection::MalformedChunk)
    }

    /// Another body, as `application/json` unless [`content_type`](Self::content_type) says
    /// otherwise.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.0.body = Some(body.into());
        self
    }

    /// Sets one value of the real body, at a JSON pointer (RFC 6901): `/data/0/name` is the name of
    /// the first company. The rest of the body stays as it is, byte for byte.
    ///
    /// A member that an object does not have is added, and `/data/-` adds an item. Where the
    /// response has no such place, the client gets a 500 whose body says what is missing, and
    /// [`AppliedFault::error`](crate::AppliedFault::error) has it in the journal.
    ///
    /// ```
    /// use partner_api_mock::{Fault, Rule};
    ///
    /// let no_name = Fault::passthrough().set("/data/1/name", ());
    /// let rule = Rule::new(no_name).operation("companies");
    /// assert_eq!(rule.to_string(), r#"set={"/data/1/name":null} operation=companies"#);
    /// ```
    pub fn set(mut self, pointer: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.0.set.insert(pointer.into(), value.into());
        self
    }

    /// Removes one value of the real body, at a JSON pointer, as [`set`](Self::set) otherwise. After
    /// all that is set, in the order in which they are given.
    pub fn remove(mut self, pointer: impl Into<String>) -> Self {
        self.0.remove.0.push(pointer.into());
        self
    }

    /// Cuts the list of the response, `data`, to so many items, and adds `"nextCursor": "page-2"`: a
    /// first page. Before anything is [`set`](Self::set).
    ///
    /// The mock has no second page; a [`Stub`](crate::Stub) can respond with it.
    pub fn first_page(mut self, items: u64) -> Self {
        self.0.first_page = Some(items);
        self
    }

    /// Another `Content-Type`.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.0.content_type = Some(content_type.into());
        self
    }

    /// A header of this name, in the place of those that the response has.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.headers.insert(name.into(), value.into());
        self
    }

    /// `Retry-After` in seconds.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds.to_string());
        self
    }

    /// `Retry-After` as a date.
    pub fn retry_after_date(mut self, date: Timestamp) -> Self {
        self.0.retry_after = Some(http_date(date));
        self
    }

    /// `Retry-After` as a date that is so far away when the response begins, after its
    /// [`delay`](Self::delay): by the mock's [`Clock`](crate::Clock), a day at most. HTTP dates
    /// have no fractions of a second; what is over a whole one is cut off.
    pub fn retry_after_date_in(mut self, time: Duration) -> Self {
        self.0.retry_after_date_in = Some(Time::capped(time));
        self
    }

    /// A wait before the response, or what comes in its place, begins.
    pub fn delay(mut self, delay: impl Into<Delay>) -> Self {
        self.0.delay = Some(delay.into());
        self
    }

    /// The head of the response comes byte by byte, for this long; then the connection is closed.
    pub fn slow_headers(mut self, time: Duration) -> Self {
        self.0.slow_headers = Some(Time::capped(time));
        self
    }

    /// Sends the body in many small chunks over this time.
    pub fn throttle(mut self, time: Duration) -> Self {
        self.0.throttle = Some(Time::capped(time));
        self
    }

    /// Truncates the body to this many bytes, at most all but one; then the connection is closed.
    pub fn truncate(mut self, bytes: u64) -> Self {
        self.0.truncate = Some(bytes);
        self
    }

    /// Sets `Content-Length` to this value, whatever the length of the body; then the connection is
    /// closed.
    pub fn content_length(mut self, length: u64) -> Self {
        self.0.content_length = Some(length);
        self
    }

    /// The body without its last byte, in good order but for that.
    pub fn malformed_json(mut self) -> Self {
        self.0.malformed_json = true;
        self
    }

    /// A byte that UTF-8 does not have, in the first string value of the body.
    pub fn invalid_utf8(mut self) -> Self {
        self.0.invalid_utf8 = true;
        self
    }

    /// Pads the body with spaces to this many bytes.
    pub fn pad_to(mut self, bytes: u64) -> Self {
        self.0.pad_to = Some(bytes);
        self
    }
}

/// A fault, with the requests that it applies to.
///
/// Without more options it applies to every request until it is removed. It has a text form and a JSON
/// form with the same options, which [the guide](crate::guide::faults) lists.
///
/// ```
/// use partner_api_mock::{Fault, Rule};
///
/// let rule = Rule::new(Fault::status(503)).operation("wallet").after(2).times(3);
/// assert_eq!(rule.to_string(), "status=503 operation=wallet times=3 after=2");
/// assert_eq!("status=503 operation=wallet times=3 after=2".parse(), Ok(rule));
///
/// let misspelt = "staus=503".parse::<Rule>().unwrap_err();
/// assert!(misspelt.to_string().ends_with("did you mean `status`?"));
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "a rule does nothing until it is added"]
pub struct Rule(FaultSpec);

impl Rule {
    /// The fault, for every request.
    pub fn new(fault: Fault) -> Self {
        Self(fault.0)
    }

    /// Only requests of one operation: `wallet`, `companies`, or a path such as
    /// `/api/v1/templates`.
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.0.operation = Some(operation.into());
        self
    }

    /// Only requests with this key. The rule keeps its hash.
    pub fn key(mut self, key: &str) -> Self {
        self.0.key = Some(Key::of(key));
        self
    }

    /// Only requests of the first partner with this name. A rule that is added by
    /// [`Partner::faults`](crate::Partner::faults) applies to that partner only anyway.
    pub fn partner(mut self, name: impl Into<String>) -> Self {
        self.0.partner = Some(name.into());
        self
    }

    /// At most so many faults.
    pub fn times(mut self, times: u64) -> Self {
        self.0.times = Some(times);
        self
    }

    /// Not for the first `count` requests. All else counts from there.
    pub fn after(mut self, count: u64) -> Self {
        self.0.after = Some(count);
        self
    }

    /// Only every `count`-th request.
    pub fn every(mut self, count: u64) -> Self {
        self.0.every = Some(count);
        self
    }

    /// `bad` requests with the fault, `good` ones without, and again.
    pub fn flapping(mut self, bad: u64, good: u64) -> Self {
        self.0.flapping = Some(spec::Flapping { bad, good });
        self
    }

    /// Applies the fault with this probability: 0 is never, 1 is always.
    pub fn probability(mut self, probability: f64) -> Self {
        self.0.probability = Some(probability);
        self
    }

    /// Sets the seed of the random numbers, 0 by default. The same seed and the same requests give the
    /// same faults, also in parallel tests.
    pub fn rng_seed(mut self, seed: u64) -> Self {
        self.0.rng_seed = Some(seed);
        self
    }

    /// Active for this time after it was added, a day at most; then it expires. The time goes by the
    /// mock's [`Clock`](crate::Clock), as a delay does: while that is paused, only
    /// [`advance`](crate::Clock::advance) moves it.
    pub fn ttl(mut self, time: Duration) -> Self {
        self.0.ttl = Some(Time::capped(time));
        self
    }

    /// The rule with these options, not checked yet.
    pub(crate) fn of(spec: FaultSpec) -> Self {
        Self(spec)
    }

    pub(crate) fn into_spec(self) -> Result<FaultSpec, RuleError> {
        self.0.check()?;
        Ok(self.0)
    }
}

impl From<Fault> for Rule {
    fn from(fault: Fault) -> Self {
        Self::new(fault)
    }
}

/// The text form; a key is `[redacted]`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        rule_text::write(&self.0, f)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({self})")
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fault(")?;
        rule_text::write(&self.0, f)?;
        f.write_str(")")
    }
}

/// From the text form, options separated by spaces: `status=503 retryAfter=1 operation=wallet times=2`.
impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let spec = rule_text::read(text)?;
        spec.check()?;
        Ok(Self(spec))
    }
}

/// From the JSON form, `{"status": 503, "retryAfter": 1, "operation": "wallet", "times": 2}`, or
/// from the text form as a string.
impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RuleVisitor)
    }
}

struct RuleVisitor;

impl<'de> Visitor<'de> for RuleVisitor {
    type Value = Rule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(A_RULE)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Rule, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rule, A::Error> {
        let mut options = serde_json::Map::new();
        while let Some((option, value)) = map.next_entry::<String, _>()? {
            if options.insert(option, value).is_some() {
                return Err(A::Error::custom(
                    "an option is given twice: expected each option once",
                ));
            }
        }
        let spec = rule_text::from_json(options).map_err(A::Error::custom)?;
        spec.check().map_err(A::Error::custom)?;
        Ok(Rule(spec))
    }
}

/// What is expected where both forms of a rule are allowed.
pub(crate) const A_RULE: &str = "a rule as an object or as text, such as {\"status\": 503, \
    \"times\": 2} or \"status=503 times=2\"";

/// To the JSON form; a key is `[redacted]`.
impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.options())
    }
}
