//! A rule: a fault with the requests that it applies to, and the forms in which it is written.
//!
//! Everything that a rule can hold is an option of [`FaultSpec`]: the Rust builders set options, JSON and
//! the text form name them, and one check validates them, wherever they come from.

mod checked;
#[cfg(feature = "schema")]
mod schema;
mod spec;
mod text;
mod validate;

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

pub(crate) use self::checked::{CheckedRule, Target, another_partner, unknown_partner};
pub(crate) use self::spec::{Connection, FaultSpec, Key};
pub use self::validate::RuleError;
use super::{Fault, Time};
use crate::input::json::Fields;

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

    fn with(mut self, change: impl FnOnce(&mut FaultSpec)) -> Self {
        change(&mut self.0);
        self
    }

    /// Only requests of one operation: `wallet`, `companies`, or a path such as
    /// `/api/v1/templates`.
    pub fn operation(self, operation: impl Into<String>) -> Self {
        self.with(|spec| spec.operation = Some(operation.into()))
    }

    /// Only requests with this key. The rule keeps its hash.
    pub fn key(self, key: &str) -> Self {
        self.with(|spec| spec.key = Some(Key::of(key)))
    }

    /// Only requests of the first partner with this name. A rule that is added by
    /// [`Partner::faults`](crate::Partner::faults) applies to that partner only anyway.
    pub fn partner(self, name: impl Into<String>) -> Self {
        self.with(|spec| spec.partner = Some(name.into()))
    }

    /// At most so many faults.
    pub fn times(self, times: u64) -> Self {
        self.with(|spec| spec.times = Some(times))
    }

    /// Not for the first `count` requests. All else counts from there.
    pub fn after(self, count: u64) -> Self {
        self.with(|spec| spec.after = Some(count))
    }

    /// Only every `count`-th request.
    pub fn every(self, count: u64) -> Self {
        self.with(|spec| spec.every = Some(count))
    }

    /// `bad` requests with the fault, `good` ones without, and again.
    pub fn flapping(self, bad: u64, good: u64) -> Self {
        self.with(|spec| spec.flapping = Some((bad, good)))
    }

    /// Applies the fault with this probability: 0 is never, 1 is always.
    pub fn probability(self, probability: f64) -> Self {
        self.with(|spec| spec.probability = Some(probability))
    }

    /// Sets the seed of the random numbers, 0 by default. The same seed and the same requests give the
    /// same faults, also in parallel tests.
    pub fn rng_seed(self, seed: u64) -> Self {
        self.with(|spec| spec.rng_seed = Some(seed))
    }

    /// Active for this time after it was added, a day at most; then it expires. The time goes by the
    /// mock's [`Clock`](crate::Clock), as a delay does: while that is paused, only
    /// [`advance`](crate::Clock::advance) moves it.
    pub fn ttl(self, time: Duration) -> Self {
        self.with(|spec| spec.ttl = Some(Time::capped(time)))
    }

    /// The rule with these options, which are checked.
    fn of_options(options: impl IntoIterator<Item = (String, Value)>) -> Result<Self, RuleError> {
        let options = serde_path_to_error::deserialize(Value::from_iter(options));
        let spec: FaultSpec = options.map_err(|error| RuleError::of_json(&error))?;
        spec.check()?;
        Ok(Self(spec))
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
        self.0.fmt(f)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({self})")
    }
}

/// From the text form, options separated by spaces: `status=503 retryAfter=1 operation=wallet times=2`.
impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        Self::of_options(text::read(text)?)
    }
}

/// From the JSON form, `{"status": 503, "retryAfter": 1, "operation": "wallet", "times": 2}`, or
/// from the text form as a string.
impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let written = WrittenRule::<Fields<Value>>::deserialize(from);
        let rule = match written.map_err(|error| D::Error::custom(RuleError::of("", error)))? {
            WrittenRule::Text(text) => text.parse(),
            WrittenRule::Options(Fields(options)) => Self::of_options(options),
        };
        rule.map_err(D::Error::custom)
    }
}

/// To the JSON form; a key is `[redacted]`.
impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.options())
    }
}

/// A rule as it is written in JSON: as an object of options, or in its text form.
//
// Options are read as a `FaultSpec` where the reader tracks the place of an error, and as values where
// it does not: then the option that is wrong is named afterwards.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleOrText", untagged))]
pub(crate) enum WrittenRule<O = Box<FaultSpec>> {
    /// A rule in its text form: `status=503 operation=wallet times=2`.
    Text(#[cfg_attr(feature = "schema", schemars(length(min = 1)))] String),
    Options(O),
}

impl WrittenRule {
    /// The rule; what options say is not checked yet.
    pub(crate) fn into_rule(self) -> Result<Rule, RuleError> {
        match self {
            Self::Text(text) => text.parse(),
            Self::Options(spec) => Ok(Rule(*spec)),
        }
    }
}

impl<'de, O: Deserialize<'de>> Deserialize<'de> for WrittenRule<O> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(WrittenRuleVisitor(PhantomData))
    }
}

struct WrittenRuleVisitor<O>(PhantomData<O>);

impl<'de, O: Deserialize<'de>> Visitor<'de> for WrittenRuleVisitor<O> {
    type Value = WrittenRule<O>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a rule as an object or as text, such as {\"status\": 503, \"times\": 2} or \
             \"status=503 times=2\"",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(WrittenRule::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        O::deserialize(MapAccessDeserializer::new(map)).map(WrittenRule::Options)
    }
}
