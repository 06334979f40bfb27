//! The kinds of value that are read, each with what was expected where it is another.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, Error as _, MapAccess, Unexpected, Visitor};

/// A struct, from an object only: what serde derives would also take an array, and
/// its values by their order.
pub(crate) struct Object<T>(pub(crate) T);

/// What is expected in the place of an object.
pub(crate) trait Expected {
    const EXPECTED: &'static str;
}

impl<'de, T: Deserialize<'de> + Expected> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Expected> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// A value that may be left out. `null` is an error: to leave it out is the only way to the default.
pub(crate) fn non_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

pub(crate) fn decimal<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
    // `Decimal` also takes numbers that JSON does not have: `+1`, `1_0`, `.5`, `5.`, `01`.
    from.deserialize_str(Text {
        parse: |text| {
            let is_json = serde_json::from_str::<f64>(text).is_ok();
            Decimal::from_str_exact(text).ok().filter(|_| is_json)
        },
        expected: "a decimal number as a string, such as \"25.0000\"",
    })
}

pub(crate) fn timestamp<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    from.deserialize_str(Text {
        parse: |text| text.parse().ok(),
        expected: "a time such as \"2026-06-01T10:12:00.000Z\"",
    })
}

/// A string with a meaning. For anything else, the error says what was expected.
struct Text<T> {
    parse: fn(&str) -> Option<T>,
    expected: &'static str,
}

impl<T> Visitor<'_> for Text<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let wrong = || E::invalid_value(Unexpected::Str(text), &self);
        (self.parse)(text).map(Some).ok_or_else(wrong)
    }
}

/// An object of whatever fields, each once.
#[derive(Debug)]
pub(crate) struct Fields<T>(pub(crate) BTreeMap<String, T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(FieldsVisitor(PhantomData))
    }
}

struct FieldsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldsVisitor<T> {
    type Value = Fields<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            let value = map.next_value()?;
            fields.insert(name, value);
        }
        Ok(Fields(fields))
    }
}

pub(crate) fn unwrap_object<T: Into<U>, U, All: FromIterator<U>>(objects: Vec<Object<T>>) -> All {
    objects.into_iter().map(|Object(one)| one.into()).collect()
}
