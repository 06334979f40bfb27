//! JSON of others: read strictly, with the field and the place of what is wrong.

mod locate;
pub(crate) mod pointer;
mod value;

use std::collections::BTreeMap;

use serde::de::{Deserialize, DeserializeOwned};
use serde_json::error::Category;

pub(crate) use self::locate::ValidationError;
pub(crate) use self::value::{Fields, Object, decimal, non_null, parsed, timestamp, unwrap_object};
use crate::input::escape::{escaped, shortened};
use crate::input::suggest;
use crate::state::keys::api_key;

/// A message is cut to this many characters, so that it stays readable.
const MAX_MESSAGE: usize = 480;

/// What is wrong with a text: in one line, and with no key in it.
#[derive(Debug)]
pub(crate) struct ParseError {
    /// Line and column in bytes, both counted from 1.
    pub(crate) place: (usize, usize),
    /// The field that is wrong, as `partners[0].walet`; empty if it is the whole.
    pub(crate) field: String,
    pub(crate) message: String,
}

impl ParseError {
    /// The message may hold texts from the text.
    pub(crate) fn at(place: (usize, usize), message: &str) -> Self {
        Self { place, field: String::new(), message: clean(message) }
    }

    /// By serde, whose path of the root is `.`, and whose name of a field that never came is `?`.
    fn of_serde(path: &str, error: &serde_json::Error) -> Self {
        let path = path.trim_end_matches(['.', '?']);
        let message = error.to_string();
        let suffix = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&suffix).unwrap_or(&message);
        let is_of_a_key = error.classify() == Category::Data && is_of_a_key(path);
        let place = (error.line(), error.column().max(1));
        Self::at(place, &serde_message(message, is_of_a_key)).in_field(&truncate(path))
    }

    fn in_field(self, path: &str) -> Self {
        Self { field: clean(path), ..self }
    }
}

fn clean(text: &str) -> String {
    escaped(&api_key::redact_text(text)).into_owned()
}

/// A value that is read from JSON text, with its place if it is wrong.
pub(crate) trait FromJson: Sized {
    fn from_json(text: &str) -> Result<Self, ParseError>;
}

impl<T: DeserializeOwned> FromJson for Object<T> {
    fn from_json(text: &str) -> Result<Self, ParseError> {
        read(text)
    }
}

/// The object that a text is.
pub(crate) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ParseError> {
    let Object(object) = read(text)?;
    Ok(object)
}

/// The fields of the object that a text is, whatever they are called.
pub(crate) fn fields<'a, T: Deserialize<'a>>(
    text: &'a str,
) -> Result<BTreeMap<String, T>, ParseError> {
    let Fields(fields) = read(text)?;
    Ok(fields)
}

pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ParseError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| ParseError::of_serde(&error.path().to_string(), error.inner()))?;
    json.end().map_err(|error| ParseError::of_serde("", &error))?;
    Ok(read)
}

/// serde's message, with a suggestion. If it is long, its end is shown as well, since it says what was
/// expected. Where a key is expected, the value is not shown, since not every key can be recognised by
/// its beginning.
pub(crate) fn serde_message(message: &str, of_a_key: bool) -> String {
    if of_a_key {
        return "expected a key as a string (the value is not shown)".to_owned();
    }
    let hint = suggest::did_you_mean_in(message);
    let length = message.chars().count();
    if length <= MAX_MESSAGE {
        return format!("{message}{hint}");
    }
    let end: String = message.chars().skip(length - MAX_MESSAGE / 2).collect();
    format!("{}{end}{hint}", shortened(message, MAX_MESSAGE / 2))
}

/// The beginning of a text from outside, if it is long.
pub(crate) fn truncate(text: &str) -> String {
    shortened(text, 120)
}

/// Whether a path leads to a key, to one of several, or to all of them.
fn is_of_a_key(path: &str) -> bool {
    let path = match path.strip_suffix(']') {
        Some(item) => item.trim_end_matches(|char: char| char.is_ascii_digit()),
        None => path,
    };
    ["keys", "keys[", "key"].iter().any(|end| path.ends_with(end))
}

/// Line and column of the byte at this offset, both counted from 1.
pub(crate) fn place(text: &[u8], offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let newlines = memchr::memchr_iter(b'\n', before);
    let (count, line_start) = newlines.fold((0, 0), |(count, _), newline| (count + 1, newline + 1));
    (count + 1, before.len() - line_start + 1)
}
