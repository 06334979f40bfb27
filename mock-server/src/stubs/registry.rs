//! The active stubs, and which of them responds to a request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use http::Method;

use super::Stub;
use crate::state::store::PartnerId;

/// A stub that was added.
#[derive(Debug)]
pub(crate) struct Placed {
    /// Counted from 1 over all stubs of a mock.
    number: u64,
    pub(crate) owner: Option<PartnerId>,
    pub(crate) stub: Stub,
    hits: AtomicU64,
}

impl Placed {
    /// Counts a request that it responds to.
    pub(crate) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests it responded to.
    pub(crate) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    pub(crate) fn id(&self) -> String {
        format!("s-{}", self.number)
    }
}

/// All stubs, in the order they were added.
#[derive(Debug, Default)]
pub(crate) struct StubList {
    added: AtomicU64,
    placed: RwLock<Vec<Arc<Placed>>>,
}

/// What the stubs of a path have for a request.
pub(crate) enum Found {
    Stub(Arc<Placed>),
    /// There is one for this path, and none for this method: the methods of the path's stubs.
    OtherMethods(Vec<Method>),
    Nothing,
}

impl StubList {
    pub(crate) fn add(&self, owner: Option<PartnerId>, stub: Stub) -> Arc<Placed> {
        let placed = self.placed(owner, stub);
        self.write().push(Arc::clone(&placed));
        placed
    }

    /// Replaces all stubs.
    pub(crate) fn replace(&self, by: impl IntoIterator<Item = (Option<PartnerId>, Stub)>) {
        *self.write() = by.into_iter().map(|(owner, stub)| self.placed(owner, stub)).collect();
    }

    fn placed(&self, owner: Option<PartnerId>, stub: Stub) -> Arc<Placed> {
        let number = self.added.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(Placed { number, owner, stub, hits: AtomicU64::new(0) })
    }

    pub(crate) fn retain(&self, keep: impl FnMut(&Arc<Placed>) -> bool) {
        self.write().retain(keep);
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<Placed>>> {
        self.placed.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<Placed>>> {
        self.placed.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stubs of one owner.
    pub(crate) fn of(&self, owner: Option<PartnerId>) -> Vec<Arc<Placed>> {
        self.read().iter().filter(|one| one.owner == owner).cloned().collect()
    }

    /// The stubs of one partner, or of all owners, that responded to no request.
    pub(crate) fn unused(&self, of: Option<PartnerId>) -> Vec<Arc<Placed>> {
        let is_unused = |one: &&Arc<Placed>| (of.is_none() || one.owner == of) && one.hits() == 0;
        self.read().iter().filter(is_unused).cloned().collect()
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<Arc<Placed>> {
        self.read().iter().find(|one| one.id() == id).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether any partner has a stub on this path.
    pub(crate) fn is_on(&self, path: &str) -> bool {
        self.read().iter().any(|one| one.stub.is_on(path))
    }

    /// The stub of one partner, or else of the mock: of several, the one that was added last.
    pub(crate) fn find(
        &self,
        partner: PartnerId,
        method: &Method,
        path: &str,
        is_documented: bool,
    ) -> Found {
        let all = self.read();
        let is_seen = |one: &&Arc<Placed>| {
            one.owner.is_none_or(|owner| owner == partner)
                && one.stub.is_on(path)
                && (!is_documented || one.stub.override_documented)
        };
        let on_path: Vec<_> = all.iter().rev().filter(is_seen).collect();
        let for_method = on_path.iter().filter(|one| one.stub.is_for(method));
        // The partner's come first; of equals, this is the first one, which was added last.
        if let Some(placed) = for_method.min_by_key(|one| one.owner.is_none()) {
            return Found::Stub(Arc::clone(placed));
        }
        if on_path.is_empty() {
            return Found::Nothing;
        }
        Found::OtherMethods(on_path.iter().map(|one| one.stub.method.clone()).collect())
    }
}
