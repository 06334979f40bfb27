//! The state of the service: partners, their keys and their data. It knows no HTTP.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::api_key::{self, KeyHash};
use super::cached::Rendered;
use super::companies::Companies;
use super::model::{Company, Connection, Wallet};

/// What was named is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unknown {
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
pub struct KeyTaken;

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
pub(crate) struct TenantId(u64);

/// `p-1`.
impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p-{}", self.0)
    }
}

/// From `p-1`, and from nothing else that could be meant by it.
impl FromStr for TenantId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let id = text.strip_prefix("p-").and_then(|number| number.parse().ok()).map(Self);
        id.filter(|id| id.to_string() == text).ok_or(())
    }
}

/// One partner: "Requests scoped automatically to your partner account" (reference, Base URL).
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    name: RwLock<Arc<str>>,
    active: AtomicBool,
    /// Whether it was removed.
    gone: AtomicBool,
    /// In the order they were issued. Taken after the lock on all keys.
    keys: RwLock<Vec<KeyHash>>,
    pub(crate) wallet: Rendered<Wallet>,
    pub(crate) companies: Rendered<Companies>,
}

/// All partners, and whose each key is.
#[derive(Debug, Default)]
pub(crate) struct Store {
    added: AtomicU64,
    tenants: RwLock<BTreeMap<TenantId, Arc<Tenant>>>,
    keys: RwLock<BTreeMap<KeyHash, Issued>>,
}

/// A key that was issued. It stays when it is revoked, so that the journal can say so.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) revoked: bool,
}

/// A partner as it shall be.
#[derive(Debug)]
pub(crate) struct NewTenant {
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) wallet: Wallet,
    pub(crate) companies: Companies,
    pub(crate) keys: Vec<KeyHash>,
}

/// The partners after all of them were replaced, and those that are no more.
#[derive(Debug)]
pub(crate) struct Replaced {
    pub(crate) first: Arc<Tenant>,
    pub(crate) others: Vec<Arc<Tenant>>,
    pub(crate) removed: Vec<Arc<Tenant>>,
}

impl Replaced {
    /// Those that are there now, in the order they were given.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl Store {
    pub(crate) fn add(&self, name: &str, wallet: Wallet, companies: Companies) -> Arc<Tenant> {
        let tenant = self.draft(name, true, wallet, companies);
        self.enter(&tenant);
        tenant
    }

    /// A partner with these keys, or none if one of them is taken.
    pub(crate) fn add_with_keys(&self, new: NewTenant) -> Result<Arc<Tenant>, KeyTaken> {
        let tenant = self.draft(&new.name, new.active, new.wallet, new.companies);
        self.accept_hashes(&tenant, new.keys)?;
        self.enter(&tenant);
        Ok(tenant)
    }

    /// A partner that nobody can see yet.
    fn draft(&self, name: &str, active: bool, wallet: Wallet, companies: Companies) -> Arc<Tenant> {
        Arc::new(Tenant {
            id: TenantId(self.added.fetch_add(1, Ordering::Relaxed) + 1),
            name: RwLock::new(name.into()),
            active: AtomicBool::new(active),
            gone: AtomicBool::new(false),
            keys: RwLock::default(),
            wallet: Rendered::new(wallet),
            companies: Rendered::new(companies),
        })
    }

    fn enter(&self, tenant: &Arc<Tenant>) {
        write(&self.tenants).insert(tenant.id, Arc::clone(tenant));
    }

    /// Makes these the partners, and their keys, of which none comes twice, the only ones. A
    /// partner that was here under the same name stays the same one; the others are removed.
    ///
    /// What goes with it is done in `meanwhile`: no request is authorized until both are done.
    pub(crate) fn replace(
        &self,
        first: NewTenant,
        others: Vec<NewTenant>,
        meanwhile: impl FnOnce(&Replaced),
    ) -> Replaced {
        let mut keys = write(&self.keys);
        let mut tenants = write(&self.tenants);
        let mut left = std::mem::take(&mut *tenants);
        keys.clear();
        // What takes long to drop is dropped when the locks are open again.
        let mut old = Vec::new();
        let mut put = |new: NewTenant| {
            let id = left.values().find(|one| *one.name() == *new.name).map(|one| one.id);
            let tenant = match id.and_then(|id| left.remove(&id)) {
                None => self.draft(&new.name, new.active, new.wallet, new.companies),
                Some(tenant) => {
                    tenant.set_active(new.active);
                    tenant.wallet.change(|wallet| *wallet = new.wallet);
                    old.push(tenant.companies.change(|all| std::mem::replace(all, new.companies)));
                    tenant
                }
            };
            let issued = || Issued { tenant: Arc::clone(&tenant), revoked: false };
            keys.extend(new.keys.iter().map(|hash| (*hash, issued())));
            *write(&tenant.keys) = new.keys;
            tenants.insert(tenant.id, Arc::clone(&tenant));
            tenant
        };
        let (first, others) = (put(first), others.into_iter().map(put).collect());
        for tenant in left.values() {
            tenant.gone.store(true, Ordering::Release);
            write(&tenant.keys).clear();
        }
        let replaced = Replaced { first, others, removed: left.into_values().collect() };
        meanwhile(&replaced);
        drop((keys, tenants));
        drop(old);
        replaced
    }

    /// Takes a partner out, and its keys with it. Whether it was still there.
    pub(crate) fn remove(&self, tenant: &Tenant) -> bool {
        let was_there = write(&self.tenants).remove(&tenant.id).is_some();
        tenant.gone.store(true, Ordering::Release);
        let mut keys = write(&self.keys);
        for hash in write(&tenant.keys).drain(..) {
            keys.remove(&hash);
        }
        was_there
    }

    pub(crate) fn tenants(&self) -> Vec<Arc<Tenant>> {
        read(&self.tenants).values().cloned().collect()
    }

    pub(crate) fn tenant(&self, id: TenantId) -> Option<Arc<Tenant>> {
        read(&self.tenants).get(&id).cloned()
    }

    /// The name of a partner of this store.
    pub(crate) fn name_of(&self, id: TenantId) -> Option<String> {
        let tenants = read(&self.tenants);
        tenants.get(&id).map(|tenant| tenant.name().to_string())
    }

    /// The new key, in clear for the only time: "shown only once" (reference, Authentication).
    pub(crate) fn issue_key(&self, tenant: &Arc<Tenant>) -> String {
        loop {
            let key = api_key::generate();
            if self.accept_keys(tenant, [key.as_str()]).is_ok() {
                return key;
            }
        }
    }

    /// Makes given keys the partner's: all of them, or none if one is taken. A partner that was
    /// removed gets none.
    pub(crate) fn accept_keys<'a>(
        &self,
        tenant: &Arc<Tenant>,
        given: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), KeyTaken> {
        self.accept_hashes(tenant, given.into_iter().map(KeyHash::of).collect())
    }

    fn accept_hashes(&self, tenant: &Arc<Tenant>, given: Vec<KeyHash>) -> Result<(), KeyTaken> {
        let mut keys = write(&self.keys);
        if given.iter().any(|hash| keys.contains_key(hash)) {
            return Err(KeyTaken);
        }
        if !tenant.is_gone() {
            let issued = || Issued { tenant: Arc::clone(tenant), revoked: false };
            keys.extend(given.iter().map(|hash| (*hash, issued())));
            write(&tenant.keys).extend(given);
        }
        Ok(())
    }

    /// A partner's keys, in the order they were issued.
    pub(crate) fn keys_of(&self, tenant: &Tenant) -> Vec<PartnerKey> {
        let keys = read(&self.keys);
        let shown = |hash: &KeyHash| PartnerKey {
            id: hash.fingerprint(),
            revoked: keys.get(hash).is_none_or(|issued| issued.revoked),
        };
        read(&tenant.keys).iter().map(shown).collect()
    }

    pub(crate) fn revoke_key(&self, tenant: &Tenant, key: &str) -> Result<(), Unknown> {
        let mut keys = write(&self.keys);
        match keys.get_mut(&KeyHash::of(key)) {
            Some(issued) if issued.tenant.id == tenant.id => {
                issued.revoked = true;
                Ok(())
            }
            _ => Err(Unknown::Key),
        }
    }

    /// As [`revoke_key`](Self::revoke_key), by what the key is known by.
    pub(crate) fn revoke_key_known_by(
        &self,
        tenant: &Tenant,
        fingerprint: &str,
    ) -> Result<(), Unknown> {
        let mut keys = write(&self.keys);
        let mut found = Err(Unknown::Key);
        for hash in read(&tenant.keys).iter().filter(|hash| hash.fingerprint() == fingerprint) {
            if let Some(issued) = keys.get_mut(hash) {
                issued.revoked = true;
                found = Ok(());
            }
        }
        found
    }

    /// Whose key this is, or was.
    pub(crate) fn find_key(&self, key: &str) -> Option<Issued> {
        read(&self.keys).get(&KeyHash::of(key)).cloned()
    }
}

impl Tenant {
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
    ) -> Result<R, Unknown> {
        let changed = self.companies.change(|companies| companies.change(id, change));
        changed.ok_or_else(|| Unknown::Company(id.to_owned()))
    }

    pub(crate) fn remove_company(&self, id: &str) -> Result<Company, Unknown> {
        let removed = self.companies.change(|companies| companies.remove(id));
        removed.ok_or_else(|| Unknown::Company(id.to_owned()))
    }

    pub(crate) fn change_connection<R>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Connection) -> R,
    ) -> Result<R, Unknown> {
        let changed = self.companies.change(|companies| companies.change_connection(id, change));
        changed.ok_or_else(|| Unknown::Connection(id.to_owned()))
    }

    pub(crate) fn remove_connection(&self, id: &str) -> Result<Connection, Unknown> {
        let removed = self.companies.change(|companies| companies.remove_connection(id));
        removed.ok_or_else(|| Unknown::Connection(id.to_owned()))
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
