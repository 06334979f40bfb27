//! How a test adds a stub and takes it out.

use std::fmt;
use std::sync::Arc;

use super::handler::RequestHandler;
use crate::state::store::PartnerId;
use crate::stubs::{Placed, Stub, StubError, checked};

pub(crate) fn add(
    handler: &Arc<RequestHandler>,
    owner: Option<PartnerId>,
    stub: Stub,
) -> Result<ActiveStub, StubError> {
    Ok(ActiveStub::new(handler, handler.stubs.add(owner, checked(stub)?)))
}

/// A stub that was added. It stays in force when this is dropped.
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

    /// Takes the stub out: the path is again what it was before.
    pub fn remove(&self) {
        self.handler.stubs.retain(|one| !Arc::ptr_eq(one, &self.placed));
    }
}

impl fmt::Debug for ActiveStub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ActiveStub").field(&self.placed.stub).finish()
    }
}
