//! A body against its parts, while it is read: no copy of it is made, however long it is.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::findings::{Findings, Kind, type_of};
use super::schema::{Field, Leaf, LeafKind, Rule, SchemaNode, Shape, Test};
use super::severity::Source;
use crate::display::{is_enum_value, is_field_name};

/// Reads a whole body. The error is that of its JSON, and says nothing of what stands in it.
pub(crate) fn check(
    body: &SchemaNode,
    sheet: &mut Findings,
    text: &str,
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    Reader { part: body, sheet }.deserialize(&mut json)?;
    json.end()
}

/// Reads the value of one part.
struct Reader<'a> {
    part: &'a SchemaNode,
    sheet: &'a mut Findings,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.sheet.count(self.part, true);
        match &self.part.shape {
            Shape::Leaf(leaf) => {
                let value = <&RawValue>::deserialize(from)?.get();
                judge(self.part, leaf, value, self.sheet);
                Ok(())
            }
            Shape::Object(_) | Shape::Array(_) => from.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Shape::Object(fields) = &self.part.shape else {
            self.another("an object");
            while map.next_entry::<Ignored, Ignored>()?.is_some() {}
            return Ok(());
        };
        let mut came = vec![false; fields.len()];
        while let Some(name) = map.next_key::<Name<'_>>()? {
            let known = fields.iter().zip(&mut came).find(|(field, _)| field.name == name.0);
            let Some((Field { part, .. }, came)) = known else {
                let value = map.next_value::<&RawValue>()?.get();
                let is_plain = is_field_name(&name.0);
                self.sheet.word(self.part, Kind::UnknownField, &name.0, is_plain, value);
                continue;
            };
            if *came {
                let message = "a field that stands twice in one object".to_owned();
                let source = Source::documented();
                self.sheet.fault(part, Kind::DuplicateField, &source, message, None);
            }
            *came = true;
            map.next_value_seed(Reader { part, sheet: self.sheet })?;
        }
        for (field, _) in fields.iter().zip(came).filter(|(_, came)| !came) {
            self.sheet.count(&field.part, false);
            if let Some(source) = &field.required {
                let message = "it is not there".to_owned();
                self.sheet.fault(&field.part, Kind::MissingField, source, message, None);
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Shape::Array(element) = &self.part.shape else {
            self.another("an array");
            while list.next_element::<Ignored>()?.is_some() {}
            return Ok(());
        };
        self.sheet.indices.push(0);
        while list.next_element_seed(Reader { part: element, sheet: self.sheet })?.is_some() {
            if let Some(index) = self.sheet.indices.last_mut() {
                *index += 1;
            }
        }
        self.sheet.indices.pop();
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        null(self.part, self.sheet);
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.another("true or false");
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.another("a number");
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.another("a number");
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.another("a number");
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.another("a string");
        Ok(())
    }
}

impl Reader<'_> {
    /// Another type came than the contract's.
    fn another(self, came: &str) {
        let message = format!("expected {}, got {came}", self.part.expected());
        self.sheet.fault(self.part, Kind::Type, &Source::documented(), message, None);
    }
}

type Ignored = serde::de::IgnoredAny;

/// The name of a field. Most are read without a copy.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

fn null(part: &SchemaNode, sheet: &mut Findings) {
    let message = format!("expected {}, got null", part.expected());
    sheet.fault(part, Kind::Null, &part.never_null, message, None);
}

/// A value without parts, given as its JSON.
fn judge(part: &SchemaNode, leaf: &Leaf, value: &str, sheet: &mut Findings) {
    let came = type_of(value);
    if came == "null" {
        return null(part, sheet);
    }
    let mut fault = |kind, source: &Source, message: String| {
        sheet.fault(part, kind, source, message, Some(value));
    };
    match (&leaf.kind, came) {
        (LeafKind::String, "a string") => {
            if let Ok(text) = serde_json::from_str::<Cow<'_, str>>(value) {
                judge_text(part, &leaf.rules, &text, value, sheet);
            } else {
                let message = "a string with an escape that is no character".to_owned();
                fault(Kind::Format, &Source::documented(), message);
            }
        }
        (LeafKind::Integer(whole), "a number") if value.contains(['.', 'e', 'E']) => {
            let message = "expected a whole number, got one with a fraction or an exponent";
            fault(Kind::Type, whole, message.to_owned());
        }
        (LeafKind::Integer(_) | LeafKind::Number, "a number") => {
            for Rule { test, source } in &leaf.rules {
                let (kind, message) = match test {
                    Test::Int64 if value.parse::<i64>().is_err() => {
                        (Kind::Format, "a number that 64 bits do not hold".to_owned())
                    }
                    Test::Minimum(minimum) if is_below(value, *minimum) => {
                        (Kind::Minimum, format!("expected {minimum} or more, got less"))
                    }
                    _ => continue,
                };
                return fault(kind, source, message);
            }
        }
        (LeafKind::Boolean, "true or false") => {}
        _ => {
            let message = format!("expected {}, got {came}", part.expected());
            fault(Kind::Type, &Source::documented(), message);
        }
    }
}

/// A text by its rules, up to the first that does not hold: a later one would say the same again.
fn judge_text(part: &SchemaNode, rules: &[Rule], text: &str, value: &str, sheet: &mut Findings) {
    for Rule { test, source } in rules {
        let (kind, message) = match test {
            Test::DateTime if text.parse::<Timestamp>().is_err() => {
                (Kind::Format, "expected a time by RFC 3339, got another text".to_owned())
            }
            Test::Pattern(pattern) if !pattern.is_match(text) => {
                let pattern = pattern.as_str();
                (Kind::Pattern, format!("expected a text that matches {pattern}, got another"))
            }
            Test::Known(words) if !words.iter().any(|word| word == text) => {
                sheet.word(part, Kind::UnknownValue, text, is_enum_value(text), value);
                return;
            }
            Test::Exactly(due) if due != text => {
                let came =
                    if is_enum_value(text) { format!("`{text}`") } else { "another".to_owned() };
                (Kind::Code, format!("expected `{due}`, got {came}"))
            }
            _ => continue,
        };
        return sheet.fault(part, kind, source, message, Some(value));
    }
}

fn is_below(number: &str, minimum: i64) -> bool {
    match number.parse::<i128>() {
        Ok(number) => number < i128::from(minimum),
        // A fraction, or larger than any limit that a contract has: its sign tells.
        #[expect(clippy::cast_precision_loss, reason = "limits are small")]
        Err(_) => number.parse::<f64>().is_ok_and(|number| number < minimum as f64),
    }
}
