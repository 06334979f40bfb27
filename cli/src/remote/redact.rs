//! What of the service's text may be shown: never the key, and no control characters.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use partner_api::Escaped;

/// A shorter key could match ordinary text.
const MIN_KEY_BYTES: usize = 8;
const REDACTED: &str = "[redacted]";

/// Removes the key from text that the service sent.
#[derive(Clone)]
pub(crate) struct Redactor(Arc<str>);

impl Redactor {
    pub(crate) fn new(key: &str) -> Self {
        Self(key.trim().to_ascii_lowercase().into())
    }

    /// The text without the key, in any case: a host, for instance, arrives in lower case.
    pub(crate) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let key = &*self.0;
        if key.len() < MIN_KEY_BYTES {
            return text.into();
        }
        let lower = text.to_ascii_lowercase();
        if !lower.contains(key) {
            return text.into();
        }
        let (mut redacted, mut rest) = (String::new(), 0);
        for (at, _) in lower.match_indices(key) {
            redacted.push_str(text.get(rest..at).unwrap_or_default());
            redacted.push_str(REDACTED);
            rest = at + key.len();
        }
        redacted.push_str(text.get(rest..).unwrap_or_default());
        redacted.into()
    }

    /// The start of a text for a terminal, a log or a report.
    pub(crate) fn shown(&self, text: &str, characters: usize) -> String {
        format!("{:.characters$}", Escaped(&self.redact(text)))
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// Returns true for text that is surely a value of an enum, such as `GREEN`, and no client's data:
/// letters and underscores, 32 at most.
pub(crate) fn is_enum_value(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Returns true for text that is surely the name of a field, and no id or number that a map is
/// keyed by.
pub(crate) fn is_field_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_$-".contains(&byte);
    let has_few_digits = name.bytes().filter(u8::is_ascii_digit).count() <= 2;
    (1..=40).contains(&name.len()) && name.bytes().all(is_allowed) && has_few_digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_removed_in_any_case_before_a_text_is_cut() {
        let redactor = Redactor::new(" pk_live_Secret\n");
        assert_eq!(
            redactor.redact("a PK_live_secret, pk_live_Secret!"),
            "a [redacted], [redacted]!"
        );
        assert_eq!(redactor.shown("\u{1b} pk_live_secret", 9), "\\u{1b} [redact…");
        assert_eq!(Redactor::new("any").redact("any text"), "any text");
        assert!(!format!("{redactor:?}").contains("live"));
    }

    #[test]
    fn enum_values_are_told_from_data() {
        for value in ["GREEN", "connected", "missing_bearer_token"] {
            assert!(is_enum_value(value), "{value}");
        }
        for data in ["", "Acme Coffee", "+237690", "clx123", "a@b.c", &"x".repeat(33)] {
            assert!(!is_enum_value(data), "{data}");
        }
    }
}
