//! How a mock becomes what a seed says: when it starts, and again while it runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::handler::RequestHandler;
use crate::seed::{PartnerSeed, Seed};
use crate::state::keys::api_key;
use crate::state::store::{DuplicateKey, PartnerState};

/// The seed that a mock was last made of, and the partner that it is about by default.
pub(crate) struct SeedState(Mutex<Inner>);

struct Inner {
    seed: Seed,
    first: Arc<PartnerState>,
    /// A key of the first partner.
    key: String,
}

impl SeedState {
    /// Makes a new mock what the seed says.
    pub(crate) fn new(handler: &RequestHandler, seed: Seed) -> Self {
        let key = seed.first.partner.keys.first().cloned().unwrap_or_else(api_key::generate);
        let first = apply_seed(handler, seed.clone(), &key);
        Self(Mutex::new(Inner { seed, first, key }))
    }

    /// The default partner.
    pub(crate) fn first(&self) -> Arc<PartnerState> {
        Arc::clone(&self.lock().first)
    }

    /// Where the seed comes from that the mock was last made of.
    pub(crate) fn source(&self) -> &'static str {
        self.lock().seed.source
    }

    /// A key of the default partner.
    pub(crate) fn key(&self) -> String {
        self.lock().key.clone()
    }

    /// Makes the mock what another seed says, or again what its seed says.
    pub(crate) fn load(&self, handler: &RequestHandler, seed: Option<Seed>) {
        let inner = &mut *self.lock();
        if let Some(seed) = seed {
            inner.seed = seed;
        }
        let has_mine = |seed: &PartnerSeed| seed.partner.keys.contains(&inner.key);
        if let Some(key) = inner.seed.first.partner.keys.first() {
            inner.key.clone_from(key);
        } else if inner.seed.others.iter().any(has_mine) {
            inner.key = api_key::generate();
        } // Otherwise a test that was given the key keeps using it.
        inner.first = apply_seed(handler, inner.seed.clone(), &inner.key);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first partner gets this key, if the seed gives it none.
fn apply_seed(handler: &RequestHandler, seed: Seed, key: &str) -> Arc<PartnerState> {
    let Seed { mut first, others, faults, stubs, .. } = seed;
    if first.partner.keys.is_empty() {
        first.partner.keys.push(key.to_owned());
    }
    let mut extras = vec![(first.faults, first.stubs)];
    let mut new = Vec::new();
    for other in others {
        new.push(other.partner);
        extras.push((other.faults, other.stubs));
    }
    let (first, removed) = handler.store.replace(first.partner, new, |ids| {
        let owner = |number: Option<usize>| number.and_then(|number| ids.get(number).copied());
        let mut rules: Vec<_> = faults.into_iter().map(|(of, rule)| (owner(of), rule)).collect();
        let mut placed: Vec<_> = stubs.into_iter().map(|stub| (None, stub)).collect();
        for (id, (faults, stubs)) in ids.iter().zip(extras) {
            rules.extend(faults.into_iter().map(|rule| (Some(*id), rule)));
            placed.extend(stubs.into_iter().map(|stub| (Some(*id), stub)));
        }
        handler.rules.replace(rules);
        handler.stubs.replace(placed);
    });
    for partner in removed {
        handler.journal.remove(partner);
    }
    first
}

/// Adds a partner to a mock that runs, or nothing if any of its keys is taken.
pub(crate) fn add(
    handler: &RequestHandler,
    seed: PartnerSeed,
) -> Result<Arc<PartnerState>, DuplicateKey> {
    let partner = handler.store.add_with_keys(seed.partner)?;
    for rule in seed.faults {
        handler.rules.add(Some(partner.id), rule);
    }
    for stub in seed.stubs {
        handler.stubs.add(Some(partner.id), stub);
    }
    Ok(partner)
}
