//! A rule as a seed file has it: an object, or the text form as a string.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use crate::faults::registry::{self, NewRule};
use crate::faults::{A_RULE, FaultSpec, Rule, RuleError};
use crate::input::json::ValidationError;

/// A rule as an object, or in its text form.
#[derive(Debug)]
pub(crate) enum RuleFile {
    Text(String),
    FaultSpec(Box<FaultSpec>),
}

impl<'de> Deserialize<'de> for RuleFile {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RuleVisitor)
    }
}

struct RuleVisitor;

impl<'de> Visitor<'de> for RuleVisitor {
    type Value = RuleFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(A_RULE)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RuleFile, E> {
        Ok(RuleFile::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RuleFile, A::Error> {
        FaultSpec::deserialize(MapAccessDeserializer::new(map))
            .map(Box::new)
            .map(RuleFile::FaultSpec)
    }
}

impl RuleFile {
    pub(super) fn checked(self) -> Result<NewRule, ValidationError> {
        match self {
            Self::Text(text) => {
                let rule = text.parse().and_then(|rule: Rule| registry::checked(rule));
                rule.map_err(|error| ValidationError::of(error.to_string()))
            }
            Self::FaultSpec(spec) => Ok(registry::checked(Rule::of(*spec))?),
        }
    }
}

/// If one option is wrong, the error is placed at it.
impl From<RuleError> for ValidationError {
    fn from(error: RuleError) -> Self {
        let message = error.to_string();
        let of_option = error.option().and_then(|option| {
            let rest = message.strip_prefix(option)?.strip_prefix(": ")?;
            Some(Self::of(rest).at(option))
        });
        of_option.unwrap_or_else(|| Self::of(message))
    }
}
