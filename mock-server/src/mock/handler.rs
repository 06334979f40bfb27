//! The state of a mock: what its requests are handled with.

use super::request_body::BodyLimits;
use crate::faults::registry::FaultRegistry;
use crate::journal::{Entry, Journal, RecordedRequest};
use crate::state::clock::Clock;
use crate::state::store::Store;
use crate::stubs::StubList;

/// Partners, rules, stubs, the clock, and the requests that were received.
#[derive(Debug)]
pub(crate) struct RequestHandler {
    pub(crate) store: Store,
    pub(crate) journal: Journal,
    pub(crate) rules: FaultRegistry,
    pub(crate) stubs: StubList,
    pub(crate) clock: Clock,
    /// The bounds of the body of a request to a stub.
    pub(crate) body_limits: BodyLimits,
}

impl RequestHandler {
    pub(crate) fn new(max_request_body: usize) -> Self {
        let clock = Clock::default();
        Self {
            store: Store::default(),
            journal: Journal::default(),
            rules: FaultRegistry::new(clock.clone()),
            stubs: StubList::default(),
            clock,
            body_limits: BodyLimits::new(max_request_body),
        }
    }

    /// An entry of the journal as a test reads it.
    pub(crate) fn read(&self, entry: &Entry) -> RecordedRequest {
        let partner = entry.partner.and_then(|id| self.store.partner(id));
        entry.read(partner.map(|partner| partner.name().to_string()))
    }
}
