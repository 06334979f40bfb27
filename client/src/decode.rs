//! Bytes to types, with the JSON path of what is wrong.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;

use crate::document::Word;
use crate::error::DecodeProblem;

/// How a body becomes a value.
pub(crate) type Decode<T> = fn(&[u8]) -> Result<T, Undecodable>;

/// A body that could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Undecodable {
    pub(crate) problem: DecodeProblem,
    /// It ended before the JSON did, as a body does that was cut.
    pub(crate) cut_short: bool,
}

impl Undecodable {
    fn whole(problem: impl Into<String>) -> Self {
        let problem = DecodeProblem {
            path: WHOLE_DOCUMENT.to_owned(),
            problem: problem.into(),
        };
        Self {
            problem,
            cut_short: false,
        }
    }
}

/// The path of the document itself.
const WHOLE_DOCUMENT: &str = ".";

/// RFC 8259, section 8.1: a reader may ignore a byte order mark.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads a JSON document.
pub(crate) fn document<T: DeserializeOwned>(body: &[u8]) -> Result<T, Undecodable> {
    // Checked once for all strings: faster than string by string, and the place is known.
    let text = std::str::from_utf8(body).map_err(|cause| Undecodable {
        cut_short: cause.error_len().is_none(),
        ..Undecodable::whole(format!(
            "it is not UTF-8 from byte {} on",
            cause.valid_up_to()
        ))
    })?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    // The path costs time, so it is looked for only when there is something to say.
    serde_json::from_str(text).map_err(|cause| located::<T>(text, &cause))
}

/// Reads a list in the envelope that the reference shows: `{ "data": [ … ] }`.
pub(crate) fn list<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>, Undecodable> {
    document::<Envelope<T>>(body).map(|envelope| envelope.0)
}

/// The envelope of a list. Written by hand since serde's derive would take `[[…]]` for one, too.
struct Envelope<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Envelope<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvelopeVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for EnvelopeVisitor<T> {
            type Value = Envelope<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with the list in its field data")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut data = None;
                while let Some(name) = map.next_key::<Word<'de>>()? {
                    if name.as_str() != "data" {
                        map.next_value::<IgnoredAny>()?;
                    } else if data.is_some() {
                        return Err(A::Error::duplicate_field("data"));
                    } else {
                        data = Some(map.next_value()?);
                    }
                }
                data.map(Envelope)
                    .ok_or_else(|| A::Error::missing_field("data"))
            }
        }

        deserializer.deserialize_map(EnvelopeVisitor(PhantomData))
    }
}

fn located<T: DeserializeOwned>(text: &str, cause: &serde_json::Error) -> Undecodable {
    let path =
        serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(text))
            .err()
            .map_or_else(
                || WHOLE_DOCUMENT.to_owned(),
                |error| error.path().to_string(),
            );
    let problem = without_values(&cause.to_string());
    Undecodable {
        problem: DecodeProblem {
            path: with_missing_field(path, &problem),
            problem,
        },
        cut_short: cause.classify() == Category::Eof,
    }
}

/// serde names the object that lacks a field; the path shall name the field.
fn with_missing_field(path: String, problem: &str) -> String {
    let missing = problem
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    match missing {
        Some(field) if path == WHOLE_DOCUMENT => field.to_owned(),
        Some(field) => format!("{path}.{field}"),
        None => path,
    }
}

/// serde repeats the value that it did not expect, which may be private: only its type stays.
fn without_values(message: &str) -> String {
    let prefixes = ["invalid type: ", "invalid value: ", "unknown variant "];
    let (Some(prefix), Some((unexpected, expected))) = (
        prefixes.iter().find(|prefix| message.starts_with(**prefix)),
        message.rsplit_once(", expected "),
    ) else {
        return message.to_owned();
    };
    let named = unexpected.trim_start_matches(prefix);
    let kind = named
        .split(['"', '`'])
        .next()
        .unwrap_or_default()
        .trim_end();
    let separator = if kind.is_empty() { "" } else { ", " };
    format!("{prefix}{kind}{separator}expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::companies::Company;
    use crate::wallet::Wallet;

    fn company(connections: &str) -> String {
        format!(
            r#"{{"id":"c","name":"n","onboardedAt":"2026-06-01T10:12:00.000Z","connections":{connections},"_count":{{"templates":4}}}}"#
        )
    }

    fn problem_of_wallet(body: &str) -> (String, String) {
        let problem = document::<Wallet>(body.as_bytes()).unwrap_err().problem;
        (problem.path, problem.problem)
    }

    #[test]
    fn a_missing_field_is_named_by_its_whole_path() {
        let connection = r#"{"id":"x","phoneNumberId":"1","displayPhoneNumber":"2","qualityRating":"GREEN","status":"connected"}"#;
        let body = format!(
            r#"{{"data":[{},{}]}}"#,
            company("[]"),
            company(&format!("[{connection}]"))
        );
        let problem = list::<Company>(body.as_bytes()).unwrap_err().problem;
        assert_eq!(problem.path, "data[1].connections[0].wabaId");
        assert!(
            problem
                .problem
                .starts_with("missing field `wabaId` at line 1 column "),
            "{problem:?}"
        );

        let (path, _) = problem_of_wallet(r#"{"balance":1}"#);
        assert_eq!(path, "currency");
    }

    #[test]
    fn the_envelope_without_its_list_is_an_error_and_its_unknown_fields_are_not() {
        for (body, reason) in [
            ("{}", "missing field `data`"),
            (
                r#"{"data":null}"#,
                "invalid type: null, expected a sequence",
            ),
            (r#"{"data":{}}"#, "invalid type: map, expected a sequence"),
            (r#"{"data":[],"data":[]}"#, "duplicate field `data`"),
            (
                "[[]]",
                "invalid type: sequence, expected an object with the list in its field data",
            ),
            (
                "7",
                "invalid type: integer, expected an object with the list in its field data",
            ),
        ] {
            let problem = list::<Company>(body.as_bytes()).unwrap_err().problem;
            assert!(problem.problem.starts_with(reason), "{body}: {problem:?}");
        }
        let page = r#"{"next":{"deep":[[[1e999]]]},"data":[],"total":0}"#;
        assert_eq!(list::<Company>(page.as_bytes()), Ok(vec![]));
    }

    #[test]
    fn no_value_of_the_body_stands_in_the_problem() {
        for (body, expected) in [
            (
                r#"{"balance":"hunter2, expected `x"}"#,
                "invalid type: string, expected i64",
            ),
            (
                r#"{"balance":123456.5}"#,
                "invalid type: floating point, expected i64",
            ),
            (r#"{"balance":true}"#, "invalid type: boolean, expected i64"),
            (
                r#"{"balance":92233720368547758080}"#,
                "invalid type: floating point, expected i64",
            ),
            (
                r#"{"balance":9223372036854775808}"#,
                "invalid value: integer, expected i64",
            ),
            (r#"{"balance":[1]}"#, "invalid type: sequence, expected i64"),
        ] {
            let (path, problem) = problem_of_wallet(body);
            assert_eq!(path, "balance", "{body}");
            assert!(problem.starts_with(expected), "{body}: {problem}");
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
            (b"{}", false),
            (b"{} {}", false),
        ] {
            let failed = document::<Wallet>(body).unwrap_err();
            assert_eq!(failed.cut_short, cut_short, "{failed:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_ignored() {
        assert_eq!(document::<u8>("\u{feff}7".as_bytes()), Ok(7));
    }
}
