//! The mock without a port: all that a test holds of it.

use std::fmt;
use std::sync::Arc;

use axum::Router;

use crate::calls::Calls;
use crate::clock::Clock;
use crate::data::Wallet;
use crate::fault::{Fault, Rule, RuleError};
use crate::faults::{ActiveRule, Faults};
use crate::journal::{RecordedRequest, number_of};
use crate::partner::Partner;
use crate::routes::{Api, MAX_REQUEST_BODY};
use crate::seed::Seed;
use crate::service::MockService;
use crate::stub::Stub;
use crate::stubbing::{self, ActiveStub};
use crate::stubs::StubError;

/// A Partner API of your own without a port: join a client to its [`service`](Self::service) or
/// [`router`](Self::router).
///
/// It is made without a runtime, and time may be paused. Cheap to clone; every clone is the same mock.
/// [`MockServer`](crate::MockServer) is the one with a port.
#[derive(Clone)]
pub struct Mock {
    api: Arc<Api>,
    api_key: String,
    partner: Partner,
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
        let (store, first, api_key) = seed.plant();
        let api = Arc::new(Api::new(store, max_request_body));
        Self { partner: Partner::new(&api, first), api, api_key }
    }

    pub(crate) fn api(&self) -> Arc<Api> {
        Arc::clone(&self.api)
    }

    /// An origin for a client that wants one. Nobody connects to it, and nobody could: the name
    /// is one of those that never resolve (RFC 2606, section 2).
    pub fn url(&self) -> &'static str {
        "https://partner-api.invalid"
    }

    /// A key of the [default partner](Self::partner): its first one in the seed, or one issued at
    /// the start. It works until it is revoked or the partner is deactivated.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The default partner: the first one in the seed.
    pub fn partner(&self) -> Partner {
        self.partner.clone()
    }

    /// Adds a partner: active, with no key, no company and no credit, at the pricing of
    /// [`Wallet::new`]. The name is for you and the journal; two partners may have the same.
    pub fn add_partner(&self, name: impl Into<String>) -> Partner {
        let tenant = self.api.store.add(name.into(), Wallet::new(0), Vec::new());
        Partner::new(&self.api, tenant)
    }

    /// All partners, in the order they were added.
    pub fn partners(&self) -> Vec<Partner> {
        let tenants = self.api.store.tenants();
        tenants.into_iter().map(|tenant| Partner::new(&self.api, tenant)).collect()
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
        stubbing::add(&self.api, None, stub)
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
        f.debug_struct("Mock").field("partner", &self.partner).finish_non_exhaustive()
    }
}
