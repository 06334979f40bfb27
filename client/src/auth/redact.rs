//! Redacts the key in responses that repeat it, such as `invalid key pk_live_…`.

use http::{HeaderMap, HeaderValue};

use crate::auth::api_key::ApiKey;
use crate::error::{DecodeError, ErrorKind, UnauthorizedCode};

/// Replaces the key.
const REDACTED: &str = "[redacted]";
/// A shorter key could match ordinary text.
const MIN_KEY_BYTES: usize = 8;
/// The longest text of the service in an error. The body is kept separately.
const MAX_TEXT_BYTES: usize = 1024;

/// The key that a request was sent with, to be redacted in its response.
#[derive(Clone)]
pub(crate) struct KeyRedactor(HeaderValue);

impl KeyRedactor {
    pub(crate) fn new(api_key: &ApiKey) -> Self {
        Self(api_key.authorization().clone())
    }

    /// Marks the headers that hold the key as sensitive, so that nothing prints them.
    pub(crate) fn redact_headers(&self, headers: &mut HeaderMap) {
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

    /// Removes the key from the texts of the service, and truncates them.
    pub(crate) fn redact_kind(&self, kind: ErrorKind) -> ErrorKind {
        let redact = |text: String| truncate(self.redact_text(text));
        let redact_error = |DecodeError { path, message }| DecodeError {
            path: redact(path),
            message: redact(message),
        };
        match kind {
            ErrorKind::Unauthorized(UnauthorizedCode::Other(code)) => {
                ErrorKind::Unauthorized(UnauthorizedCode::Other(redact(code)))
            }
            ErrorKind::Redirect { status, host } => {
                ErrorKind::Redirect { status, host: host.map(redact) }
            }
            ErrorKind::Protocol(message) => ErrorKind::Protocol(redact(message)),
            ErrorKind::Decode(error) => ErrorKind::Decode(redact_error(error)),
            ErrorKind::ListItem(error) => ErrorKind::ListItem(redact_error(error)),
            other => other,
        }
    }

    pub(crate) fn redact_text(&self, text: String) -> String {
        match self.key() {
            Some(key) => replace_key(&text, key),
            None => text,
        }
    }

    fn key(&self) -> Option<&str> {
        let (_scheme, key) = self.0.to_str().ok()?.split_once(' ')?;
        (key.len() >= MIN_KEY_BYTES).then_some(key)
    }
}

/// Ignores case, since hosts and encodings arrive in lower case.
fn replace_key(text: &str, key: &str) -> String {
    let key = key.to_ascii_lowercase();
    let mut redacted = String::new();
    let mut rest = 0;
    for (at, found) in text.to_ascii_lowercase().match_indices(&key) {
        redacted.push_str(text.get(rest..at).unwrap_or_default());
        redacted.push_str(REDACTED);
        rest = at + found.len();
    }
    redacted.push_str(text.get(rest..).unwrap_or_default());
    redacted
}

/// Limits a text of the service, which can have any length.
fn truncate(mut text: String) -> String {
    if text.len() > MAX_TEXT_BYTES {
        let end = (0..=MAX_TEXT_BYTES).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push('\u{2026}');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_removed_in_any_case_and_everywhere() {
        assert_eq!(
            replace_key("a PK_live_x, pk_LIVE_x!", "pk_live_X"),
            "a [redacted], [redacted]!"
        );
        assert_eq!(replace_key("caf\u{e9}", "pk_live_x"), "caf\u{e9}");
    }

    #[test]
    fn a_text_is_truncated_between_characters() {
        assert_eq!(truncate("x".repeat(MAX_TEXT_BYTES)), "x".repeat(MAX_TEXT_BYTES));
        let long = truncate("\u{e9}".repeat(MAX_TEXT_BYTES));
        assert_eq!(long.chars().count(), MAX_TEXT_BYTES / 2 + 1);
        let odd = truncate(format!("x{}", "\u{e9}".repeat(MAX_TEXT_BYTES)));
        assert_eq!(odd.len(), MAX_TEXT_BYTES - 1 + 3);
    }

    #[test]
    fn a_key_too_short_to_tell_from_words_is_left_alone() {
        let redactor = KeyRedactor::new(&ApiKey::new("invalid").unwrap());
        let kind = ErrorKind::Protocol("invalid".into());
        assert_eq!(redactor.redact_kind(kind.clone()), kind);
    }
}
