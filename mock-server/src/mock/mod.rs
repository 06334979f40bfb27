//! The mock without a port: the handles that a test uses, the request pipeline, and the verification of
//! received requests.

mod faults;
pub(crate) mod handler;
pub(crate) mod log;
mod partner;
pub(crate) mod pipeline;
pub(crate) mod request_body;
mod seed_state;
mod service;
mod stubs;
mod verification;

use std::fmt;
use std::sync::Arc;

use axum::Router;

pub use self::faults::{ActiveRule, Faults};
use self::handler::RequestHandler;
pub use self::partner::Partner;
use self::request_body::DEFAULT_MAX_REQUEST_BODY;
use self::seed_state::SeedState;
pub use self::service::MockService;
pub use self::stubs::ActiveStub;
pub(crate) use self::verification::{Count, Matched};
pub use self::verification::{ReceivedRequests, Report, UnknownPath, VerificationError};
use crate::faults::{Fault, Rule, RuleError};
use crate::journal::{EvictedRequests, RecordedRequest, number_of};
use crate::seed::{PartnerSeed, Seed};
use crate::state::clock::Clock;
use crate::state::store::{DuplicateKey, PartnerId};
use crate::stubs::{Stub, StubError};

/// A mock of the Partner API without a port: join a client to its [`service`](Self::service) or
/// [`router`](Self::router).
///
/// It is made without a runtime, and time may be paused. Cheap to clone; every clone is the same mock.
/// [`MockServer`](crate::MockServer) is the one with a port.
#[derive(Clone)]
pub struct Mock {
    handler: Arc<RequestHandler>,
    seed_state: Arc<SeedState>,
    service: MockService,
}

impl Mock {
    /// A mock with the data that the reference shows.
    pub fn new() -> Self {
        Self::seeded(Seed::sample())
    }

    /// A mock that starts with this seed.
    pub fn seeded(seed: Seed) -> Self {
        Self::limited(seed, DEFAULT_MAX_REQUEST_BODY)
    }

    pub(crate) fn limited(seed: Seed, max_request_body: usize) -> Self {
        let handler = Arc::new(RequestHandler::new(max_request_body));
        let (seed_state, service) =
            (Arc::new(SeedState::new(&handler, seed)), MockService::new(&handler));
        Self { handler, seed_state, service }
    }

    pub(crate) fn handler(&self) -> Arc<RequestHandler> {
        Arc::clone(&self.handler)
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
    /// A request that comes meanwhile gets the response of the old seed or of the new one; one that is
    /// under way already may see the data of one and a fault of the other.
    pub fn load(&self, seed: Seed) {
        self.seed_state.load(&self.handler, Some(seed));
    }

    /// Makes the mock again what it was when it started, or when a seed was [loaded](Self::load)
    /// last: partners, keys, data, faults and stubs. The journal is empty then, and a clock that
    /// was held goes on.
    pub fn reset(&self) {
        self.seed_state.load(&self.handler, None);
        self.clear_requests();
        self.clock().resume();
    }

    /// Where its seed comes from: `sample`, `empty`, or `file`.
    pub(crate) fn seed_source(&self) -> &'static str {
        self.seed_state.source()
    }

    /// A key of the [default partner](Self::partner): its first one in the seed, or one issued at
    /// the start. It works until it is revoked or the partner is deactivated.
    pub fn api_key(&self) -> String {
        self.seed_state.key()
    }

    /// The default partner: the first one in the seed.
    pub fn partner(&self) -> Partner {
        Partner::new(&self.handler, self.seed_state.first())
    }

    /// Adds a partner: active, with no key, no company and no credit, at the pricing of
    /// [`Wallet::new`](crate::Wallet::new). The name is for you and the journal; two partners may have the same.
    pub fn add_partner(&self, name: impl Into<String>) -> Partner {
        Partner::new(&self.handler, self.handler.store.add(name.into()))
    }

    /// All partners, in the order they were added.
    pub fn partners(&self) -> Vec<Partner> {
        let partners = self.handler.store.partners();
        partners.into_iter().map(|partner| Partner::new(&self.handler, partner)).collect()
    }

    /// The partner with this [id](Partner::id), as `p-1`.
    pub fn partner_with_id(&self, id: &str) -> Option<Partner> {
        let partner = self.handler.store.partner(PartnerId::parse(id)?)?;
        Some(Partner::new(&self.handler, partner))
    }

    pub(crate) fn add_seeded(&self, seed: PartnerSeed) -> Result<Partner, DuplicateKey> {
        Ok(Partner::new(&self.handler, seed_state::add(&self.handler, seed)?))
    }

    pub(crate) fn rule_with_id(&self, id: &str) -> Option<ActiveRule> {
        Some(ActiveRule::new(&self.handler, self.handler.rules.find(id)?))
    }

    pub(crate) fn stub_with_id(&self, id: &str) -> Option<ActiveStub> {
        Some(ActiveStub::new(&self.handler, self.handler.stubs.with_id(id)?))
    }

    /// Takes a partner out, with its keys, its data, its faults, its stubs and its journal. A
    /// handle that is left of it changes nothing that a request could see.
    ///
    /// Whether it was one of this mock's partners until now. The [default partner](Self::partner)
    /// may be removed as any other.
    pub fn remove_partner(&self, partner: &Partner) -> bool {
        let partner = partner.state();
        let owner = Some(partner.id);
        // The partner goes first: a concurrent addition sees that, and takes it out again.
        let was_there = self.handler.store.remove(partner);
        self.handler.rules.forget(partner.id);
        self.handler.stubs.retain(|placed| placed.owner != owner);
        self.handler.journal.remove(partner.id);
        was_there
    }

    /// The next request gets this fault: the next one of each partner, and of those that come
    /// with no known key.
    ///
    /// # Errors
    ///
    /// If the fault contradicts itself, as a status of 42 does.
    pub fn fail_next(&self, fault: Fault) -> Result<ActiveRule, RuleError> {
        self.faults().add(Rule::new(fault).times(1))
    }

    /// The fault rules of all partners and of the whole mock.
    pub fn faults(&self) -> Faults {
        Faults::new(&self.handler, None)
    }

    /// Adds a response on a path under `/api/v1`, for every partner that has no such stub itself. Of
    /// several, the one that was added last is active.
    ///
    /// # Errors
    ///
    /// If its path is not one under `/api/v1`, or it is one of a documented call and does not
    /// [override](Stub::override_documented) it.
    pub fn add_stub(&self, stub: Stub) -> Result<ActiveStub, StubError> {
        stubs::add(&self.handler, None, stub)
    }

    /// The clock that the journal, the dates in responses and the waits of faults go by.
    pub fn clock(&self) -> Clock {
        self.handler.clock.clone()
    }

    /// The requests that the mock received, oldest first. A request is recorded before its response is
    /// sent.
    ///
    /// Of each partner, and of all that came with no known key, the newest
    /// [`MAX_JOURNAL_ENTRIES`](crate::MAX_JOURNAL_ENTRIES) are kept, in at most
    /// [`MAX_JOURNAL_BYTES`](crate::MAX_JOURNAL_BYTES).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.received_requests().all()
    }

    /// The request of this id, such as `req-7`, if it is still kept.
    pub fn request(&self, request_id: &str) -> Option<RecordedRequest> {
        let entry = self.handler.journal.find(number_of(request_id)?)?;
        Some(self.handler.read(&entry))
    }

    /// Removes all received requests. The next request has the next id all the same.
    pub fn clear_requests(&self) {
        self.handler.journal.clear(None);
    }

    /// The received requests, to be described, counted and waited for.
    pub fn received_requests(&self) -> ReceivedRequests {
        ReceivedRequests::new(&self.handler, None)
    }

    /// How many requests were evicted from the journal since all were
    /// [cleared](Self::clear_requests), or from the start.
    pub fn evicted_requests(&self) -> EvictedRequests {
        self.handler.journal.evicted(None)
    }

    /// What was set up and never used, and requests to unknown paths: of all partners, and of the
    /// mock itself.
    pub fn report(&self) -> Report {
        Report::new(&self.handler, None)
    }

    /// Checks that every stub responded to a request, that every rule was applied to one, and that no
    /// request was to an unknown path: the last line of a test.
    ///
    /// # Errors
    ///
    /// If the [report](Self::report) is not clean; the error lists all that is in it.
    pub fn verify_clean(&self) -> Result<(), VerificationError> {
        self.report().verify_clean(None)
    }

    /// The same service with no socket, to join a client to it in-process. It shares this mock's
    /// partners, rules and journal, needs no Host header, and goes on after the mock is dropped.
    ///
    /// A router cannot fail: where [`service`](Self::service) does, its response has a body that
    /// ends immediately, with the same error.
    pub fn router(&self) -> Router {
        self.service().into_router()
    }

    /// As [`router`](Self::router), as a service that can fail as a broken connection does.
    pub fn service(&self) -> MockService {
        self.service.clone()
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
