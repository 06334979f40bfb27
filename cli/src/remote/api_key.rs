//! The key of the live account. It is in the header that goes to the service, and nowhere else.

use std::fmt;

use reqwest::header::HeaderValue;

/// A key, as the header that carries it.
#[derive(Clone)]
pub(crate) struct Key(HeaderValue);

impl Key {
    /// Takes a key without the white space around it. What is wrong with it is said without it.
    pub(crate) fn new(text: &str) -> Result<Self, &'static str> {
        let text = text.trim_ascii();
        let header = is_b64token(text).then(|| HeaderValue::try_from(format!("Bearer {text}")));
        let Some(Ok(mut header)) = header else {
            return Err("this key could not follow `Bearer `: expected letters, digits and \
                        -._~+/, and = at the end only");
        };
        header.set_sensitive(true);
        Ok(Self(header))
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// RFC 6750, section 2.1.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_trimmed_marked_as_sensitive_and_never_printed() {
        let key = Key::new(" pk_live_secret==\n").unwrap();
        assert_eq!(key.header(), "Bearer pk_live_secret==");
        assert!(key.header().is_sensitive());
        assert!(!format!("{key:?} {:?}", key.header()).contains("secret"));
    }

    #[test]
    fn what_cannot_be_a_key_is_refused_without_being_repeated() {
        for text in ["", "=", "hunter 2", "hunter=2", "hunt\u{e9}r", "hunter\r\n2"] {
            assert!(!Key::new(text).unwrap_err().contains("hunt"), "{text}");
        }
    }
}
