//! A value of unknown type as JSON text, in whatever format it is stored.
//!
//! `serde_json` hands out the text of a value, which keeps every digit, the order and duplicate
//! names. Other formats, and serde's own buffer behind `flatten`, `tag` and `untagged`, know
//! numbers, strings, sequences and maps only: there the value is converted.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;

use serde_core::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_core::forward_to_deserialize_any;
use serde_core::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// The JSON text of a value: borrowed from the input where the input is JSON.
pub(crate) struct JsonText<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for JsonText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_newtype_struct(raw_value_name(), AnyVisitor)? {
            Any::Json(text) => Ok(Self(text)),
            any => serde_json::to_string(&any).map(Cow::from).map(Self).map_err(de::Error::custom),
        }
    }
}

/// JSON text that is written as the value that it describes.
pub(crate) struct JsonValue<'a>(pub(crate) &'a str);

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Only serde_json can take the text. Its serializers cannot be recognised by their type,
        // since serde's adapters wrap them, but the adapters keep the error.
        if type_name::<S::Error>() == type_name::<serde_json::Error>() {
            let raw: &RawValue =
                serde_json::from_str(self.0).map_err(serde_core::ser::Error::custom)?;
            return raw.serialize(serializer);
        }
        if let Ok(any) = serde_json::from_str::<Any<'_>>(self.0) {
            return any.serialize(serializer);
        }
        // A number beyond a float, or too deep: the form that the visitor below reads as JSON.
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(raw_value_name(), self.0)?;
        map.end()
    }
}

/// The name that makes `serde_json` hand out the text of a value: as the name of a newtype, and as
/// the only key of the map that holds the text.
///
/// It is not part of `serde_json`'s API, so it is taken from the `Deserialize` of its `RawValue`,
/// which has to be written for whatever name is in use. Without one, numbers that a float cannot
/// hold would be lost; a test shows that none is.
fn raw_value_name() -> &'static str {
    Box::<RawValue>::deserialize(NameOfNewtype).err().map_or("", |Name(name)| name)
}

/// Fails with the name of the newtype that is to be read.
struct NameOfNewtype;

#[derive(Debug)]
struct Name(&'static str);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Name {}

impl de::Error for Name {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self("")
    }
}

impl<'de> Deserializer<'de> for NameOfNewtype {
    type Error = Name;

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: V,
    ) -> Result<V::Value, Name> {
        Err(Name(name))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Name> {
        Err(Name(""))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Replaces each half of a surrogate pair by `\ufffd`, if there is one. Returns `None` if there is
/// none.
///
/// JavaScript cuts strings between the halves, and writes the half as an escape (RFC 8259, section
/// 8.2). No `str` can hold it, so `serde_json` rejects it. The text keeps its length.
pub(crate) fn without_lone_surrogates(json: &str) -> Option<String> {
    let mut replaced = String::new();
    let mut has_lone = false;
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escapes) = rest.split_at(at);
        let (length, is_lone) = match utf16_unit(escapes) {
            Some(0xd800..=0xdbff) => match escapes.get(6..).and_then(utf16_unit) {
                Some(0xdc00..=0xdfff) => (12, false),
                _ => (6, true),
            },
            Some(0xdc00..=0xdfff) => (6, true),
            Some(_) => (6, false),
            None => (2, false),
        };
        let (escape, after) = escapes.split_at_checked(length).unwrap_or((escapes, ""));
        replaced.push_str(before);
        replaced.push_str(if is_lone { "\\ufffd" } else { escape });
        has_lone |= is_lone;
        rest = after;
    }
    replaced.push_str(rest);
    has_lone.then_some(replaced)
}

/// The value of the escape `\uXXXX` that a text begins with.
fn utf16_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

/// Whether a text has the character that replaces what cannot be read, as itself or as an escape.
pub(crate) fn has_replacement(text: &str) -> bool {
    text.contains(char::REPLACEMENT_CHARACTER)
        || text
            .match_indices("\\u")
            .any(|(at, _)| text.get(at..).and_then(utf16_unit) == Some(0xfffd))
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// A value of any self-describing format.
enum Any<'de> {
    Null,
    Bool(bool),
    Integer(i128),
    /// Above what `i128` holds.
    Large(u128),
    Float(f64),
    String(Cow<'de, str>),
    Seq(Vec<Any<'de>>),
    Map(Vec<(Cow<'de, str>, Any<'de>)>),
    Json(Cow<'de, str>),
}

impl<'de> Any<'de> {
    /// Names are strings in JSON. Another value is replaced by its JSON text.
    fn into_name(self) -> Result<Cow<'de, str>, serde_json::Error> {
        match self {
            Self::String(name) => Ok(name),
            other => serde_json::to_string(&other).map(Cow::from),
        }
    }
}

impl Serialize for Any<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            // Not every format has 128 bits.
            Self::Integer(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_i64(value),
                (_, Ok(value)) => serializer.serialize_u64(value),
                _ => serializer.serialize_i128(*value),
            },
            Self::Large(value) => serializer.serialize_u128(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::String(text) => serializer.serialize_str(text),
            Self::Seq(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (name, value) in entries {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
            Self::Json(text) => JsonValue(text).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Any<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Any<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Any<'de>, E> {
        Ok(Any::Null)
    }

    fn visit_none<E>(self) -> Result<Any<'de>, E> {
        Ok(Any::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Any<'de>, D::Error> {
        Any::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Any<'de>, D::Error> {
        Any::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Any<'de>, E> {
        Ok(Any::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Any<'de>, E> {
        Ok(Any::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Any<'de>, E> {
        Ok(Any::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Any<'de>, E> {
        Ok(Any::Integer(value))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Any<'de>, E> {
        Ok(i128::try_from(value).map_or(Any::Large(value), Any::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Any<'de>, E> {
        Ok(Any::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Any<'de>, E> {
        Ok(Any::String(text.to_owned().into()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Any<'de>, E> {
        Ok(Any::String(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Any<'de>, E> {
        Ok(Any::String(text.into()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Any<'de>, E> {
        Ok(Any::Seq(bytes.iter().map(|byte| Any::Integer((*byte).into())).collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Any<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Any::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Any<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Any<'de>>()? {
            let name = key.into_name().map_err(de::Error::custom)?;
            match map.next_value()? {
                Any::String(text)
                    if entries.is_empty() && name == raw_value_name() && is_json(&text) =>
                {
                    return Ok(Any::Json(text));
                }
                value => entries.push((name, value)),
            }
        }
        Ok(Any::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_of_a_pair_is_replaced_and_nothing_else() {
        for (json, expected) in [
            (r#""Caf\ud83d""#, Some(r#""Caf\ufffd""#)),
            (r#""\uDE00""#, Some(r#""\ufffd""#)),
            (r#""\ude00\ud83d""#, Some(r#""\ufffd\ufffd""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\ud83d\u0041\n""#, Some(r#""\ufffd\u0041\n""#)),
            (r#""\ud83d\\ude00""#, Some(r#""\ufffd\\ude00""#)),
            (r#"{"\ud800":["\udfff"]}"#, Some(r#"{"\ufffd":["\ufffd"]}"#)),
            (r#""\ud83d\ude00""#, None),
            (r#""\\ud83d""#, None),
            (r#""\ud83""#, None),
            (r#""\u+83d""#, None),
            ("\"\\", None),
            ("\\é", None),
            ("", None),
        ] {
            assert_eq!(without_lone_surrogates(json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn serde_json_still_hands_out_text_under_the_name_of_its_raw_value() {
        let JsonText(text) = serde_json::from_str("{ \"a\":1e400 }").unwrap();
        assert!(matches!(text, Cow::Borrowed("{ \"a\":1e400 }")));
        let mut reader = serde_json::Deserializer::from_reader(&b"0.10"[..]);
        assert_eq!(JsonText::deserialize(&mut reader).unwrap().0, "0.10");
    }
}
