//! Other readers of the same bytes, for comparison.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A document as text, without the byte order mark that a reader may ignore (RFC 8259, section
/// 8.1).
pub(crate) fn text(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// A text in which U+FFFD replaces each half of a surrogate pair, as the standard library finds it.
pub(crate) fn without_halves(text: &str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        // Consecutive escapes, as UTF-16.
        let mut run = rest;
        let mut units = Vec::new();
        while let Some(unit) = utf16_unit(run) {
            units.push(unit);
            run = run.get(6..).unwrap_or_default();
        }
        for decoded in char::decode_utf16(units.iter().copied()) {
            let length = 6 * decoded.as_ref().map_or(1, |found| found.len_utf16());
            let (escapes, after) = rest.split_at(length);
            replaced.push_str(if decoded.is_ok() { escapes } else { "\\ufffd" });
            rest = after;
        }
        if units.is_empty() {
            // Another escape has two characters, so that `\\u` is not a Unicode escape.
            for one in rest.chars().take(if first == '\\' { 2 } else { 1 }) {
                replaced.push(one);
                rest = rest.get(one.len_utf8()..).unwrap_or_default();
            }
        }
    }
    replaced
}

fn utf16_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok())?
}

/// The list in its envelope, read by `serde_json` from the whole body.
pub(crate) struct Envelope {
    pub(crate) items: Vec<Box<RawValue>>,
    /// True if the fields beside it announce more pages.
    pub(crate) has_more: bool,
}

fn announces_more(name: &str, value: &str) -> bool {
    let text: String = value.split_ascii_whitespace().collect();
    let camel = name.replace("_p", "P").replace("_c", "C").replace("_t", "T").replace("_m", "M");
    match camel.as_str() {
        "hasMore" => text == "true",
        "next" | "nextPage" | "nextCursor" | "nextPageToken" | "cursor" => {
            let is_blank = value.starts_with('"') && value != "\"\"";
            is_blank || !["null", "\"\"", "[]", "{}"].contains(&text.as_str())
        }
        "meta" | "pagination" | "paging" | "links" => {
            let fields = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(value);
            let nested = ["meta", "pagination", "paging", "links"];
            fields.unwrap_or_default().iter().any(|(field, value)| {
                !nested.contains(&field.as_str()) && announces_more(field, value.get())
            })
        }
        _ => false,
    }
}

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
                let mut has_more = false;
                while let Some(name) = map.next_key::<String>()? {
                    if name != "data" {
                        let value: Box<RawValue> = map.next_value()?;
                        has_more |= announces_more(&name, value.get());
                    } else if data.replace(map.next_value()?).is_some() {
                        return Err(A::Error::custom("twice"));
                    }
                }
                let items = data.ok_or_else(|| A::Error::custom("none"))?;
                Ok(Envelope { items, has_more })
            }
        }

        deserializer.deserialize_map(EnvelopeVisitor)
    }
}
