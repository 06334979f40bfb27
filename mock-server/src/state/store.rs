//! Partners, their keys and their data.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::cached::CachedBody;
use super::companies::Companies;
pub(crate) use super::keys::Issued;
use super::keys::api_key::{self, KeyHash};
use super::keys::redactor::Redactor;
use super::keys::{KeyTag, Keys};
use super::model::Wallet;

/// What was named is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotFound {
    /// A key that this partner never had. It is not shown.
    #[error("this partner never had that key")]
    Key,
    /// A company id that this partner does not have.
    #[error("this partner has no company `{0}`")]
    Company(String),
    /// A connection id that none of this partner's companies has.
    #[error("no company of this partner has a connection `{0}`")]
    Connection(String),
}

/// A key that a partner has, or had, is given to another one, or again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a partner of this mock has, or had, this key")]
pub struct DuplicateKey;

/// A key as it can be shown: it is known by the beginning of its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartnerKey {
    /// The first 8 hexadecimal digits of its SHA-256.
    pub id: String,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Which partner, counted from 1 in the order they were added. That of one that was removed is
/// given to no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartnerId(u64);

/// `p-1`.
impl fmt::Display for PartnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p-{}", self.0)
    }
}

impl PartnerId {
    /// From `p-1`, and from nothing else that could be meant by it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let id = Self(text.strip_prefix("p-")?.parse().ok()?);
        (id.to_string() == text).then_some(id)
    }
}

/// One partner: "Requests scoped automatically to your partner account" (reference, Base URL).
#[derive(Debug)]
pub(crate) struct PartnerState {
    pub(crate) id: PartnerId,
    name: RwLock<Arc<str>>,
    active: AtomicBool,
    /// Whether it was removed.
    gone: AtomicBool,
    pub(crate) wallet: CachedBody<Wallet>,
    pub(crate) companies: CachedBody<Companies>,
}

/// All partners, and whose each key is.
#[derive(Debug, Default)]
pub(crate) struct Store {
    added: AtomicU64,
    partners: RwLock<Partners>,
    pub(crate) redactor: Redactor,
}

#[derive(Debug, Default)]
struct Partners {
    /// Each with its keys, in the order they were issued.
    by_id: BTreeMap<PartnerId, (Arc<PartnerState>, Vec<KeyTag>)>,
    keys: Keys,
}

/// A partner as it shall be.
#[derive(Debug, Clone)]
pub(crate) struct NewPartner {
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) wallet: Wallet,
    pub(crate) companies: Companies,
    /// In clear.
    pub(crate) keys: Vec<String>,
}

impl Store {
    /// Adds a partner without keys, companies and credit.
    pub(crate) fn add(&self, name: String) -> Arc<PartnerState> {
        let (wallet, companies) = (Wallet::new(0), Companies::default());
        let new = NewPartner { name, active: true, wallet, companies, keys: Vec::new() };
        self.insert(&mut self.write(), new)
    }

    /// Adds a partner, or nothing if one of its keys is taken.
    pub(crate) fn add_with_keys(&self, new: NewPartner) -> Result<Arc<PartnerState>, DuplicateKey> {
        let mut partners = self.write();
        if new.keys.iter().any(|key| partners.keys.find(key.as_bytes()).is_some()) {
            return Err(DuplicateKey);
        }
        Ok(self.insert(&mut partners, new))
    }

    fn insert(&self, partners: &mut Partners, new: NewPartner) -> Arc<PartnerState> {
        let partner = Arc::new(PartnerState {
            id: PartnerId(self.added.fetch_add(1, Ordering::Relaxed) + 1),
            name: RwLock::new(new.name.into()),
            active: AtomicBool::new(new.active),
            gone: AtomicBool::new(false),
            wallet: CachedBody::new(new.wallet),
            companies: CachedBody::new(new.companies),
        });
        self.enter(partners, &partner, &new.keys);
        partner
    }

    fn enter(&self, partners: &mut Partners, partner: &Arc<PartnerState>, keys: &[String]) {
        for key in keys {
            self.redactor.add(key);
        }
        let tags = keys.iter().map(|key| partners.keys.add(key, partner)).collect();
        partners.by_id.insert(partner.id, (Arc::clone(partner), tags));
    }

    /// Makes these the partners, and their keys, of which none comes twice, the only ones. A
    /// partner that was here under the same name stays the same one; the others are removed.
    ///
    /// What goes with it is done in `meanwhile`, which gets the partners' ids in the order they are
    /// given: no request is authorized until both are done. Returns the first partner, and those that
    /// were removed.
    pub(crate) fn replace(
        &self,
        first: NewPartner,
        others: Vec<NewPartner>,
        meanwhile: impl FnOnce(&[PartnerId]),
    ) -> (Arc<PartnerState>, Vec<PartnerId>) {
        let mut partners = self.write();
        let mut left = std::mem::take(&mut partners.by_id);
        partners.keys.issued.clear();
        self.redactor.clear();
        // What takes long to drop is dropped when the lock is open again.
        let mut old = Vec::new();
        let mut ids = Vec::new();
        let mut put = |new: NewPartner| {
            let known = left.values().find(|(partner, _)| *partner.name() == *new.name);
            let known = known.map(|(partner, _)| partner.id).and_then(|id| left.remove(&id));
            let partner = match known {
                None => self.insert(&mut partners, new),
                Some((partner, _)) => {
                    partner.set_active(new.active);
                    partner.wallet.change(|wallet| *wallet = new.wallet);
                    old.push(partner.companies.change(|all| std::mem::replace(all, new.companies)));
                    self.enter(&mut partners, &partner, &new.keys);
                    partner
                }
            };
            ids.push(partner.id);
            partner
        };
        let first = put(first);
        for other in others {
            put(other);
        }
        for (removed, _) in left.values() {
            removed.gone.store(true, Ordering::Release);
        }
        meanwhile(&ids);
        drop(partners);
        (first, left.into_keys().collect())
    }

    /// Takes a partner out, and its keys with it. Whether it was still there.
    pub(crate) fn remove(&self, partner: &PartnerState) -> bool {
        let mut partners = self.write();
        partner.gone.store(true, Ordering::Release);
        let Some((_, tags)) = partners.by_id.remove(&partner.id) else {
            return false;
        };
        for tag in tags {
            if let Some(issued) = partners.keys.issued.remove(&tag) {
                self.redactor.remove(&issued.hash);
            }
        }
        true
    }

    pub(crate) fn partners(&self) -> Vec<Arc<PartnerState>> {
        self.read().by_id.values().map(|(partner, _)| Arc::clone(partner)).collect()
    }

    pub(crate) fn partner(&self, id: PartnerId) -> Option<Arc<PartnerState>> {
        self.read().by_id.get(&id).map(|(partner, _)| Arc::clone(partner))
    }

    /// The new key, in clear for the only time: "shown only once" (reference, Authentication).
    pub(crate) fn issue_key(&self, partner: &Arc<PartnerState>) -> String {
        loop {
            let key = api_key::generate();
            if self.accept_key(partner, &key).is_ok() {
                return key;
            }
        }
    }

    /// Makes a given key the partner's. A partner that was removed does not get it.
    pub(crate) fn accept_key(
        &self,
        partner: &Arc<PartnerState>,
        key: &str,
    ) -> Result<(), DuplicateKey> {
        let partners = &mut *self.write();
        if partners.keys.find(key.as_bytes()).is_some() {
            return Err(DuplicateKey);
        }
        if let Some((_, tags)) = partners.by_id.get_mut(&partner.id) {
            self.redactor.add(key);
            tags.push(partners.keys.add(key, partner));
        }
        Ok(())
    }

    /// A partner's keys, in the order they were issued.
    pub(crate) fn keys_of(&self, partner: &PartnerState) -> Vec<PartnerKey> {
        let partners = self.read();
        let tags = partners.by_id.get(&partner.id).into_iter().flat_map(|(_, tags)| tags);
        let issued = tags.filter_map(|tag| partners.keys.issued.get(tag));
        let shown = |one: &Issued| PartnerKey { id: one.hash.fingerprint(), revoked: one.revoked };
        issued.map(shown).collect()
    }

    /// Revokes the partner's keys that are like this. There is at least one, or it is an error.
    pub(crate) fn revoke_keys(
        &self,
        partner: &PartnerState,
        is_it: impl Fn(&KeyHash) -> bool,
    ) -> Result<(), NotFound> {
        let partners = &mut *self.write();
        let tags = partners.by_id.get(&partner.id).into_iter().flat_map(|(_, tags)| tags);
        let mut found = Err(NotFound::Key);
        for tag in tags {
            if let Some(issued) = partners.keys.issued.get_mut(tag)
                && is_it(&issued.hash)
            {
                issued.revoked = true;
                found = Ok(());
            }
        }
        found
    }

    /// Whose key this is, or was.
    pub(crate) fn find_key(&self, key: &[u8]) -> Option<Issued> {
        self.read().keys.find(key).cloned()
    }

    // A lock is poisoned when a caller's closure panicked under it. The data is whole all the same:
    // nothing here leaves it half changed.
    fn read(&self) -> RwLockReadGuard<'_, Partners> {
        self.partners.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Partners> {
        self.partners.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartnerState {
    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.name.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_name(&self, name: &str) {
        *self.name.write().unwrap_or_else(PoisonError::into_inner) = name.into();
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    pub(crate) fn set_active(&self, active: bool) {
        self.active.store(active, Ordering::Release);
    }
}
