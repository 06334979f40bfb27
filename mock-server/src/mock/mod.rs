//! The mock without a port: all that a test holds of it.

mod calls;
mod faults;
pub(crate) mod handler;
mod latest;
pub(crate) mod log;
mod partner;
mod seed_state;
mod service;
mod stubs;

use std::fmt;
use std::sync::Arc;

use axum::Router;

pub(crate) use self::calls::Seen;
pub use self::calls::{Calls, Unmet};
pub use self::faults::{ActiveRule, Faults};
use self::handler::{Api, MAX_REQUEST_BODY};
pub use self::partner::Partner;
use self::seed_state::Planted;
pub use self::service::MockService;
pub use self::stubs::ActiveStub;
use crate::faults::{Fault, Rule, RuleError};
use crate::journal::{RecordedRequest, number_of};
use crate::seed::{PartnerSeed, Seed};
use crate::state::clock::Clock;
use crate::state::companies::Companies;
use crate::state::model::Wallet;
use crate::state::store::{KeyTaken, Store};
use crate::stubs::{Stub, StubError};

/// A Partner API of your own without a port: join a client to its [`service`](Self::service) or
/// [`router`](Self::router).
///
/// It is made without a runtime, and time may be paused. Cheap to clone; every clone is the same mock.
/// [`MockServer`](crate::MockServer) is the one with a port.
#[derive(Clone)]
pub struct Mock {
    api: Arc<Api>,
    planted: Arc<Planted>,
}

impl Mock {
    /// A mock with the data that the reference shows.
    pub fn new() -> Self {
        Self::seeded(Seed::sample())
    }

    /// A mock that starts with this.
    pub fn seeded(seed: Seed) -> Self {
        Self::limited(seed, MAX_REQUEST_BODY)
    }

    pub(crate) fn limited(seed: Seed, max_request_body: usize) -> Self {
        let api = Arc::new(Api::new(Store::default(), max_request_body));
        Self { planted: Arc::new(Planted::new(&api, seed)), api }
    }

    pub(crate) fn api(&self) -> Arc<Api> {
        Arc::clone(&self.api)
    }

    /// An origin for a client that wants one. Nobody connects to it, and nobody could: the name
    /// is one of those that never resolve (RFC 2606, section 2).
    pub fn url(&self) -> &'static str {
        "https://partner-api.invalid"
    }

    /// Makes the mock what this seed says, as if it had been started with it.
    ///
    /// Partners that the seed has under the same name stay the same ones: handles of them, and
    /// their journal, go on. Those that it does not have are removed. Keys, data, faults and stubs
    /// are the seed's then, and no other; but where it has no key for its first partner, the
    /// [key of the default partner](Self::api_key) goes on being that.
    ///
    /// A request that comes meanwhile is answered by the old seed or by the new one; one that is
    /// under way already may meet the data of one and a fault of the other.
    pub fn load(&self, seed: Seed) {
        self.planted.load(&self.api, seed);
    }

    /// Makes the mock again what it was when it started, or when a seed was [loaded](Self::load)
    /// last: partners, keys, data, faults and stubs. The journal is empty then, and a clock that
    /// was held goes on.
    pub fn reset(&self) {
        self.planted.reload(&self.api);
        self.clear_requests();
        self.clock().release();
    }

    /// Where its seed comes from: `sample`, `empty`, or `file`.
    pub(crate) fn seed_source(&self) -> &'static str {
        self.planted.source()
    }

    /// A key of the [default partner](Self::partner): its first one in the seed, or one issued at
    /// the start. It works until it is revoked or the partner is deactivated.
    pub fn api_key(&self) -> &str {
        self.planted.key()
    }

    /// The default partner: the first one in the seed.
    pub fn partner(&self) -> Partner {
        Partner::new(&self.api, self.planted.first())
    }

    /// Adds a partner: active, with no key, no company and no credit, at the pricing of
    /// [`Wallet::new`]. The name is for you and the journal; two partners may have the same.
    pub fn add_partner(&self, name: impl Into<String>) -> Partner {
        let tenant = self.api.store.add(&name.into(), Wallet::new(0), Companies::default());
        Partner::new(&self.api, tenant)
    }

    /// All partners, in the order they were added.
    pub fn partners(&self) -> Vec<Partner> {
        let tenants = self.api.store.tenants();
        tenants.into_iter().map(|tenant| Partner::new(&self.api, tenant)).collect()
    }

    /// The partner with this [id](Partner::id), as `p-1`.
    pub fn partner_with_id(&self, id: &str) -> Option<Partner> {
        let tenant = self.api.store.tenant(id.parse().ok()?)?;
        Some(Partner::new(&self.api, tenant))
    }

    pub(crate) fn plant(&self, seed: PartnerSeed) -> Result<Partner, KeyTaken> {
        Ok(Partner::new(&self.api, seed_state::add(&self.api, seed)?))
    }

    pub(crate) fn rule_with_id(&self, id: &str) -> Option<(ActiveRule, bool)> {
        let (rule, in_force) = self.api.rules.find(id)?;
        Some((ActiveRule::new(&self.api, rule), in_force))
    }

    pub(crate) fn stub_with_id(&self, id: &str) -> Option<ActiveStub> {
        Some(ActiveStub::new(&self.api, self.api.stubs.with_id(id)?))
    }

    /// Takes a partner out, with its keys, its data, its faults, its stubs and its journal. A
    /// handle that is left of it reaches nothing that a request could meet.
    ///
    /// Whether it was one of this mock's partners until now. The [default partner](Self::partner)
    /// may be removed as any other.
    pub fn remove_partner(&self, partner: &Partner) -> bool {
        let tenant = partner.tenant();
        let owner = Some(tenant.id);
        // The partner goes first: whoever adds to it now sees that, and takes it out again.
        let was_there = self.api.store.remove(tenant);
        self.api.rules.forget(tenant.id);
        self.api.stubs.retain(|placed| placed.owner != owner);
        self.api.journal.remove(tenant.id);
        was_there
    }

    /// The next request meets this fault: the next one of each partner, and of those that come
    /// with no known key.
    ///
    /// # Errors
    ///
    /// If the fault contradicts itself, as a status of 42 does.
    pub fn fail_next(&self, fault: Fault) -> Result<ActiveRule, RuleError> {
        self.faults().add(Rule::new(fault).times(1))
    }

    /// The rules by which requests meet faults, whosever they are.
    pub fn faults(&self) -> Faults {
        Faults::new(&self.api, None)
    }

    /// Adds an answer on a path under `/api/v1`, for every partner that has no such stub itself. Of
    /// several, the one that was added last is in force.
    ///
    /// # Errors
    ///
    /// If its path is not one under `/api/v1`, or it would answer a documented call and does not
    /// say that it is [meant to](Stub::replaces_documented).
    pub fn add_stub(&self, stub: Stub) -> Result<ActiveStub, StubError> {
        stubs::add(&self.api, None, stub)
    }

    /// The clock that the journal, the dates in answers and the waits of faults go by.
    pub fn clock(&self) -> Clock {
        self.api.clock.clone()
    }

    /// What was asked of this mock, oldest first. A request stands here before its answer leaves.
    ///
    /// Of each partner, and of all that came with no known key, the newest
    /// [`JOURNAL_ENTRIES`](crate::JOURNAL_ENTRIES) are kept, in at most
    /// [`JOURNAL_BYTES`](crate::JOURNAL_BYTES).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.calls().all()
    }

    /// The request of this id, such as `req-7`, if it is still kept.
    pub fn request(&self, request_id: &str) -> Option<RecordedRequest> {
        let entry = self.api.journal.find(number_of(request_id)?)?;
        Some(self.api.read(&entry))
    }

    /// Forgets all that was asked of this mock. The next request has the next id all the same.
    pub fn clear_requests(&self) {
        self.api.journal.clear(None);
    }

    /// What was asked of this mock, to be described, counted and waited for.
    pub fn calls(&self) -> Calls {
        Calls::new(&self.api, None)
    }

    /// How many requests were dropped to stay within those bounds, since all were
    /// [cleared](Self::clear_requests) or from the start.
    pub fn dropped_requests(&self) -> u64 {
        self.api.journal.dropped()
    }

    /// The same service with no socket, to join a client to it in-process. It shares this mock's
    /// partners, rules and journal, needs no Host header, and goes on after the mock is dropped.
    ///
    /// A router cannot fail: where [`service`](Self::service) does, its answer has a body that
    /// ends at once, with the same error.
    pub fn router(&self) -> Router {
        self.service().into_router()
    }

    /// As [`router`](Self::router), as a service that can fail as a broken connection does.
    pub fn service(&self) -> MockService {
        MockService::new(&self.api)
    }
}

impl Default for Mock {
    fn default() -> Self {
        Self::new()
    }
}

/// There is no key in it.
impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").field("partner", &self.partner()).finish_non_exhaustive()
    }
}
