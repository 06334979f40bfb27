//! What serde says of a mistake, in the words of JSON instead of Rust's: at which place, what is
//! wrong, what was expected.

use super::{SeedError, place};
use crate::{hint, key};

/// A text from the file is shown up to here, so that the line stays one that can be read.
const LONGEST_SHOWN: usize = 120;

/// What ends before it is complete, as serde says it, and what was still to come.
const EARLY_ENDS: [(&str, &str); 4] = [
    ("EOF while parsing a list", "the rest of an array, up to its `]`"),
    ("EOF while parsing an object", "the rest of an object, up to its `}`"),
    ("EOF while parsing a string", "the rest of a string, up to its `\"`"),
    ("EOF while parsing a value", "a value"),
];

/// What is not JSON, as serde says it, and as we do. Its other messages stand for themselves.
const SYNTAX: [(&str, &str); 12] = [
    ("expected value", "expected a value"),
    ("expected ident", "expected a value"),
    ("trailing characters", "something stands after the end: expected nothing more"),
    ("trailing comma", "nothing stands after the comma: expected one more, or no comma"),
    ("key must be a string", "expected the name of a field, in double quotes"),
    ("invalid escape", ESCAPES),
    ("lone leading surrogate in hex escape", ESCAPES),
    ("unexpected end of hex escape", ESCAPES),
    ("invalid unicode code point", ESCAPES),
    (
        "control character (\\u0000-\\u001F) found while parsing a string",
        "a control character stands in a string: expected it as an escape, such as `\\n`",
    ),
    ("invalid number", "expected a number as JSON writes it"),
    ("number out of range", "expected a number that fits 64 bits"),
];

pub(super) const ESCAPES: &str = "expected a string with valid escapes";

/// What serde expected, by the names that it has for it, and by JSON's.
const EXPECTED: [(&str, &str); 4] = [
    ("i64", "a whole number of 64 bits"),
    ("u64", "a whole number of 64 bits, not below 0"),
    ("a sequence", "an array"),
    ("a boolean", "`true` or `false`"),
];

/// `path` is serde's: the root is `.`, and a name that never came is `?`. No key is shown.
pub(super) fn explain(text: &str, path: &str, error: &serde_json::Error) -> SeedError {
    let path = path.trim_end_matches(['.', '?']);
    let message = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&suffix).unwrap_or(&message);

    let (place, said) = if error.is_eof() {
        let expected = match translated(&EARLY_ENDS, message) {
            "a value" if path.is_empty() => "an object with `partners`",
            expected => expected,
        };
        let said = format!("the file ends here; expected {expected}");
        (place(text.as_bytes(), text.len()), said)
    } else {
        let said = match error.classify() {
            serde_json::error::Category::Data => data(path, message),
            _ => translated(&SYNTAX, message).to_owned(),
        };
        // serde_json counts the bytes that it has read. Of an array or an object that it does not
        // want, it has not read the first.
        let unread =
            ["found an array", "found an object"].iter().any(|unread| said.starts_with(unread));
        let column = error.column() + usize::from(unread);
        ((error.line(), column.max(1)), said)
    };
    SeedError::at(place, &redacted(said)).in_field(&redacted(shortened(path)))
}

fn redacted(text: String) -> String {
    String::from_utf8_lossy(&key::redact(text.into_bytes())).into_owned()
}

fn translated<'a>(table: &[(&str, &'a str)], words: &'a str) -> &'a str {
    let row = table.iter().find(|(serde, _)| *serde == words);
    row.map_or(words, |(_, ours)| ours)
}

/// What is JSON, but not of the format. What serde expected is never a text from the file, so it
/// is what stands after the last `expected`.
fn data(path: &str, message: &str) -> String {
    if let Some(field) = message.strip_prefix("duplicate field ") {
        return format!("the field {field} stands twice: expected each field once");
    }
    let Some((wrong, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    if let Some(field) = wrong.strip_prefix("unknown field `") {
        let field = shortened(field.strip_suffix('`').unwrap_or(field));
        let hint = hint::nearest_in(message)
            .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        return format!("unknown field `{field}`, expected {expected}{hint}");
    }
    let found = wrong
        .strip_prefix("invalid type: ")
        .or_else(|| wrong.strip_prefix("invalid value: "))
        .unwrap_or(wrong);
    let found = match found.split_once(' ') {
        // It may be a key, and not every key can be told by how it begins.
        Some(("string", _)) if path.ends_with("keys") => "a string".to_owned(),
        Some(("string", text)) => format!("the string {}", shortened(text)),
        Some(("integer", number)) => format!("the number {number}"),
        Some(("floating", number)) => {
            format!("the number {}", number.trim_start_matches("point "))
        }
        Some(("boolean", word)) => word.to_owned(),
        _ => match found {
            "map" => "an object".to_owned(),
            "sequence" => "an array".to_owned(),
            "null" => "`null`".to_owned(),
            other => other.to_owned(),
        },
    };
    format!("found {found}, expected {}", translated(&EXPECTED, expected))
}

/// The beginning of a text from the file, if it is a long one.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}
