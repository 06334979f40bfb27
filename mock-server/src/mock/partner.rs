//! The handle by which a test holds one partner.

use std::fmt;
use std::sync::Arc;

use super::faults::{ActiveRule, Faults};
use super::handler::RequestHandler;
use super::stubs::{self, ActiveStub};
use super::verification::{ReceivedRequests, Report, VerificationError};
use crate::faults::{Fault, Rule, RuleError};
use crate::journal::{EvictedRequests, RecordedRequest};
use crate::state::companies::Companies;
use crate::state::keys::api_key::KeyHash;
use crate::state::model::{Company, Connection, Wallet};
use crate::state::store::{DuplicateKey, NotFound, PartnerKey, PartnerState};
use crate::stubs::{Stub, StubError};

/// One partner of the mock: its keys, its data, and the requests with its keys.
///
/// Cheap to clone; every clone is the same partner. A change is seen by the next request. The
/// closures of the `update_…` methods run while the data is locked: they must not call back into
/// the same partner.
#[derive(Clone)]
pub struct Partner {
    handler: Arc<RequestHandler>,
    state: Arc<PartnerState>,
}

impl Partner {
    pub(crate) fn new(handler: &Arc<RequestHandler>, state: Arc<PartnerState>) -> Self {
        Self { handler: Arc::clone(handler), state }
    }

    pub(crate) fn state(&self) -> &Arc<PartnerState> {
        &self.state
    }

    /// What the control API calls it: `p-1` for the first partner of a mock. It is given to no
    /// other one, even if this one is removed.
    pub fn id(&self) -> String {
        self.state.id.to_string()
    }

    /// Its name. Only the journal shows it; the service has no such field.
    pub fn name(&self) -> String {
        self.state.name().to_string()
    }

    /// Gives it another name.
    pub fn rename(&self, name: impl AsRef<str>) {
        self.state.set_name(name.as_ref());
    }

    /// Issues a key and shows it for the only time, as the dashboard does (reference,
    /// Authentication). Give it to the client under test; the mock keeps a hash.
    pub fn issue_key(&self) -> String {
        self.handler.store.issue_key(&self.state)
    }

    /// Makes a given key one of this partner's, for example one from a configuration.
    ///
    /// # Errors
    ///
    /// If any partner has, or had, this key. It is not looked at otherwise: a key that could not
    /// follow `Bearer ` will never come with a request.
    pub fn accept_key(&self, key: &str) -> Result<(), DuplicateKey> {
        self.handler.store.accept_key(&self.state, key)
    }

    /// Its keys, revoked ones included, in the order they were issued.
    pub fn keys(&self) -> Vec<PartnerKey> {
        self.handler.store.keys_of(&self.state)
    }

    /// Revokes a key: from now on it is `invalid_token` (reference, Errors). It may be revoked
    /// twice.
    ///
    /// # Errors
    ///
    /// If this partner never had the key.
    pub fn revoke_key(&self, key: &str) -> Result<(), NotFound> {
        let hash = KeyHash::of(key);
        self.handler.store.revoke_keys(&self.state, |one| *one == hash)
    }

    pub(crate) fn revoke_key_known_by(&self, fingerprint: &str) -> Result<(), NotFound> {
        self.handler.store.revoke_keys(&self.state, |one| one.fingerprint() == fingerprint)
    }

    /// Makes the partner active: its keys work. A new partner is active.
    pub fn activate(&self) {
        self.state.set_active(true);
    }

    /// Makes the partner inactive: all its keys are `invalid_token` (reference, Errors).
    pub fn deactivate(&self) {
        self.state.set_active(false);
    }

    /// Whether the partner is active.
    pub fn is_active(&self) -> bool {
        self.state.is_active()
    }

    /// The wallet.
    pub fn wallet(&self) -> Wallet {
        self.state.wallet.read(Wallet::clone)
    }

    /// Replaces the wallet.
    pub fn set_wallet(&self, wallet: Wallet) {
        self.state.wallet.change(|old| *old = wallet);
    }

    /// Changes the wallet in place.
    pub fn update_wallet<R>(&self, change: impl FnOnce(&mut Wallet) -> R) -> R {
        self.state.wallet.change(change)
    }

    /// The companies, in the order they are served.
    pub fn companies(&self) -> Vec<Company> {
        self.state.companies.read(|companies| companies.iter().cloned().collect())
    }

    /// Replaces all companies. They are served in this order, and as they are, equal ids included.
    pub fn set_companies(&self, companies: impl IntoIterator<Item = Company>) {
        self.replace_companies(companies.into_iter().collect());
    }

    pub(crate) fn replace_companies(&self, companies: Companies) {
        // The old ones are dropped when the lock is open again.
        drop(self.state.companies.change(|old| std::mem::replace(old, companies)));
    }

    /// Adds a company as the last one.
    pub fn add_company(&self, company: Company) {
        self.state.companies.change(|companies| companies.extend([company]));
    }

    /// Changes the first company with this id in place.
    ///
    /// # Errors
    ///
    /// If there is no such item.
    pub fn update_company<R>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Company) -> R,
    ) -> Result<R, NotFound> {
        let changed = self.state.companies.change(|all| all.change(id, change));
        changed.ok_or_else(|| NotFound::Company(id.to_owned()))
    }

    /// Takes out the first company with this id.
    ///
    /// # Errors
    ///
    /// If there is no such item.
    pub fn remove_company(&self, id: &str) -> Result<Company, NotFound> {
        let removed = self.state.companies.change(|all| all.remove(id));
        removed.ok_or_else(|| NotFound::Company(id.to_owned()))
    }

    /// Adds a connection to a company, as its last one.
    ///
    /// # Errors
    ///
    /// If there is no such company.
    pub fn add_connection(&self, company: &str, connection: Connection) -> Result<(), NotFound> {
        self.update_company(company, |company| company.connections.push(connection))
    }

    /// Changes the first connection with this id in place, whichever company it belongs to.
    ///
    /// # Errors
    ///
    /// If there is no such item.
    pub fn update_connection<R>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Connection) -> R,
    ) -> Result<R, NotFound> {
        let changed = self.state.companies.change(|all| all.change_connection(id, change));
        changed.ok_or_else(|| NotFound::Connection(id.to_owned()))
    }

    /// Takes out the first connection with this id, whichever company it belongs to.
    ///
    /// # Errors
    ///
    /// If there is no such item.
    pub fn remove_connection(&self, id: &str) -> Result<Connection, NotFound> {
        let removed = self.state.companies.change(|all| all.remove_connection(id));
        removed.ok_or_else(|| NotFound::Connection(id.to_owned()))
    }

    /// The next request with one of this partner's keys gets this fault.
    ///
    /// # Errors
    ///
    /// If the fault contradicts itself, as a status of 42 does.
    pub fn fail_next(&self, fault: Fault) -> Result<ActiveRule, RuleError> {
        self.faults().add(Rule::new(fault).times(1))
    }

    /// The fault rules of this partner.
    pub fn faults(&self) -> Faults {
        Faults::new(&self.handler, Some(&self.state))
    }

    /// Adds a response on a path under `/api/v1`, for this partner. Of several, the one that was
    /// added last is active.
    ///
    /// # Errors
    ///
    /// If its path is not one under `/api/v1`, or it is one of a documented call and does not
    /// [override](Stub::override_documented) it.
    pub fn add_stub(&self, stub: Stub) -> Result<ActiveStub, StubError> {
        stubs::add(&self.handler, Some(self.state.id), stub)
    }

    /// The requests with one of this partner's keys, revoked ones included, oldest first.
    ///
    /// A request is recorded before its response is sent. The newest
    /// [`MAX_JOURNAL_ENTRIES`](crate::MAX_JOURNAL_ENTRIES) are kept, in at most
    /// [`MAX_JOURNAL_BYTES`](crate::MAX_JOURNAL_BYTES).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.received_requests().all()
    }

    /// Removes the requests with one of this partner's keys. The next request has the next id all the
    /// same.
    pub fn clear_requests(&self) {
        self.handler.journal.clear(Some(self.state.id));
    }

    /// The requests with one of this partner's keys, to be described, counted and waited for.
    pub fn received_requests(&self) -> ReceivedRequests {
        ReceivedRequests::new(&self.handler, Some(&self.state))
    }

    /// How many of this partner's requests were evicted from the journal since they were
    /// [cleared](Self::clear_requests), or from the start.
    pub fn evicted_requests(&self) -> EvictedRequests {
        self.handler.journal.evicted(Some(self.state.id))
    }

    /// What was set up for this partner and never used, and its requests to unknown paths.
    ///
    /// Stubs and rules of the whole mock are in [`Mock::report`](crate::Mock::report) only: other
    /// partners may use them.
    pub fn report(&self) -> Report {
        Report::new(&self.handler, Some(self.state.id))
    }

    /// Checks that every stub of this partner responded to a request, that every rule was applied to
    /// one, and that no request was to an unknown path: the last line of a test.
    ///
    /// # Errors
    ///
    /// If the [report](Self::report) is not clean; the error lists all that is in it.
    pub fn verify_clean(&self) -> Result<(), VerificationError> {
        self.report().verify_clean(Some(&self.state))
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
