//! Redaction of API keys in everything that is recorded or logged.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use super::api_key::{self, KeyHash, PREFIX, REDACTED};

/// A key that is shorter is redacted only where no letter or digit is beside it: `a` is a part of too
/// many words.
const MIN_EMBEDDED_KEY: usize = 8;

/// Knows the keys that do not begin with `pk_live_`: those of a seed may have any form.
#[derive(Default)]
pub(crate) struct Redactor {
    /// So that a mock without such keys takes no lock.
    any: AtomicBool,
    keys: RwLock<BTreeMap<KeyHash, Box<str>>>,
}

impl Redactor {
    pub(in crate::state) fn add(&self, key: &str) {
        if !key.starts_with(PREFIX) {
            self.change(|keys| drop(keys.insert(KeyHash::of(key), key.into())));
        }
    }

    pub(in crate::state) fn remove(&self, hash: &KeyHash) {
        if self.any.load(Ordering::Acquire) {
            self.change(|keys| drop(keys.remove(hash)));
        }
    }

    pub(in crate::state) fn clear(&self) {
        self.change(BTreeMap::clear);
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<KeyHash, Box<str>>)) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut keys);
        self.any.store(!keys.is_empty(), Ordering::Release);
    }

    /// Replaces every known key, and whatever follows a `pk_live_`.
    pub(crate) fn redact<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut clean = api_key::redact(text);
        if self.any.load(Ordering::Acquire) {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            for key in keys.values() {
                if let Some(redacted) = replace(&clean, key.as_bytes()) {
                    clean = Cow::Owned(redacted);
                }
            }
        }
        clean
    }

    /// As [`redact`](Self::redact), for a text.
    pub(crate) fn redact_text(&self, text: &str) -> String {
        api_key::as_text(text, self.redact(text.as_bytes()))
    }
}

/// The text with each occurrence of the key replaced. `None` if it does not occur.
fn replace(text: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let mut clean = Vec::with_capacity(text.len());
    let (mut at, mut is_found) = (0, false);
    while let Some(byte) = text.get(at) {
        if let Some(end) = end_of(text, at, key) {
            clean.extend_from_slice(REDACTED.as_bytes());
            (at, is_found) = (end, true);
        } else {
            clean.push(*byte);
            at += 1;
        }
    }
    is_found.then_some(clean)
}

/// Where the key ends that begins here, with any of its bytes percent-encoded.
fn end_of(text: &[u8], start: usize, key: &[u8]) -> Option<usize> {
    let mut end = start;
    for byte in key {
        end += match text.get(end..)? {
            [found, ..] if found == byte => 1,
            [b'%', high, low, ..] => {
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                (digit(high)? * 16 + digit(low)? == u32::from(*byte)).then_some(3)?
            }
            _ => return None,
        };
    }
    let is_word =
        |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let is_alone = !is_word(start.checked_sub(1)) && !is_word(Some(end));
    (is_alone || key.len() >= MIN_EMBEDDED_KEY).then_some(end)
}

/// There is no key in it.
impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}
