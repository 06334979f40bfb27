//! The JSON objects of the API as structs: documented fields are required, unknown fields are kept.
//!
//! serde's derive can either drop unknown fields or keep them through `flatten`, which buffers every
//! field and loses the exact text of numbers. The macro here writes the visitor that the derive
//! would write, with one more arm for unknown fields.

use std::borrow::Cow;
use std::fmt;

use serde_core::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_core::ser::{Serialize, SerializeMap, Serializer};

use crate::models::json_text::{JsonText, JsonValue, without_lone_surrogates};

/// The fields of an object that this version of the crate does not know.
///
/// Each value is kept as the JSON text that the service sent. It is serialized as that text by
/// `serde_json`, and as a value in other formats.
///
/// A value that is read from another format, or through serde's buffer (`flatten`, `tag`,
/// `untagged`), has the JSON text of the value there. An object that is flattened into another type
/// takes all fields that the type does not declare.
///
/// ```
/// let wallet: partner_api::Wallet = serde_json::from_str(
///     r#"{"balance":1,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1,"tier":"gold"}"#,
/// )?;
/// assert_eq!(wallet.unknown_fields().get("tier"), Some(r#""gold""#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
#[expect(
    clippy::box_collection,
    reason = "without unknown fields it takes one pointer in every object of a list"
)]
pub struct UnknownFields(Option<Box<String>>);

impl UnknownFields {
    /// Returns the JSON text of the field with this name; the first one if the service sent several.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(known, json)| (known == name).then_some(json))
    }

    /// Returns the name and the JSON text of each field, in the order of the response.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut rest = self.0.as_ref().map_or("", |texts| texts.as_str());
        std::iter::from_fn(move || Some((take_text(&mut rest)?, take_text(&mut rest)?)))
    }

    /// Returns true if there are no unknown fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the number of unknown fields.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Appends both texts, each after its length: a thousand tiny fields take little more memory
    /// than they took bytes in the response.
    pub(crate) fn push(&mut self, name: &str, json: &str) {
        let replaced = without_lone_surrogates(json);
        let json = replaced.as_deref().unwrap_or(json);
        let texts = self.0.get_or_insert_default();
        for text in [name, json] {
            texts.push_str(&text.len().to_string());
            texts.push(':');
            texts.push_str(text);
        }
    }
}

/// Splits a text and its length from the start.
fn take_text<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (length, after) = rest.split_once(':')?;
    let (text, after) = after.split_at_checked(length.parse().ok()?)?;
    *rest = after;
    Some(text)
}

impl PartialEq for UnknownFields {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for UnknownFields {}

impl Serialize for UnknownFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, json) in self.iter() {
            map.serialize_entry(name, &JsonValue(json))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for UnknownFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = UnknownFields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UnknownFields, A::Error> {
                let mut fields = UnknownFields::default();
                while let Some((name, json)) = map.next_entry::<JsonStr<'de>, JsonText<'de>>()? {
                    fields.push(name.as_str(), &json.0);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl fmt::Debug for UnknownFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A JSON string, borrowed from the input if it has no escapes: a field name or an enum value.
pub(crate) struct JsonStr<'de>(Cow<'de, str>);

impl JsonStr<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for JsonStr<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct JsonStrVisitor;

        impl<'de> Visitor<'de> for JsonStrVisitor {
            type Value = JsonStr<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(JsonStr(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(JsonStr(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(JsonStrVisitor)
    }
}

/// Declares a JSON object: the struct, its constructor, and both directions of serde.
///
/// `"wabaId" => waba_id: WabaId` is a documented field. `with Wire` reads and writes it through a
/// wrapper that has the value in `.0`; `map function` changes the value that was read.
macro_rules! api_object {
    (
        $(#[$meta:meta])*
        $Name:ident, expecting $expecting:literal {
            $($(#[$fmeta:meta])* $json:literal => $field:ident: $Type:ty $(, with $Wire:ident)? $(, map $map:ident)?;)+
        }
    ) => {
        $(#[$meta])*
        ///
        /// The struct is non-exhaustive, since more fields may be documented later: build one with
        /// `new`, for instance in your own tests. `new` takes the fields of the first version of
        /// this crate; set later ones on the value.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $Name {
            $($(#[$fmeta])* pub $field: $Type,)+
            unknown_fields: $crate::models::object::UnknownFields,
        }

        impl $Name {
            /// Builds a value from its documented fields, without unknown fields.
            #[must_use]
            pub fn new($($field: $Type),+) -> Self {
                Self { $($field,)+ unknown_fields: $crate::models::object::UnknownFields::default() }
            }

            /// Returns the fields that the service sent and this version of the crate does not know.
            #[must_use]
            pub fn unknown_fields(&self) -> &$crate::models::object::UnknownFields {
                &self.unknown_fields
            }
        }

        impl $crate::models::drift::DetectDrift for $Name {
            fn drift(
                &self,
                path: $crate::models::drift::JsonPath<'_>,
                report: &mut dyn FnMut($crate::models::drift::Drift),
            ) {
                $(self.$field.drift($crate::models::drift::JsonPath::Field(&path, $json), report);)+
                self.unknown_fields.drift(path, report);
            }
        }

        impl serde_core::Serialize for $Name {
            fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde_core::ser::SerializeMap;
                let documented = [$($json),+].len();
                let mut map = serializer.serialize_map(Some(documented + self.unknown_fields.len()))?;
                $(map.serialize_entry($json, $crate::models::object::to_wire!(self.$field $(, $Wire)?))?;)+
                for (name, json) in self.unknown_fields.iter() {
                    map.serialize_entry(name, &$crate::models::json_text::JsonValue(json))?;
                }
                map.end()
            }
        }

        impl<'de> serde_core::Deserialize<'de> for $Name {
            fn deserialize<D: serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;

                impl<'de> serde_core::de::Visitor<'de> for ObjectVisitor {
                    type Value = $Name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_map<A: serde_core::de::MapAccess<'de>>(self, mut map: A) -> Result<$Name, A::Error> {
                        use serde_core::de::Error;
                        $(let mut $field: Option<$Type> = None;)+
                        let mut unknown_fields = $crate::models::object::UnknownFields::default();
                        while let Some(name) = map.next_key::<$crate::models::object::JsonStr<'de>>()? {
                            match name.as_str() {
                                $($json => {
                                    if $field.is_some() {
                                        return Err(A::Error::duplicate_field($json));
                                    }
                                    $field = Some($crate::models::object::from_wire!(map $(, with $Wire)? $(, map $map)?));
                                })+
                                _ => {
                                    let value: $crate::models::json_text::JsonText<'de> = map.next_value()?;
                                    unknown_fields.push(name.as_str(), &value.0);
                                }
                            }
                        }
                        Ok($Name {
                            $($field: $field.ok_or_else(|| A::Error::missing_field($json))?,)+
                            unknown_fields,
                        })
                    }
                }

                deserializer.deserialize_map(ObjectVisitor)
            }
        }
    };
}
pub(crate) use api_object;

macro_rules! to_wire {
    ($value:expr) => {
        &$value
    };
    ($value:expr, $Wire:ident) => {
        &$Wire($value)
    };
}
pub(crate) use to_wire;

macro_rules! from_wire {
    ($map:ident) => {
        $map.next_value()?
    };
    ($map:ident, with $Wire:ident) => {
        $map.next_value::<$Wire>()?.0
    };
    ($map:ident, map $function:ident) => {
        $function($map.next_value()?)
    };
}
pub(crate) use from_wire;

/// Gives spare capacity back. serde reserves space for four items where there is one, which is half
/// of the memory of a long list of companies.
pub(crate) fn shrink<T>(mut list: Vec<T>) -> Vec<T> {
    list.shrink_to_fit();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_returned_as_they_were_added() {
        let fields = [
            ("", "\"\""),
            ("3:abc", "1:2"),
            (":", "\"caf\u{e9}:\""),
            ("a", "1e400"),
            ("a", "null"),
        ];
        let mut kept = UnknownFields::default();
        assert!(kept.is_empty());
        for (name, json) in fields {
            kept.push(name, json);
        }
        assert_eq!(kept.iter().collect::<Vec<_>>(), fields);
        assert_eq!((kept.len(), kept.get("a")), (5, Some("1e400")));
        assert_eq!(kept.get("b"), None);
    }
}
