//! A rule as a seed file has it: an object, or the text form as a string.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use crate::faults::registry::{self, NewRule};
use crate::faults::{A_RULE, Rule, RuleError, Words};
use crate::input::json::{Step, Wrong};

#[derive(Debug)]
pub(super) enum RuleFile {
    Text(String),
    Words(Box<Words>),
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
        Words::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(RuleFile::Words)
    }
}

impl RuleFile {
    pub(super) fn checked(self) -> Result<NewRule, Wrong> {
        match self {
            Self::Text(text) => {
                let rule = text.parse().and_then(|rule: Rule| registry::checked(rule));
                rule.map_err(|error| Wrong::of(error.to_string()))
            }
            Self::Words(words) => Ok(registry::checked(Rule::of(*words))?),
        }
    }
}

/// If it is one word that is wrong, it is the place.
impl From<RuleError> for Wrong {
    fn from(error: RuleError) -> Self {
        let message = error.to_string();
        let of_word = error.word().and_then(|word| {
            let rest = message.strip_prefix(word)?.strip_prefix(": ")?;
            Some(Self::of(rest).at(Step::Field(word.to_owned().into())))
        });
        of_word.unwrap_or_else(|| Self::of(message))
    }
}
