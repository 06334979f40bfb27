//! Bytes to types, with the JSON path of what is wrong.

use serde_core::de::DeserializeOwned;
use serde_json::error::Category;

use crate::error::DecodeError;
use crate::models::json_text::without_lone_surrogates;

/// A body that could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BodyError {
    pub(crate) error: DecodeError,
    pub(crate) kind: BodyErrorKind,
}

/// The kind of a body that cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyErrorKind {
    /// It does not match the type.
    Invalid,
    /// It ends before the JSON does, as a body that was cut.
    Truncated,
    /// It begins as HTML and XML do, such as the page of a proxy.
    Markup,
    /// It holds a part of a list; the path is the field that announces more.
    Incomplete,
}

impl BodyError {
    pub(crate) fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        let error = DecodeError { path: path.into(), message: message.into() };
        Self { error, kind: BodyErrorKind::Invalid }
    }

    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self::at(WHOLE_DOCUMENT, message)
    }

    /// The same, where the document is a part of a larger one that shows its end: it is wrong, not
    /// cut short.
    pub(crate) fn below(mut self, parent: &str) -> Self {
        self.kind = BodyErrorKind::Invalid;
        let path = &mut self.error.path;
        *path = match path.as_str() {
            _ if parent == WHOLE_DOCUMENT => return self,
            WHOLE_DOCUMENT => parent.to_owned(),
            child if child.starts_with('[') => format!("{parent}{child}"),
            child => format!("{parent}.{child}"),
        };
        self
    }
}

/// The path of the document itself.
const WHOLE_DOCUMENT: &str = ".";

/// The message for an empty body.
pub(crate) const EMPTY: &str = "the body is empty";

/// How HTML and XML begin, and no JSON does.
pub(crate) const MARKUP: char = '<';
pub(crate) const MARKUP_WORDS: &str = "the body is HTML or XML, such as the page of a proxy";

/// The message for a documented field that is missing.
pub(crate) const MISSING: &str = "this documented field is missing";

/// RFC 8259, section 8.1: a reader may ignore a byte order mark.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads a JSON document.
pub(crate) fn document<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyError> {
    // Checked once for all strings: faster than string by string, and the place is known.
    let text = std::str::from_utf8(body).map_err(|cause| BodyError {
        kind: if cause.error_len().is_none() {
            BodyErrorKind::Truncated
        } else {
            BodyErrorKind::Invalid
        },
        ..BodyError::whole(format!("it is not UTF-8 from byte {} on", cause.valid_up_to()))
    })?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    match text.trim_ascii_start().chars().next() {
        None => {
            return Err(BodyError { kind: BodyErrorKind::Truncated, ..BodyError::whole(EMPTY) });
        }
        Some(MARKUP) => {
            return Err(BodyError {
                kind: BodyErrorKind::Markup,
                ..BodyError::whole(MARKUP_WORDS)
            });
        }
        Some(_) => {}
    }
    parse(text)
}

/// Parses a JSON text, in which halves of surrogate pairs are replaced by U+FFFD.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, BodyError> {
    serde_json::from_str(text).or_else(|cause| {
        // Only a text that fails is looked at again: for what can be repaired, then for the path.
        let Some(text) = without_lone_surrogates(text) else {
            return Err(located::<T>(text, &cause));
        };
        serde_json::from_str(&text).map_err(|cause| located::<T>(&text, &cause))
    })
}

/// What is wrong with a text, and where in it.
pub(crate) fn located<T: DeserializeOwned>(text: &str, cause: &serde_json::Error) -> BodyError {
    let path =
        serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(text))
            .err()
            .map_or_else(
                || WHOLE_DOCUMENT.to_owned(),
                |error| known_path(&error.path().to_string()),
            );
    let message = match cause.classify() {
        Category::Data => without_values(&without_place(cause)),
        _ => without_place(cause),
    };
    // serde names the object that lacks a field; the path shall name the field.
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let error = match missing {
        Some(field) => BodyError::at(field, MISSING).below(&path),
        None => BodyError::at(path, message),
    };
    let kind = match cause.classify() {
        Category::Eof => BodyErrorKind::Truncated,
        _ => BodyErrorKind::Invalid,
    };
    BodyError { kind, ..error }
}

/// Where the parser does not know any further, it says `?`.
fn known_path(path: &str) -> String {
    match path.trim_end_matches(".?") {
        "?" => WHOLE_DOCUMENT.to_owned(),
        known => known.to_owned(),
    }
}

/// Removes line and column: the path says where, and the body is not shown.
fn without_place(cause: &serde_json::Error) -> String {
    let message = cause.to_string();
    let place = format!(" at line {} column {}", cause.line(), cause.column());
    message.strip_suffix(&place).map(str::to_owned).unwrap_or(message)
}

/// Removes values of the body, which may be secret, from a message of serde or of a type.
fn without_values(message: &str) -> String {
    const WITH_A_VALUE: [&str; 4] =
        ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    const WITH_A_NAME: [&str; 3] = ["missing field `", "duplicate field `", "unknown field `"];
    if WITH_A_NAME.iter().any(|known| message.starts_with(known)) {
        return message.to_owned();
    }
    let known = WITH_A_VALUE.iter().find_map(|known| Some((known, message.strip_prefix(known)?)));
    let (Some((known, rest)), Some((_, expected))) = (known, message.rsplit_once(", expected "))
    else {
        return "its type rejects the value".to_owned();
    };
    let kind = rest.split(['"', '`']).next().unwrap_or_default();
    let kind = kind.split(", expected ").next().unwrap_or_default().trim_end();
    let separator = if kind.is_empty() { "" } else { ", " };
    format!("{known}{kind}{separator}expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::wallet::Wallet;

    fn error_of_wallet(body: &str) -> (String, String) {
        let error = document::<Wallet>(body.as_bytes()).unwrap_err().error;
        (error.path, error.message)
    }

    #[test]
    fn a_missing_field_is_named_by_its_path() {
        let (path, message) = error_of_wallet(r#"{"balance":1}"#);
        assert_eq!((path.as_str(), message.as_str()), ("currency", MISSING));
    }

    #[test]
    fn a_part_of_a_document_is_named_below_the_rest() {
        for (path, expected) in
            [(".", "data[1]"), ("a.b", "data[1].a.b"), ("[2].c", "data[1][2].c")]
        {
            assert_eq!(BodyError::at(path, "x").below("data[1]").error.path, expected);
        }
    }

    #[test]
    fn an_error_repeats_no_value_of_the_body() {
        for (body, expected) in [
            (r#"{"balance":"hunter2, expected `x"}"#, "invalid type: string, expected i64"),
            (r#"{"balance":123456.5}"#, "invalid type: floating point, expected i64"),
            (r#"{"balance":true}"#, "invalid type: boolean, expected i64"),
            (r#"{"balance":92233720368547758080}"#, "invalid type: floating point, expected i64"),
            (r#"{"balance":9223372036854775808}"#, "invalid value: integer, expected i64"),
            (r#"{"balance":[1]}"#, "invalid type: sequence, expected i64"),
        ] {
            let (path, message) = error_of_wallet(body);
            assert_eq!(path, "balance", "{body}");
            assert_eq!(message, expected, "{body}");
        }
    }

    #[test]
    fn a_value_in_the_message_of_a_type_is_removed() {
        #[derive(Debug)]
        struct Picky;

        impl<'de> serde_core::Deserialize<'de> for Picky {
            fn deserialize<D: serde_core::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Err(serde_core::de::Error::custom(format!("no card: {text}")))
            }
        }

        let error = document::<Picky>(br#""hunter2""#).unwrap_err().error;
        assert_eq!(
            (error.path.as_str(), error.message.as_str()),
            (".", "its type rejects the value")
        );
    }

    #[test]
    fn broken_json_is_named_by_a_path_that_is_one() {
        for body in
            [r#"{"balance":1,}"#, r#"{"balance":1 "currency":"X"}"#, r#"{"balance":1,"x":[1 2]}"#]
        {
            let (path, _) = error_of_wallet(body);
            assert!(!path.contains('?'), "{body}: {path}");
        }
    }

    #[test]
    fn a_body_that_ends_too_early_is_told_from_one_that_is_wrong() {
        for (body, cut_short) in [
            (&b""[..], true),
            (b"{", true),
            (b"{\"balance\":1", true),
            (b"{\"currency\":\"\xc3", true),
            (b"{\"currency\":\"\xc3\xff", false),
            (b"<html>", false),
            (b" <", false),
            (b"{}", false),
            (b"{} {}", false),
        ] {
            let failed = document::<Wallet>(body).unwrap_err();
            assert_eq!(failed.kind == BodyErrorKind::Truncated, cut_short, "{failed:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_ignored() {
        assert_eq!(document::<u8>("\u{feff}7".as_bytes()), Ok(7));
    }
}
