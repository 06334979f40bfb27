//! What an API key is: how it is made, stored and redacted.

use std::borrow::Cow;
use std::sync::LazyLock;

use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use memchr::memmem::Finder;
use sha2::{Digest as _, Sha256};

/// "it looks like `pk_live_…`" (reference, Authentication).
pub(super) const PREFIX: &str = "pk_live_";

/// Made once: it is looked for in every request.
static FIND_PREFIX: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(PREFIX));

/// The sample header of the reference shows 24 characters after the prefix. 62^24 is 142 bits.
const RANDOM_LENGTH: usize = 24;

/// Replaces a key.
pub(crate) const REDACTED: &str = "[redacted]";

/// Whether a header is there to carry what is secret.
#[inline]
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    matches!(*name, AUTHORIZATION | PROXY_AUTHORIZATION | COOKIE)
}

/// The SHA-256 of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyHash([u8; 32]);

impl KeyHash {
    pub(crate) fn of(key: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// By what it can be known without being shown: its first 8 hexadecimal digits.
    pub(crate) fn fingerprint(&self) -> String {
        let [one, two, three, four, ..] = self.0;
        format!("{one:02x}{two:02x}{three:02x}{four:02x}")
    }
}

/// A new key. It opens a mock, so the generator need not be a cryptographic one.
pub(crate) fn generate() -> String {
    let random = std::iter::repeat_with(fastrand::alphanumeric).take(RANDOM_LENGTH);
    PREFIX.chars().chain(random).collect()
}

/// Whether a text is valid after `Bearer`: `b64token` of RFC 6750, section 2.1.
pub(crate) fn is_b64token(text: &[u8]) -> bool {
    let body = text.iter().take_while(|byte| is_body(**byte)).count();
    body > 0 && text.iter().skip(body).all(|byte| *byte == b'=')
}

#[inline]
fn is_body(byte: u8) -> bool {
    IS_BODY.get(usize::from(byte)).is_some_and(|is_body| *is_body)
}

/// Which bytes a `b64token` has before its `=`. It is a table since every request comes by here.
const IS_BODY: [bool; 256] = {
    let mut table = [false; 256];
    let mut rest: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    while let [byte, others @ ..] = rest {
        #[expect(clippy::indexing_slicing, reason = "a byte is less than 256")]
        {
            table[*byte as usize] = true;
        }
        rest = others;
    }
    table
};

/// The error for a text that is not a key.
pub(crate) const EXPECTED: &str = "this key could not follow `Bearer `: expected letters, digits \
                                   and -._~+/, and = at the end only";

/// As [`redact`], for a text that is shown.
pub(crate) fn redact_text(text: &str) -> String {
    as_text(text, redact(text.as_bytes()))
}

/// The redacted form of a text, as text.
pub(super) fn as_text(text: &str, redacted: Cow<'_, [u8]>) -> String {
    match redacted {
        Cow::Borrowed(_) => text.to_owned(),
        Cow::Owned(clean) => String::from_utf8_lossy(&clean).into_owned(),
    }
}

/// Replaces what follows each `pk_live_`, wherever it is: in a query, a path, a wrong header.
/// A key may have each character of a `b64token`, and `%` where a query has it encoded, so what
/// is right after a key may go with it. What was replaced before stays as it is.
pub(crate) fn redact(text: &[u8]) -> Cow<'_, [u8]> {
    if FIND_PREFIX.find(text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut clean = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = FIND_PREFIX.find(rest) {
        let (before, key) = rest.split_at(at + PREFIX.len());
        clean.extend_from_slice(before);
        clean.extend_from_slice(REDACTED.as_bytes());
        let key = key.strip_prefix(REDACTED.as_bytes()).unwrap_or(key);
        let is_key = |byte: &&u8| **byte == b'%' || is_body(**byte);
        let length = key.iter().take_while(is_key).count();
        rest = key.split_at(length).1;
    }
    clean.extend_from_slice(rest);
    Cow::Owned(clean)
}
