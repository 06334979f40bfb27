//! What serde says of a mistake, in the words of JSON instead of Rust's: at which place, what is
//! wrong, what was expected.

use serde_json::error::Category;

use super::words::{serde_message, translated, truncate};
use super::{ParseError, place};

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

const ESCAPES: &str = "expected a string with valid escapes";

/// `path` is serde's: the root is `.`, and a name that never came is `?`. `whole` is what was
/// expected if nothing came. No key is shown.
pub(super) fn describe(
    text: &str,
    path: &str,
    error: &serde_json::Error,
    whole: &str,
) -> ParseError {
    let path = path.trim_end_matches(['.', '?']);
    let message = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&suffix).unwrap_or(&message);

    let (place, said) = if error.is_eof() {
        let expected = match translated(&EARLY_ENDS, message) {
            "a value" if path.is_empty() => whole,
            expected => expected,
        };
        let said = format!("the text ends here; expected {expected}");
        (place(text.as_bytes(), text.len()), said)
    } else {
        let said = match error.classify() {
            Category::Data => serde_message(message, is_of_a_key(path)),
            _ => translated(&SYNTAX, message).to_owned(),
        };
        // serde_json counts the bytes that it has read. Of an array or an object that it does not
        // want, it has not read the first; of anything else that it read, the place is where it begins.
        let unread =
            ["found an array", "found an object"].iter().any(|unread| said.starts_with(unread));
        let column = match error.classify() {
            _ if unread => error.column() + 1,
            Category::Data => beginning(text, error.line(), error.column()),
            _ => error.column(),
        };
        ((error.line(), column.max(1)), said)
    };
    ParseError::at(place, &said).in_field(&truncate(path))
}

/// The column at which the string, number or word begins that ends in this one. Of all else, this one.
fn beginning(text: &str, line: usize, end: usize) -> usize {
    let line = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default().as_bytes();
    let read = line.get(..end).unwrap_or(line);
    let length = if let Some((b'"', before)) = read.split_last() {
        // A quote with an odd number of backslashes before it is one in the string.
        let is_escaped = |at: usize| {
            let backslashes = before.iter().take(at).rev().take_while(|byte| **byte == b'\\');
            backslashes.count() % 2 == 1
        };
        let quotes = before.iter().enumerate().rev().filter(|(_, byte)| **byte == b'"');
        let opening = quotes.map(|(at, _)| at).find(|at| !is_escaped(*at));
        opening.map_or(1, |at| read.len() - at)
    } else {
        let is_of_a_word =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        read.iter().rev().take_while(is_of_a_word).count().max(1)
    };
    (end + 1).saturating_sub(length)
}

/// A key, one of several, or all of them.
fn is_of_a_key(path: &str) -> bool {
    let path = match path.strip_suffix(']') {
        Some(item) => item.trim_end_matches(|char: char| char.is_ascii_digit()),
        None => path,
    };
    ["keys", "keys[", "key"].iter().any(|end| path.ends_with(end))
}
