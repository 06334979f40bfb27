//! All keys of a mock, and whose each is. No key is kept here; the redactor has to keep those that it
//! could not recognise otherwise.
//!
//! A request's key is found by a keyed 64-bit hash, with random keys of this mock, and not by its
//! SHA-256, which takes 3,400 instructions. A client that does not know the random keys cannot find
//! another text with the same hash. The SHA-256 is computed once, when the key is issued, for the id by
//! which the key is shown.

pub(crate) mod api_key;
pub(crate) mod redactor;

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use self::api_key::KeyHash;
use super::store::PartnerState;

/// The keyed hash of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyTag(u64);

/// A key that was issued. It stays when it is revoked, so that the journal can say so.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) partner: Arc<PartnerState>,
    pub(crate) revoked: bool,
    pub(super) hash: KeyHash,
}

#[derive(Debug, Default)]
pub(super) struct Keys {
    hasher: RandomState,
    pub(super) issued: BTreeMap<KeyTag, Issued>,
}

impl Keys {
    fn tag(&self, key: &[u8]) -> KeyTag {
        KeyTag(self.hasher.hash_one(key))
    }

    pub(super) fn find(&self, key: &[u8]) -> Option<&Issued> {
        self.issued.get(&self.tag(key))
    }

    /// Makes a key the partner's.
    pub(super) fn add(&mut self, key: &str, partner: &Arc<PartnerState>) -> KeyTag {
        let tag = self.tag(key.as_bytes());
        let (partner, hash) = (Arc::clone(partner), KeyHash::of(key));
        self.issued.insert(tag, Issued { partner, revoked: false, hash });
        tag
    }
}
