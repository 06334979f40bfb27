//! Partners, their keys and their data.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::cached::CachedBody;
use super::companies::Companies;
pub(crate) use super::keys::Issued;
use super::keys::redactor::Redactor;
use super::keys::{KeyTag, Keys, api_key};
use super::model::{Company, Connection, Wallet};

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

/// From `p-1`, and from nothing else that could be meant by it.
impl FromStr for PartnerId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let id = text.strip_prefix("p-").and_then(|number| number.parse().ok()).map(Self);
        id.filter(|id| id.to_string() == text).ok_or(())
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
    /// In the order they were issued. Taken after the lock on all keys.
    keys: RwLock<Vec<KeyTag>>,
    pub(crate) wallet: CachedBody<Wallet>,
    pub(crate) companies: CachedBody<Companies>,
}

/// All partners, and whose each key is.
#[derive(Debug, Default)]
pub(crate) struct Store {
    added: AtomicU64,
    partners: RwLock<BTreeMap<PartnerId, Arc<PartnerState>>>,
    keys: RwLock<Keys>,
    pub(crate) redactor: Redactor,
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

/// The partners after all of them were replaced, and those that are no more.
#[derive(Debug)]
pub(crate) struct Replaced {
    pub(crate) first: Arc<PartnerState>,
    pub(crate) others: Vec<Arc<PartnerState>>,
    pub(crate) removed: Vec<Arc<PartnerState>>,
}

impl Replaced {
    /// Those that are there now, in the order they were given.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<PartnerState>> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl Store {
    pub(crate) fn add(
        &self,
        name: &str,
        wallet: Wallet,
        companies: Companies,
    ) -> Arc<PartnerState> {
        let partner = self.draft(name, true, wallet, companies);
        self.enter(&partner);
        partner
    }

    /// A partner with these keys, or none if one of them is taken.
    pub(crate) fn add_with_keys(&self, new: NewPartner) -> Result<Arc<PartnerState>, DuplicateKey> {
        let partner = self.draft(&new.name, new.active, new.wallet, new.companies);
        self.accept_keys(&partner, new.keys.iter().map(String::as_str))?;
        self.enter(&partner);
        Ok(partner)
    }

    /// A partner that nobody can see yet.
    fn draft(
        &self,
        name: &str,
        active: bool,
        wallet: Wallet,
        companies: Companies,
    ) -> Arc<PartnerState> {
        Arc::new(PartnerState {
            id: PartnerId(self.added.fetch_add(1, Ordering::Relaxed) + 1),
            name: RwLock::new(name.into()),
            active: AtomicBool::new(active),
            gone: AtomicBool::new(false),
            keys: RwLock::default(),
            wallet: CachedBody::new(wallet),
            companies: CachedBody::new(companies),
        })
    }

    fn enter(&self, partner: &Arc<PartnerState>) {
        write(&self.partners).insert(partner.id, Arc::clone(partner));
    }

    /// Makes these the partners, and their keys, of which none comes twice, the only ones. A
    /// partner that was here under the same name stays the same one; the others are removed.
    ///
    /// What goes with it is done in `meanwhile`: no request is authorized until both are done.
    pub(crate) fn replace(
        &self,
        first: NewPartner,
        others: Vec<NewPartner>,
        meanwhile: impl FnOnce(&Replaced),
    ) -> Replaced {
        let mut keys = write(&self.keys);
        let mut partners = write(&self.partners);
        let mut left = std::mem::take(&mut *partners);
        keys.clear();
        self.redactor.clear();
        // What takes long to drop is dropped when the locks are open again.
        let mut old = Vec::new();
        let mut put = |new: NewPartner| {
            let id = left.values().find(|one| *one.name() == *new.name).map(|one| one.id);
            let partner = match id.and_then(|id| left.remove(&id)) {
                None => self.draft(&new.name, new.active, new.wallet, new.companies),
                Some(partner) => {
                    partner.set_active(new.active);
                    partner.wallet.change(|wallet| *wallet = new.wallet);
                    old.push(partner.companies.change(|all| std::mem::replace(all, new.companies)));
                    partner
                }
            };
            new.keys.iter().for_each(|key| self.redactor.add(key));
            *write(&partner.keys) = new.keys.iter().map(|key| keys.add(key, &partner)).collect();
            partners.insert(partner.id, Arc::clone(&partner));
            partner
        };
        let (first, others) = (put(first), others.into_iter().map(put).collect());
        for partner in left.values() {
            partner.gone.store(true, Ordering::Release);
            write(&partner.keys).clear();
        }
        let replaced = Replaced { first, others, removed: left.into_values().collect() };
        meanwhile(&replaced);
        drop((keys, partners));
        drop(old);
        replaced
    }

    /// Takes a partner out, and its keys with it. Whether it was still there.
    pub(crate) fn remove(&self, partner: &PartnerState) -> bool {
        let was_there = write(&self.partners).remove(&partner.id).is_some();
        partner.gone.store(true, Ordering::Release);
        let mut keys = write(&self.keys);
        for tag in write(&partner.keys).drain(..) {
            if let Some(issued) = keys.remove(tag) {
                self.redactor.remove(&issued.hash);
            }
        }
        was_there
    }

    pub(crate) fn partners(&self) -> Vec<Arc<PartnerState>> {
        read(&self.partners).values().cloned().collect()
    }

    pub(crate) fn partner(&self, id: PartnerId) -> Option<Arc<PartnerState>> {
        read(&self.partners).get(&id).cloned()
    }

    /// The name of a partner of this store.
    pub(crate) fn name_of(&self, id: PartnerId) -> Option<String> {
        let partners = read(&self.partners);
        partners.get(&id).map(|partner| partner.name().to_string())
    }

    /// The new key, in clear for the only time: "shown only once" (reference, Authentication).
    pub(crate) fn issue_key(&self, partner: &Arc<PartnerState>) -> String {
        loop {
            let key = api_key::generate();
            if self.accept_keys(partner, [key.as_str()]).is_ok() {
                return key;
            }
        }
    }

    /// Makes given keys the partner's: all of them, or none if one is taken. A partner that was
    /// removed gets none.
    pub(crate) fn accept_keys<'a>(
        &self,
        partner: &Arc<PartnerState>,
        given: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), DuplicateKey> {
        let given: Vec<_> = given.into_iter().collect();
        let mut keys = write(&self.keys);
        if given.iter().any(|key| keys.contains(key)) {
            return Err(DuplicateKey);
        }
        if !partner.is_gone() {
            for key in given {
                self.redactor.add(key);
                let tag = keys.add(key, partner);
                write(&partner.keys).push(tag);
            }
        }
        Ok(())
    }

    /// A partner's keys, in the order they were issued.
    pub(crate) fn keys_of(&self, partner: &PartnerState) -> Vec<PartnerKey> {
        let keys = read(&self.keys);
        let issued = |tag: &KeyTag| keys.get(*tag);
        let shown =
            |issued: &Issued| PartnerKey { id: issued.hash.fingerprint(), revoked: issued.revoked };
        read(&partner.keys).iter().filter_map(issued).map(shown).collect()
    }

    pub(crate) fn revoke_key(&self, partner: &PartnerState, key: &str) -> Result<(), NotFound> {
        let mut keys = write(&self.keys);
        match keys.find_mut(key) {
            Some(issued) if issued.partner.id == partner.id => {
                issued.revoked = true;
                Ok(())
            }
            _ => Err(NotFound::Key),
        }
    }

    /// As [`revoke_key`](Self::revoke_key), by what the key is known by.
    pub(crate) fn revoke_key_known_by(
        &self,
        partner: &PartnerState,
        fingerprint: &str,
    ) -> Result<(), NotFound> {
        let mut keys = write(&self.keys);
        let mut found = Err(NotFound::Key);
        for tag in read(&partner.keys).iter() {
            if let Some(issued) = keys.get_mut(*tag)
                && issued.hash.fingerprint() == fingerprint
            {
                issued.revoked = true;
                found = Ok(());
            }
        }
        found
    }

    /// Whose key this is, or was.
    pub(crate) fn find_key(&self, key: &[u8]) -> Option<Issued> {
        read(&self.keys).find(key).cloned()
    }
}

impl PartnerState {
    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&read(&self.name))
    }

    pub(crate) fn set_name(&self, name: &str) {
        *write(&self.name) = name.into();
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

    pub(crate) fn change_company<R>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Company) -> R,
    ) -> Result<R, NotFound> {
        let changed = self.companies.change(|companies| companies.change(id, change));
        changed.ok_or_else(|| NotFound::Company(id.to_owned()))
    }

    pub(crate) fn remove_company(&self, id: &str) -> Result<Company, NotFound> {
        let removed = self.companies.change(|companies| companies.remove(id));
        removed.ok_or_else(|| NotFound::Company(id.to_owned()))
    }

    pub(crate) fn change_connection<R>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Connection) -> R,
    ) -> Result<R, NotFound> {
        let changed = self.companies.change(|companies| companies.change_connection(id, change));
        changed.ok_or_else(|| NotFound::Connection(id.to_owned()))
    }

    pub(crate) fn remove_connection(&self, id: &str) -> Result<Connection, NotFound> {
        let removed = self.companies.change(|companies| companies.remove_connection(id));
        removed.ok_or_else(|| NotFound::Connection(id.to_owned()))
    }
}

// A lock is poisoned when a caller's closure panicked under it. The data is whole all the same:
// nothing here leaves it half changed.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
