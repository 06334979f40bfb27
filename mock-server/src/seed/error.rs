//! What is wrong with a seed, and where.

use std::path::PathBuf;
use std::{fmt, io};

use crate::input::escape::escaped;
use crate::input::json::ParseError;

/// A seed that cannot be used. It shows as one line: file, line, column, what is wrong, what was
/// expected.
#[derive(Debug)]
pub struct SeedError {
    pub(super) file: Option<PathBuf>,
    pub(super) place: Option<(usize, usize)>,
    pub(super) field: String,
    pub(super) message: String,
    pub(super) source: Option<io::Error>,
}

impl SeedError {
    pub(super) fn of(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { file: None, place: None, field: String::new(), message, source: None }
    }

    /// The line, counted from 1; none if the file could not be read.
    pub fn line(&self) -> Option<usize> {
        self.place.map(|(line, _)| line)
    }

    /// The column, in bytes, counted from 1; none if the file could not be read.
    pub fn column(&self) -> Option<usize> {
        self.place.map(|(_, column)| column)
    }
}

impl From<ParseError> for SeedError {
    fn from(ParseError { place, field, message }: ParseError) -> Self {
        Self { place: Some(place), field, ..Self::of(message) }
    }
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => f.write_str(&escaped(&file.to_string_lossy()))?,
            None => f.write_str("seed")?,
        }
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for SeedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
