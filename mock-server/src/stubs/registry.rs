//! The active stubs, and which of them responds to a request.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

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
    /// So that a mock without stubs takes no lock.
    any: AtomicBool,
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
    pub(crate) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    pub(crate) fn add(&self, owner: Option<PartnerId>, stub: Stub) -> Arc<Placed> {
        let placed = self.placed(owner, stub);
        self.change(|all| all.push(Arc::clone(&placed)));
        placed
    }

    /// Puts these in the place of all that there are.
    pub(crate) fn replace(&self, by: impl IntoIterator<Item = (Option<PartnerId>, Stub)>) {
        let placed = by.into_iter().map(|(owner, stub)| self.placed(owner, stub)).collect();
        self.change(|all| *all = placed);
    }

    fn placed(&self, owner: Option<PartnerId>, stub: Stub) -> Arc<Placed> {
        let number = self.added.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(Placed { number, owner, stub, hits: AtomicU64::new(0) })
    }

    pub(crate) fn retain(&self, keep: impl FnMut(&Arc<Placed>) -> bool) {
        self.change(|all| all.retain(keep));
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Placed>>)) {
        let mut placed = self.placed.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut placed);
        self.any.store(!placed.is_empty(), Ordering::Release);
    }

    fn read<R>(&self, look: impl FnOnce(&[Arc<Placed>]) -> R) -> R {
        look(&self.placed.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The stubs of one owner.
    pub(crate) fn of(&self, owner: Option<PartnerId>) -> Vec<Arc<Placed>> {
        self.read(|all| all.iter().filter(|one| one.owner == owner).cloned().collect())
    }

    /// The stubs of one partner, or of all owners, that responded to no request.
    pub(crate) fn unused(&self, of: Option<PartnerId>) -> Vec<Arc<Placed>> {
        let is_of = |one: &&Arc<Placed>| of.is_none() || one.owner == of;
        let is_unused = |one: &&Arc<Placed>| one.hits() == 0;
        self.read(|all| all.iter().filter(is_of).filter(is_unused).cloned().collect())
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<Arc<Placed>> {
        self.read(|all| all.iter().find(|one| one.id() == id).cloned())
    }

    pub(crate) fn len(&self) -> usize {
        self.read(<[_]>::len)
    }

    /// Whether any partner has a stub on this path.
    #[cold]
    pub(crate) fn is_on(&self, path: &str) -> bool {
        self.read(|all| all.iter().any(|one| one.stub.is_on(path)))
    }

    /// The stub of one partner, or else of the mock: of several, the one that was added last.
    pub(crate) fn find(
        &self,
        partner: PartnerId,
        method: &Method,
        path: &str,
        is_documented: bool,
    ) -> Found {
        self.read(|all| {
            let may = |one: &&Arc<Placed>| !is_documented || one.stub.override_documented;
            let on_path = || all.iter().rev().filter(|one| one.stub.is_on(path)).filter(may);
            let of = |owner| {
                let mine = move |one: &&Arc<Placed>| one.owner == owner;
                on_path().filter(mine).find(|one| one.stub.is_for(method))
            };
            if let Some(placed) = of(Some(partner)).or_else(|| of(None)) {
                return Found::Stub(Arc::clone(placed));
            }
            let is_seen = |one: &&Arc<Placed>| one.owner.is_none_or(|owner| owner == partner);
            let methods: Vec<_> =
                on_path().filter(is_seen).map(|one| one.stub.method.clone()).collect();
            if methods.is_empty() { Found::Nothing } else { Found::OtherMethods(methods) }
        })
    }
}
