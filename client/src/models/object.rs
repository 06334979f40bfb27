//! The JSON objects of the API as structs: strict about what is documented, keeping what is not.
//!
//! `serde`'s derive can either drop unknown fields or keep them through `flatten`, which buffers
//! every field and loses the exact text of numbers. So the macro here writes the same visitor that
//! the derive would, with one more arm for what is unknown.

use std::borrow::Cow;
use std::fmt;

use serde_core::de::{Deserialize, Deserializer, Visitor};

/// The fields of an object that this version of the crate does not know.
///
/// Each value is kept as the JSON text that the service sent, and is written back when the object
/// is serialized: as that text with `serde_json`, as a value in other formats. Read from a format
/// other than JSON text, or through serde's buffer (`flatten`, `tag`, `untagged`), it is the JSON
/// text of the value there. An object that is flattened into another type takes all
/// fields that the type does not declare.
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
    reason = "the usual case of none shall cost one word, in every object of a list"
)]
pub struct UnknownFields(Option<Box<String>>);

impl UnknownFields {
    /// The JSON text of the field of this name; the first, if the service sent it twice.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(known, json)| (known == name).then_some(json))
    }

    /// Name and JSON text of each, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut rest = self.0.as_ref().map_or("", |texts| texts.as_str());
        std::iter::from_fn(move || Some((take_text(&mut rest)?, take_text(&mut rest)?)))
    }

    /// Whether there are none, as there are as long as the service sends what is documented.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// The texts are kept one behind the other, each with its length before it, so that a
    /// thousand tiny fields take no more memory than they took bytes on the wire.
    pub(crate) fn push(&mut self, name: &str, json: &str) {
        let texts = self.0.get_or_insert_default();
        for text in [name, json] {
            texts.push_str(&text.len().to_string());
            texts.push(':');
            texts.push_str(text);
        }
    }
}

/// Takes a text with its length off the start.
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

impl fmt::Debug for UnknownFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A JSON string, borrowed from the input where it has no escapes: field names, words of an enum.
pub(crate) struct JsonStr<'de>(Cow<'de, str>);

impl JsonStr<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0.into_owned()
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
/// `"wabaId" => waba_id: WabaId` is a documented field; `via Wire` reads and writes it through a
/// wrapper with the value in `.0`; `then function` makes the value of what was read.
macro_rules! document {
    (
        $(#[$meta:meta])*
        $Name:ident, expecting $expecting:literal {
            $($(#[$fmeta:meta])* $json:literal => $field:ident: $Type:ty $(, via $Wire:ident)? $(, then $then:ident)?;)+
        }
    ) => {
        $(#[$meta])*
        ///
        /// More fields may be documented later, so the struct cannot be written out elsewhere:
        /// build one with `new`, for instance in your own tests. It takes the fields of the first
        /// version for good; later ones are set on the value.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $Name {
            $($(#[$fmeta])* pub $field: $Type,)+
            unknown_fields: $crate::models::object::UnknownFields,
        }

        impl $Name {
            /// Builds one from its documented fields, with no unknown ones.
            #[must_use]
            pub fn new($($field: $Type),+) -> Self {
                Self { $($field,)+ unknown_fields: $crate::models::object::UnknownFields::default() }
            }

            /// The fields that the service sent and this version of the crate does not know.
            #[must_use]
            pub fn unknown_fields(&self) -> &$crate::models::object::UnknownFields {
                &self.unknown_fields
            }
        }

        impl $crate::models::drift::DetectDrift for $Name {
            fn drift(
                &self,
                place: $crate::models::drift::JsonPath<'_>,
                report: &mut dyn FnMut($crate::models::drift::Drift),
            ) {
                use $crate::models::drift::{Drift, JsonPath};
                $(self.$field.drift(JsonPath::Field(&place, $json), report);)+
                for (name, _) in self.unknown_fields.iter() {
                    report(Drift::UnknownField { path: JsonPath::Field(&place, name).to_string() });
                }
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
                                    $field = Some($crate::models::object::from_wire!(map $(, via $Wire)? $(, then $then)?));
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
pub(crate) use document;

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
    ($map:ident, via $Wire:ident) => {
        $map.next_value::<$Wire>()?.0
    };
    ($map:ident, then $then:ident) => {
        $then($map.next_value()?)
    };
}
pub(crate) use from_wire;

/// A list in no more room than it needs. `serde` makes room for four where there is one, and in a long
/// list of lists that is half of the memory.
pub(crate) fn shrink<T>(mut list: Vec<T>) -> Vec<T> {
    list.shrink_to_fit();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_as_they_came_whatever_is_in_them() {
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
