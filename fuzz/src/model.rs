//! Other readers of the same bytes, to be compared with.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A document as text, without the byte order mark that a reader may ignore (RFC 8259, section
/// 8.1).
pub(crate) fn text(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The list in its envelope, by `serde_json` over the whole body at once.
pub(crate) struct Envelope(pub(crate) Vec<Box<RawValue>>);

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvelopeVisitor;

        impl<'de> Visitor<'de> for EnvelopeVisitor {
            type Value = Envelope;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
                let mut data = None;
                while let Some(name) = map.next_key::<String>()? {
                    if name != "data" {
                        map.next_value::<IgnoredAny>()?;
                    } else if data.replace(map.next_value()?).is_some() {
                        return Err(A::Error::custom("twice"));
                    }
                }
                data.map(Envelope).ok_or_else(|| A::Error::custom("none"))
            }
        }

        deserializer.deserialize_map(EnvelopeVisitor)
    }
}
