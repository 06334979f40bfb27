//! JSON of others: read strictly, with the field and the place of what is wrong.

mod describe;
mod locate;
pub(crate) mod pointer;
mod value;

use std::collections::BTreeMap;

use serde::de::{Deserialize, DeserializeOwned};

use self::describe::describe;
pub(crate) use self::describe::serde_message;
pub(crate) use self::locate::{Step, ValidationError};
pub(crate) use self::value::{
    Expected, Fields, Object, decimal, non_null, timestamp, unwrap_object,
};
use crate::input::escape::{escaped, shortened};
use crate::state::keys::api_key;

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

impl<T: DeserializeOwned + Expected> FromJson for T {
    fn from_json(text: &str) -> Result<Self, ParseError> {
        object(text)
    }
}

/// The object that a text is.
pub(crate) fn object<'a, T: Deserialize<'a> + Expected>(text: &'a str) -> Result<T, ParseError> {
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
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        describe(&path, error.inner())
    })?;
    json.end().map_err(|error| describe(".", &error))?;
    Ok(read)
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
