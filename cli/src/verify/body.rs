//! Reads a body into a JSON value, and finds what a JSON value cannot show: fields that one object
//! has twice, and halves of surrogate pairs.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Deeper values are null: the contract has six levels, and a parser's stack has an end.
const MAX_DEPTH: usize = 64;
/// Takes the place of half a surrogate pair (RFC 8259, section 8.2): a character that no text has.
pub(super) const HALF_PAIR: char = '\u{fdd0}';

/// A body as a JSON value.
pub(super) struct Body {
    pub(super) value: Value,
    /// The JSON pointers of fields that their object had before.
    pub(super) duplicates: Vec<String>,
}

/// The error is that of its JSON, and holds nothing of its text.
pub(super) fn read(text: &str) -> Result<Body, serde_json::Error> {
    let text = without_half_pairs(text);
    let mut duplicates = Vec::new();
    let mut json = serde_json::Deserializer::from_str(&text);
    let place = Place { parent: None, step: Step::Index(0), depth: 0 };
    let value = Reader { place: &place, duplicates: &mut duplicates }.deserialize(&mut json)?;
    json.end()?;
    Ok(Body { value, duplicates })
}

/// The way from the body to a value, which is written out only where it is needed.
struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
    depth: usize,
}

enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

impl Place<'_> {
    fn below<'a>(&'a self, step: Step<'a>) -> Place<'a> {
        Place { parent: Some(self), step, depth: self.depth + 1 }
    }

    fn pointer(&self) -> String {
        let Some(parent) = self.parent else { return String::new() };
        match self.step {
            Step::Field(name) => {
                format!("{}/{}", parent.pointer(), name.replace('~', "~0").replace('/', "~1"))
            }
            Step::Index(index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

struct Reader<'a> {
    place: &'a Place<'a>,
    duplicates: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        if self.place.depth > MAX_DEPTH {
            return from.deserialize_ignored_any(IgnoredAny).map(|_| Value::Null);
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let place = self.place.below(Step::Field(&name));
            if fields.contains_key(&name) {
                self.duplicates.push(place.pointer());
            }
            let value =
                map.next_value_seed(Reader { place: &place, duplicates: self.duplicates })?;
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let place = self.place.below(Step::Index(values.len()));
            let reader = Reader { place: &place, duplicates: self.duplicates };
            match list.next_element_seed(reader)? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
}

/// Replaces escapes of surrogates that have no other half, which the parser rejects.
fn without_half_pairs(text: &str) -> Cow<'_, str> {
    let (mut written, mut kept) = (String::new(), 0);
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        let start = at + found;
        at = start + 2;
        let Some(unit) = code_unit(text, start) else { continue };
        at = start + 6;
        if (0xd800..0xdc00).contains(&unit)
            && code_unit(text, at).is_some_and(|next| (0xdc00..0xe000).contains(&next))
        {
            at += 6;
        } else if (0xd800..0xe000).contains(&unit) {
            written.push_str(text.get(kept..start).unwrap_or_default());
            written.push(HALF_PAIR);
            kept = at;
        }
    }
    if written.is_empty() {
        return text.into();
    }
    written.push_str(text.get(kept..).unwrap_or_default());
    written.into()
}

/// The number in an escape such as `\ud83d`.
fn code_unit(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_pairs_are_not() {
        for (text, expected) in [
            (r#""a""#, r#""a""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\ud83d""#, "\"\u{fdd0}\""),
            (r#""\ude00\ud83dx\ud83d\ude00""#, "\"\u{fdd0}\u{fdd0}x\\ud83d\\ude00\""),
            (r#""\u00e9\"#, r#""\u00e9\"#),
        ] {
            assert_eq!(without_half_pairs(text), expected);
        }
    }

    #[test]
    fn fields_that_come_twice_are_found_where_they_are() {
        let body = read(r#"{"a":[{"b/c":1,"b/c":2}],"a":[]}"#).unwrap();
        assert_eq!(body.duplicates, ["/a/0/b~1c", "/a"]);
    }
}
