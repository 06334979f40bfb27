//! The handle by which a test holds one partner.

use std::fmt;
use std::sync::Arc;

use super::calls::Calls;
use super::faults::{ActiveRule, Faults};
use super::handler::Api;
use super::stubs::{self, ActiveStub};
use crate::faults::{Fault, Rule, RuleError};
use crate::journal::RecordedRequest;
use crate::state::companies::Companies;
use crate::state::model::{Company, Connection, Wallet};
use crate::state::store::{KeyTaken, PartnerKey, Tenant, Unknown};
use crate::stubs::{Stub, StubError};

/// One partner of the mock: its keys, its data, and what was asked in its name.
///
/// Cheap to clone; every clone is the same partner. A change is seen by the next request. The
/// closures of the `update_…` methods run while the data is locked: they must not call back into
/// the same partner.
#[derive(Clone)]
pub struct Partner {
    api: Arc<Api>,
    tenant: Arc<Tenant>,
}

impl Partner {
    pub(crate) fn new(api: &Arc<Api>, tenant: Arc<Tenant>) -> Self {
        Self { api: Arc::clone(api), tenant }
    }

    pub(crate) fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// What the control API calls it: `p-1` for the first partner of a mock. It is given to no
    /// other one, even if this one is removed.
    pub fn id(&self) -> String {
        self.tenant.id.to_string()
    }

    /// Its name. Only the journal shows it; the service has no such field.
    pub fn name(&self) -> String {
        self.tenant.name().to_string()
    }

    /// Gives it another name.
    pub fn rename(&self, name: impl AsRef<str>) {
        self.tenant.set_name(name.as_ref());
    }

    /// Issues a key and shows it for the only time, as the dashboard does (reference,
    /// Authentication). Give it to the client under test; the mock keeps a hash.
    pub fn issue_key(&self) -> String {
        self.api.store.issue_key(&self.tenant)
    }

    /// Makes a given key one of this partner's: one that stands in a configuration, for instance.
    ///
    /// # Errors
    ///
    /// If any partner has, or had, this key. It is not looked at otherwise: a key that could not
    /// follow `Bearer ` will never come with a request.
    pub fn accept_key(&self, key: &str) -> Result<(), KeyTaken> {
        self.api.store.accept_keys(&self.tenant, [key])
    }

    /// Its keys, revoked ones included, in the order they were issued.
    pub fn keys(&self) -> Vec<PartnerKey> {
        self.api.store.keys_of(&self.tenant)
    }

    /// Revokes a key: from now on it is `invalid_token` (reference, Errors). It may be revoked
    /// twice.
    ///
    /// # Errors
    ///
    /// If this partner never had the key.
    pub fn revoke_key(&self, key: &str) -> Result<(), Unknown> {
        self.api.store.revoke_key(&self.tenant, key)
    }

    pub(crate) fn revoke_key_known_by(&self, fingerprint: &str) -> Result<(), Unknown> {
        self.api.store.revoke_key_known_by(&self.tenant, fingerprint)
    }

    /// Makes the partner active: its keys work. A new partner is active.
    pub fn activate(&self) {
        self.tenant.set_active(true);
    }

    /// Makes the partner inactive: all its keys are `invalid_token` (reference, Errors).
    pub fn deactivate(&self) {
        self.tenant.set_active(false);
    }

    /// Whether the partner is active.
    pub fn is_active(&self) -> bool {
        self.tenant.is_active()
    }

    /// The wallet.
    pub fn wallet(&self) -> Wallet {
        self.tenant.wallet.read(Wallet::clone)
    }

    /// Replaces the wallet.
    pub fn set_wallet(&self, wallet: Wallet) {
        self.tenant.wallet.change(|old| *old = wallet);
    }

    /// Changes the wallet in place.
    pub fn update_wallet<R>(&self, change: impl FnOnce(&mut Wallet) -> R) -> R {
        self.tenant.wallet.change(change)
    }

    /// The companies, in the order they are served. They are kept as they are served, so their times
    /// have milliseconds and nothing below.
    pub fn companies(&self) -> Vec<Company> {
        self.tenant.companies.read(|companies| companies.iter().collect())
    }

    /// Replaces all companies. They are served in this order, and as they are, equal ids included.
    pub fn set_companies(&self, companies: impl IntoIterator<Item = Company>) {
        self.replace_companies(companies.into_iter().collect());
    }

    pub(crate) fn replace_companies(&self, companies: Companies) {
        // The old ones are dropped when the lock is open again.
        drop(self.tenant.companies.change(|old| std::mem::replace(old, companies)));
    }

    /// Adds a company as the last one.
    pub fn add_company(&self, company: Company) {
        self.tenant.companies.change(|companies| companies.extend([company]));
    }

    /// Changes the first company with this id in place.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn update_company<R>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Company) -> R,
    ) -> Result<R, Unknown> {
        self.tenant.change_company(id, change)
    }

    /// Takes out the first company with this id.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn remove_company(&self, id: &str) -> Result<Company, Unknown> {
        self.tenant.remove_company(id)
    }

    /// Adds a connection to a company, as its last one.
    ///
    /// # Errors
    ///
    /// If there is no such company.
    pub fn add_connection(&self, company: &str, connection: Connection) -> Result<(), Unknown> {
        self.tenant.change_company(company, |company| company.connections.push(connection))
    }

    /// Changes the first connection with this id in place, whichever company it belongs to.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn update_connection<R>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Connection) -> R,
    ) -> Result<R, Unknown> {
        self.tenant.change_connection(id, change)
    }

    /// Takes out the first connection with this id, whichever company it belongs to.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn remove_connection(&self, id: &str) -> Result<Connection, Unknown> {
        self.tenant.remove_connection(id)
    }

    /// The next request with one of this partner's keys meets this fault.
    ///
    /// # Errors
    ///
    /// If the fault contradicts itself, as a status of 42 does.
    pub fn fail_next(&self, fault: Fault) -> Result<ActiveRule, RuleError> {
        self.faults().add(Rule::new(fault).times(1))
    }

    /// The rules by which this partner's requests meet faults.
    pub fn faults(&self) -> Faults {
        Faults::new(&self.api, Some(&self.tenant))
    }

    /// Adds an answer on a path under `/api/v1`, for this partner. Of several, the one that was
    /// added last is in force.
    ///
    /// # Errors
    ///
    /// If its path is not one under `/api/v1`, or it would answer a documented call and does not
    /// say that it is [meant to](Stub::replaces_documented).
    pub fn add_stub(&self, stub: Stub) -> Result<ActiveStub, StubError> {
        stubs::add(&self.api, Some(self.tenant.id), stub)
    }

    /// What was asked with one of this partner's keys, revoked ones included, oldest first.
    ///
    /// A request stands here before its answer leaves. The newest
    /// [`JOURNAL_ENTRIES`](crate::JOURNAL_ENTRIES) are kept, in at most
    /// [`JOURNAL_BYTES`](crate::JOURNAL_BYTES).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.calls().all()
    }

    /// Forgets what was asked with one of this partner's keys. The next request has the next id all
    /// the same.
    pub fn clear_requests(&self) {
        self.api.journal.clear(Some(self.tenant.id));
    }

    /// What was asked with one of this partner's keys, to be described, counted and waited for.
    pub fn calls(&self) -> Calls {
        Calls::new(&self.api, Some(&self.tenant))
    }

    /// How many of this partner's requests were dropped to stay within those bounds, since they
    /// were [cleared](Self::clear_requests) or from the start.
    pub fn dropped_requests(&self) -> u64 {
        self.api.journal.dropped_of(self.tenant.id)
    }
}

impl fmt::Debug for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partner")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("active", &self.is_active())
            .finish_non_exhaustive()
    }
}
