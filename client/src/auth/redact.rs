//! A key that comes back in an answer (`invalid key pk_live_…`) is shown no more than any other.

use http::{HeaderMap, HeaderValue};

use crate::auth::api_key::ApiKey;
use crate::error::{DecodeProblem, ErrorKind, UnauthorizedCode};

/// What stands in the place of the key.
const REDACTED: &str = "(the key)";
/// A shorter key would be found in words that are none.
const SHORTEST: usize = 8;
/// How much of a text of the service an error keeps, in bytes; its body is kept apart.
const LONGEST_TEXT: usize = 1024;

/// The key that a request was sent with, to be found in its answer.
#[derive(Clone)]
pub(crate) struct SentKey(HeaderValue);

impl SentKey {
    pub(crate) fn of(api_key: &ApiKey) -> Self {
        Self(api_key.authorization().clone())
    }

    /// Marks the headers that hold it as sensitive, so that none of them shows it.
    pub(crate) fn hide_in(&self, headers: &mut HeaderMap) {
        let Some(key) = self.key() else { return };
        for value in headers.values_mut() {
            let holds_key = value
                .as_bytes()
                .windows(key.len())
                .any(|window| window.eq_ignore_ascii_case(key.as_bytes()));
            if holds_key {
                value.set_sensitive(true);
            }
        }
    }

    /// Takes it out of the texts of the service, and cuts those that are too long.
    pub(crate) fn hide_in_kind(&self, kind: ErrorKind) -> ErrorKind {
        let hidden = |text: String| cut(self.hide_in_text(text));
        let hidden_in = |DecodeProblem { path, problem }| DecodeProblem {
            path: hidden(path),
            problem: hidden(problem),
        };
        match kind {
            ErrorKind::Unauthorized(UnauthorizedCode::Other(code)) => {
                ErrorKind::Unauthorized(UnauthorizedCode::Other(hidden(code)))
            }
            ErrorKind::Redirect { status, host } => {
                ErrorKind::Redirect { status, host: host.map(hidden) }
            }
            ErrorKind::Protocol(problem) => ErrorKind::Protocol(hidden(problem)),
            ErrorKind::Decode(problem) => ErrorKind::Decode(hidden_in(problem)),
            ErrorKind::Element(problem) => ErrorKind::Element(hidden_in(problem)),
            other => other,
        }
    }

    /// Takes it out of a text.
    pub(crate) fn hide_in_text(&self, text: String) -> String {
        match self.key() {
            Some(key) => without(&text, key),
            None => text,
        }
    }

    fn key(&self) -> Option<&str> {
        let (_scheme, key) = self.0.to_str().ok()?.split_once(' ')?;
        (key.len() >= SHORTEST).then_some(key)
    }
}

/// In any case, since hosts and codings come in lower case.
fn without(text: &str, key: &str) -> String {
    let key = key.to_ascii_lowercase();
    let mut shown = String::new();
    let mut rest = 0;
    for (at, found) in text.to_ascii_lowercase().match_indices(&key) {
        shown.push_str(text.get(rest..at).unwrap_or_default());
        shown.push_str(REDACTED);
        rest = at + found.len();
    }
    shown.push_str(text.get(rest..).unwrap_or_default());
    shown
}

/// The service can send a text of any length where a word is expected.
fn cut(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push('\u{2026}');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_taken_out_in_any_case_and_as_often_as_it_is_there() {
        assert_eq!(without("a PK_live_x, pk_LIVE_x!", "pk_live_X"), "a (the key), (the key)!");
        assert_eq!(without("caf\u{e9}", "pk_live_x"), "caf\u{e9}");
    }

    #[test]
    fn a_text_is_cut_between_its_characters() {
        assert_eq!(cut("x".repeat(LONGEST_TEXT)), "x".repeat(LONGEST_TEXT));
        let long = cut("\u{e9}".repeat(LONGEST_TEXT));
        assert_eq!(long.chars().count(), LONGEST_TEXT / 2 + 1);
        assert_eq!(cut(format!("x{}", "\u{e9}".repeat(LONGEST_TEXT))).len(), LONGEST_TEXT - 1 + 3);
    }

    #[test]
    fn a_key_too_short_to_be_told_from_words_is_left_alone() {
        let sent_key = SentKey::of(&ApiKey::new("invalid").unwrap());
        let kind = ErrorKind::Protocol("invalid".into());
        assert_eq!(sent_key.hide_in_kind(kind.clone()), kind);
    }
}
