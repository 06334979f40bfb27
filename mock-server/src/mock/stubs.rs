//! How a test adds a stub and takes it out.

use std::fmt;
use std::sync::Arc;

use super::handler::RequestHandler;
use crate::state::keys::api_key;
use crate::state::store::PartnerId;
use crate::stubs::{Placed, Stub, StubError, checked};

pub(crate) fn add(
    handler: &Arc<RequestHandler>,
    owner: Option<PartnerId>,
    stub: Stub,
) -> Result<ActiveStub, StubError> {
    Ok(ActiveStub::new(handler, handler.stubs.add(owner, checked(stub)?)))
}

/// A stub that was added. It stays active when this is dropped.
#[derive(Clone)]
pub struct ActiveStub {
    handler: Arc<RequestHandler>,
    placed: Arc<Placed>,
}

impl ActiveStub {
    pub(crate) fn new(handler: &Arc<RequestHandler>, placed: Arc<Placed>) -> Self {
        Self { handler: Arc::clone(handler), placed }
    }

    pub(crate) fn placed(&self) -> &Placed {
        &self.placed
    }

    /// What the control API calls it: `s-1` for the first stub of a mock.
    pub fn id(&self) -> String {
        self.placed.id()
    }

    /// How many requests it responded to.
    pub fn hits(&self) -> u64 {
        self.placed.hits()
    }

    /// Removes the stub: the path is again what it was before.
    pub fn remove(&self) {
        self.handler.stubs.retain(|one| !Arc::ptr_eq(one, &self.placed));
    }
}

/// Its method and path: `GET /api/v1/stats`.
impl fmt::Display for ActiveStub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stub = &self.placed.stub;
        write!(f, "{} {}", stub.method, api_key::redact_text(&stub.path).escape_debug())
    }
}

impl fmt::Debug for ActiveStub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveStub")
            .field("stub", &self.placed.stub)
            .field("hits", &self.hits())
            .finish_non_exhaustive()
    }
}
