//! The state of the service: partners, their keys and their data. It knows neither HTTP nor JSON.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::data::{Company, Connection, Wallet};
use crate::key::{self, KeyHash};
use crate::rendered::Rendered;

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

/// Which partner, counted from 0 in the order they were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TenantId(usize);

/// One partner: "Requests scoped automatically to your partner account" (reference, Base URL).
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) name: String,
    active: AtomicBool,
    pub(crate) wallet: Rendered<Wallet>,
    pub(crate) companies: Rendered<Vec<Company>>,
}

/// All partners, and whose each key is.
#[derive(Debug, Default)]
pub(crate) struct Store {
    tenants: RwLock<Vec<Arc<Tenant>>>,
    keys: RwLock<HashMap<KeyHash, Issued>>,
}

/// A key that was issued. It stays when it is revoked, so that the journal can say so.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) revoked: bool,
}

impl Store {
    pub(crate) fn add(&self, name: String, wallet: Wallet, companies: Vec<Company>) -> Arc<Tenant> {
        let mut tenants = write(&self.tenants);
        let tenant = Arc::new(Tenant {
            id: TenantId(tenants.len()),
            name,
            active: AtomicBool::new(true),
            wallet: Rendered::new(wallet),
            companies: Rendered::new(companies),
        });
        tenants.push(Arc::clone(&tenant));
        tenant
    }

    pub(crate) fn tenants(&self) -> Vec<Arc<Tenant>> {
        read(&self.tenants).clone()
    }

    /// The name of a partner of this store.
    pub(crate) fn name_of(&self, id: TenantId) -> Option<String> {
        let tenants = read(&self.tenants);
        tenants.get(id.0).map(|tenant| tenant.name.clone())
    }

    /// The new key, in clear for the only time: "shown only once" (reference, Authentication).
    pub(crate) fn issue_key(&self, tenant: &Arc<Tenant>) -> String {
        let key = key::generate();
        self.accept_key(tenant, &key);
        key
    }

    /// Makes a given key one of the partner's.
    pub(crate) fn accept_key(&self, tenant: &Arc<Tenant>, key: &str) {
        let issued = Issued { tenant: Arc::clone(tenant), revoked: false };
        write(&self.keys).insert(KeyHash::of(key), issued);
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

    /// Whose key this is, or was.
    pub(crate) fn find_key(&self, key: &str) -> Option<Issued> {
        read(&self.keys).get(&KeyHash::of(key)).cloned()
    }
}

impl Tenant {
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
        self.companies.change(|companies| {
            let company = companies.iter_mut().find(|company| company.id == id);
            company.map(change).ok_or_else(|| Unknown::Company(id.to_owned()))
        })
    }

    pub(crate) fn remove_company(&self, id: &str) -> Result<Company, Unknown> {
        self.companies.change(|companies| {
            let at = companies.iter().position(|company| company.id == id);
            at.map(|at| companies.remove(at)).ok_or_else(|| Unknown::Company(id.to_owned()))
        })
    }

    pub(crate) fn change_connection<R>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Connection) -> R,
    ) -> Result<R, Unknown> {
        self.companies.change(|companies| {
            let mut all = companies.iter_mut().flat_map(|company| &mut company.connections);
            let connection = all.find(|connection| connection.id == id);
            connection.map(change).ok_or_else(|| Unknown::Connection(id.to_owned()))
        })
    }

    pub(crate) fn remove_connection(&self, id: &str) -> Result<Connection, Unknown> {
        self.companies.change(|companies| {
            for company in companies {
                if let Some(at) = company.connections.iter().position(|one| one.id == id) {
                    return Ok(company.connections.remove(at));
                }
            }
            Err(Unknown::Connection(id.to_owned()))
        })
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
