//! The API key, which redacts itself and is overwritten when its last clone is dropped.

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use zeroize::Zeroizing;

const SCHEME: &str = "Bearer ";

/// The longest key that is accepted, in bytes.
///
/// A decision of this crate: servers commonly reject headers of more than 8 KiB, and a longer text
/// is usually the content of the wrong file.
pub const MAX_API_KEY_BYTES: usize = 4096;

/// An API key from the dashboard, such as `pk_live_…`.
///
/// It redacts itself in `Debug`, has no `Display`, and its memory is overwritten with zeros when
/// the last clone is dropped. Copies in the buffers of the HTTP connection are not overwritten. The
/// header value with the key is marked as sensitive.
///
/// ```
/// use partner_api::ApiKey;
///
/// let key = ApiKey::new("pk_live_0123456789abcdef\n")?; // the newline of a file is trimmed
/// assert_eq!(format!("{key:?}"), "ApiKey(redacted)");
/// # Ok::<(), partner_api::InvalidApiKey>(())
/// ```
#[derive(Clone)]
pub struct ApiKey {
    authorization: HeaderValue,
}

impl ApiKey {
    /// Checks a key, after trimming white space around it, such as the newline of a file.
    ///
    /// Any prefix is allowed: the reference shows `pk_live_…` and does not exclude others.
    ///
    /// # Errors
    /// If the text is empty, longer than [`MAX_API_KEY_BYTES`], or contains a character that RFC
    /// 6750 (section 2.1, `b64token`) does not allow in a bearer token. The error never holds the
    /// text.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidApiKey> {
        let key = text.as_ref().trim_ascii();
        check_b64token(key)?;
        let mut value = Zeroizing::new(Vec::with_capacity(SCHEME.len() + key.len()));
        value.extend_from_slice(SCHEME.as_bytes());
        value.extend_from_slice(key.as_bytes());
        // The bytes own the vector that is overwritten on drop; all clones of the header share it.
        let mut authorization = HeaderValue::from_maybe_shared(Bytes::from_owner(value))
            .map_err(|_| InvalidApiKey::Character { position: 0 })?;
        authorization.set_sensitive(true);
        Ok(Self { authorization })
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.authorization == other.authorization
    }

    /// The value of the `Authorization` header (RFC 6750, section 2.1), marked as sensitive.
    pub(crate) fn authorization(&self) -> &HeaderValue {
        &self.authorization
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(redacted)")
    }
}

impl std::str::FromStr for ApiKey {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl TryFrom<&str> for ApiKey {
    type Error = InvalidApiKey;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl TryFrom<&String> for ApiKey {
    type Error = InvalidApiKey;

    fn try_from(text: &String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl TryFrom<String> for ApiKey {
    type Error = InvalidApiKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(Zeroizing::new(text).as_str())
    }
}

/// Why a text is not a valid API key. It never contains the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidApiKey {
    /// The text is empty, or only white space.
    #[error("the API key is empty; copy it from the dashboard, where it is shown once")]
    Empty,
    /// The text is longer than [`MAX_API_KEY_BYTES`].
    #[error(
        "the API key is {length} bytes long, more than the maximum of {MAX_API_KEY_BYTES}; check that it is \
         the key and not another text"
    )]
    #[non_exhaustive]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The text contains a character that is not allowed in a bearer token.
    #[error(
        "the API key contains an invalid character at byte offset {position}; allowed are letters, digits \
         and -._~+/, and = at the end"
    )]
    #[non_exhaustive]
    Character {
        /// The byte offset of the character in the trimmed text, from 0.
        position: usize,
    },
}

/// RFC 6750, section 2.1: `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" )
/// *"="`.
fn check_b64token(key: &str) -> Result<(), InvalidApiKey> {
    if key.is_empty() {
        return Err(InvalidApiKey::Empty);
    }
    if key.len() > MAX_API_KEY_BYTES {
        return Err(InvalidApiKey::TooLong { length: key.len() });
    }
    let body = key.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    match body.bytes().position(|byte| !allowed(byte)) {
        Some(position) => Err(InvalidApiKey::Character { position }),
        None if body.is_empty() => Err(InvalidApiKey::Character { position: 0 }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_key_is_trimmed() {
        let key = ApiKey::new(" pk_live_abc\r\n").unwrap();
        assert_eq!(key.authorization(), "Bearer pk_live_abc");
        assert!(key.authorization().is_sensitive());
    }

    #[test]
    fn a_character_that_is_not_allowed_is_an_error_with_its_position() {
        for (text, expected) in [
            ("", InvalidApiKey::Empty),
            (" \n", InvalidApiKey::Empty),
            ("pk live", InvalidApiKey::Character { position: 2 }),
            ("pk\u{e9}", InvalidApiKey::Character { position: 2 }),
            ("a=b", InvalidApiKey::Character { position: 1 }),
            ("==", InvalidApiKey::Character { position: 0 }),
            ("pk\r\nX: y", InvalidApiKey::Character { position: 2 }),
        ] {
            assert_eq!(ApiKey::new(text).unwrap_err(), expected, "{text:?}");
        }
        let long = "k".repeat(MAX_API_KEY_BYTES + 1);
        assert_eq!(ApiKey::new(long).unwrap_err(), InvalidApiKey::TooLong { length: 4097 });
    }

    #[test]
    fn padding_at_the_end_and_any_prefix_are_accepted() {
        for text in ["pk_live_x", "pk_test_x", "abc+/~.-_==", "x"] {
            assert!(ApiKey::new(text).is_ok(), "{text}");
        }
    }
}
