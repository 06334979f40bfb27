//! A mistake in JSON: serde's text, its place, and a name that may have been meant.

use serde_json::error::Category;

use super::{ParseError, is_of_a_key};
use crate::input::escape::shortened;
use crate::input::suggest;

/// A message or a path is cut to this many characters, so that it stays readable.
const MAX_SHOWN: usize = 480;

/// `path` is serde's: the root is `.`, and a name that never came is `?`. A key is not shown.
pub(super) fn describe(path: &str, error: &serde_json::Error) -> ParseError {
    let path = path.trim_end_matches(['.', '?']);
    let message = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&suffix).unwrap_or(&message);
    let message = serde_message(message, error.classify() == Category::Data && is_of_a_key(path));
    ParseError::at((error.line(), error.column().max(1)), &message).in_field(&shortened(path, 120))
}

/// serde's message, with a suggestion. Where a key is expected, the value is not shown, since not
/// every key can be recognised by its beginning.
pub(crate) fn serde_message(message: &str, of_a_key: bool) -> String {
    if of_a_key {
        return "expected a key as a string (the value is not shown)".to_owned();
    }
    let hint = suggest::did_you_mean_in(message);
    let (start, end) = halves(message);
    format!("{start}{end}{hint}")
}

/// The text, or its beginning and its end if it is long: serde's messages end in what was expected.
fn halves(text: &str) -> (String, String) {
    let length = text.chars().count();
    if length <= MAX_SHOWN {
        return (text.to_owned(), String::new());
    }
    let end = text.chars().skip(length - MAX_SHOWN / 2).collect();
    (shortened(text, MAX_SHOWN / 2), end)
}
