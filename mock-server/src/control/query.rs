//! The query of a request: names and values, each name known, and most of them once.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::MAX_CONTROL_WAIT;
use super::response::ApiError;
use crate::faults::Time;
use crate::input::suggest;

/// What a query may say; only [`HEADER`] may be said twice.
const KNOWN: [&str; 11] = [
    "after", "limit", "path", "method", "query", "status", "body", HEADER, "exactly", "atLeast",
    "within",
];

pub(super) const HEADER: &str = "header";

#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// From `name=value` between `&`, as a form sends it: `+` is a blank.
    pub(super) fn read(text: &str) -> Result<Self, ApiError> {
        let mut said: Vec<(String, String)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if name != HEADER && said.iter().any(|(one, _)| *one == name) {
                return Err(ApiError::invalid(name, "it stands twice: expected it once"));
            }
            said.push((name, value));
        }
        Ok(Self(said))
    }

    /// Refuses a name that is not one of those that are known here.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let unknown = self.0.iter().find(|(name, _)| !KNOWN.contains(&name.as_str()));
        let Some((name, _)) = unknown else {
            return Ok(());
        };
        let hint = suggest::did_you_mean(name, KNOWN);
        let name: String = name.escape_debug().collect();
        let expected = KNOWN.map(|known| format!("`{known}`")).join(", ");
        Err(ApiError::invalid(name, format!("it is unknown: expected one of {expected}{hint}")))
    }

    /// Refuses all. Who writes with a query means a part, and the whole would be changed.
    pub(super) fn check_none(&self) -> Result<(), ApiError> {
        let Some((name, _)) = self.0.first() else {
            return Ok(());
        };
        let name: String = name.escape_debug().collect();
        Err(ApiError::invalid(
            name,
            "expected no query: what is written is said by the path and the body",
        ))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.each(name).next()
    }

    pub(super) fn each(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn number<T: std::str::FromStr>(
        &self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, ApiError> {
        let read = |text: &str| {
            // `+1` is one for Rust.
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        self.parsed(name, expected, read)
    }

    /// A time, no longer than one may wait.
    pub(super) fn time(&self, name: &str) -> Result<Option<Duration>, ApiError> {
        self.parsed(name, "a time up to 60s, such as `250ms` or `2s`", |text| {
            let Time(time) = text.parse().ok()?;
            (time <= MAX_CONTROL_WAIT).then_some(time)
        })
    }

    pub(super) fn parsed<T>(
        &self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let wrong = || ApiError::invalid(name, format!("expected {expected}"));
        self.text(name).map(|text| parse(text).ok_or_else(wrong)).transpose()
    }
}

fn decoded(text: &str) -> Result<String, ApiError> {
    let blanks = text.replace('+', " ");
    let decoded = percent_decode_str(&blanks).decode_utf8();
    decoded.map(Into::into).map_err(|_| {
        let name = text.escape_debug().to_string();
        ApiError::invalid("", format!("`{name}` in the query is not UTF-8 when it is decoded"))
    })
}
