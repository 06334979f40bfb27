//! The active rules, and which of them applies to a request. Nothing here waits or fails: a decision
//! depends on the rules, on the order of one partner's requests, and on the clock only for a `ttl`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;

use super::applied::{AppliedFault, MAX_RULE};
use super::sampling::{Sampler, text_hash, unit};
use super::{CheckedRule, FaultSpec, Key, Target, Time};
use crate::api::path;
use crate::input::escape::shortened;
use crate::state::clock::Clock;
use crate::state::keys::api_key::KeyHash;
use crate::state::store::{PartnerId, PartnerState};

/// How many rules are remembered that had all their `times`, or whose `ttl` is over.
const MAX_ENDED_RULES: usize = 1000;

/// What of a request rules look at.
#[derive(Clone, Copy)]
pub(crate) struct RequestInfo<'a> {
    pub(crate) partner: Option<&'a PartnerState>,
    pub(crate) token: Option<&'a [u8]>,
    pub(crate) operation: Option<&'static str>,
    pub(crate) path: &'a str,
}

/// A rule that was added.
#[derive(Debug)]
pub(crate) struct RuleState {
    /// Counted from 1 over all rules of a mock.
    number_of_all: u64,
    /// Counted from 1 over those of its owner.
    number: u64,
    owner: Option<PartnerId>,
    rule: CheckedRule,
    /// By the clock of waits.
    expires_at: Option<SignedDuration>,
    /// Whether its `ttl` ended it.
    expired: AtomicBool,
    /// By partner, so that none is in another's way. `None` is all that came with no known key.
    counts: Mutex<BTreeMap<Option<PartnerId>, Count>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    seen: u64,
    hits: u64,
}

/// All active rules, in the order they were added.
#[derive(Debug, Default)]
pub(crate) struct FaultRegistry {
    clock: Clock,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    added: BTreeMap<Option<PartnerId>, u64>,
    added_in_all: u64,
    rules: Vec<Arc<RuleState>>,
    /// The newest rules that are no longer active, so that their hits can still be read.
    ended: VecDeque<Arc<RuleState>>,
    /// How many older ones were never applied.
    forgotten_unused: BTreeMap<Option<PartnerId>, usize>,
}

impl List {
    fn add(
        &mut self,
        owner: Option<PartnerId>,
        rule: CheckedRule,
        now: SignedDuration,
    ) -> Arc<RuleState> {
        self.added_in_all += 1;
        let added = self.added.entry(owner).or_default();
        *added += 1;
        let ttl = rule.spec.ttl.and_then(|Time(ttl)| SignedDuration::try_from(ttl).ok());
        let rule = Arc::new(RuleState {
            number_of_all: self.added_in_all,
            number: *added,
            owner,
            rule,
            expires_at: ttl.map(|ttl| now.saturating_add(ttl)),
            expired: AtomicBool::new(false),
            counts: Mutex::default(),
        });
        self.rules.push(Arc::clone(&rule));
        rule
    }

    /// Takes out rules that are no longer active, and remembers the newest of them.
    fn end(&mut self, is_over: impl Fn(&Arc<RuleState>) -> bool) {
        self.ended.extend(self.rules.extract_if(.., |rule| is_over(rule)));
        let too_many = self.ended.len().saturating_sub(MAX_ENDED_RULES);
        for oldest in self.ended.drain(..too_many).filter(|rule| rule.hits() == 0) {
            *self.forgotten_unused.entry(oldest.owner).or_default() += 1;
        }
    }

    /// Forgets the rules that are not to be kept, active or not.
    fn retain(&mut self, keep: impl Fn(&Arc<RuleState>) -> bool) {
        self.rules.retain(&keep);
        self.ended.retain(&keep);
    }
}

impl FaultRegistry {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    pub(crate) fn add(&self, owner: Option<PartnerId>, rule: CheckedRule) -> Arc<RuleState> {
        self.list().add(owner, rule, self.clock.elapsed())
    }

    /// Forgets all rules, and counts from 1 again for every owner.
    pub(crate) fn replace(&self, by: impl IntoIterator<Item = (Option<PartnerId>, CheckedRule)>) {
        let mut list = self.list();
        *list = List { added_in_all: list.added_in_all, ..List::default() };
        let now = self.clock.elapsed();
        for (owner, rule) in by {
            list.add(owner, rule, now);
        }
    }

    /// Removes a rule, and forgets it.
    pub(crate) fn remove(&self, rule: &Arc<RuleState>) {
        self.list().retain(|one| !Arc::ptr_eq(one, rule));
    }

    /// Removes the rules of one owner, and forgets them.
    pub(crate) fn clear(&self, owner: Option<PartnerId>) {
        let mut list = self.list();
        list.retain(|rule| rule.owner != owner);
        list.forgotten_unused.remove(&owner);
    }

    /// Forgets everything about a partner that was removed.
    pub(crate) fn forget(&self, owner: PartnerId) {
        self.clear(Some(owner));
        self.list().added.remove(&Some(owner));
    }

    /// The rule of this id, active or not.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<RuleState>> {
        let list = self.list();
        let mut all = list.rules.iter().chain(&list.ended);
        all.find(|rule| rule.id() == id).cloned()
    }

    pub(crate) fn is_active(&self, rule: &Arc<RuleState>) -> bool {
        self.list().rules.iter().any(|one| Arc::ptr_eq(one, rule))
    }

    /// How many are active.
    pub(crate) fn len(&self) -> usize {
        self.list().rules.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The active rules of one owner.
    pub(crate) fn of(&self, owner: Option<PartnerId>) -> Vec<Arc<RuleState>> {
        self.list().rules.iter().filter(|rule| rule.owner == owner).cloned().collect()
    }

    /// The active rules of one owner, as text.
    pub(crate) fn texts_of(&self, owner: Option<PartnerId>) -> Vec<String> {
        self.of(owner).iter().map(|rule| rule.text().to_owned()).collect()
    }

    /// The rules of one partner, or of all owners, that were never applied, in the order they were
    /// added; and how many older ones, which expired, are no longer known.
    pub(crate) fn unused(&self, of: Option<PartnerId>) -> (Vec<Arc<RuleState>>, usize) {
        let list = self.list();
        let is_of = |owner: Option<PartnerId>| of.is_none() || owner == of;
        let all = list.rules.iter().chain(&list.ended);
        let unused = all.filter(|rule| is_of(rule.owner) && rule.hits() == 0);
        let mut unused: Vec<_> = unused.cloned().collect();
        unused.sort_unstable_by_key(|rule| rule.number_of_all);
        let forgotten = list.forgotten_unused.iter().filter(|(owner, _)| is_of(**owner));
        (unused, forgotten.map(|(_, count)| count).sum())
    }

    /// The fault for this request. First match wins: later rules neither run nor count the request.
    pub(crate) fn decide(&self, request: RequestInfo<'_>) -> Option<MatchedRule> {
        let mut list = self.list();
        let matched = list.rules.iter().find_map(|rule| rule.decide(request))?;
        if matched.rule.is_exhausted() {
            list.end(|rule| Arc::ptr_eq(rule, &matched.rule));
        }
        Some(matched)
    }

    /// No rule in it has expired.
    fn list(&self) -> MutexGuard<'_, List> {
        let mut list = lock(&self.list);
        if list.rules.iter().any(|rule| rule.expires_at.is_some()) {
            let now = self.clock.elapsed();
            list.end(|rule| rule.expires(now));
        }
        list
    }
}

/// A rule that applies to a request, with its random draws already made.
#[derive(Debug)]
pub(crate) struct MatchedRule {
    pub(crate) rule: Arc<RuleState>,
    pub(crate) applied: AppliedFault,
}

impl MatchedRule {
    pub(crate) fn spec(&self) -> &FaultSpec {
        self.rule.spec()
    }
}

impl RuleState {
    pub(crate) fn id(&self) -> String {
        format!("f-{}", self.number_of_all)
    }

    pub(crate) fn spec(&self) -> &FaultSpec {
        &self.rule.spec
    }

    /// Its text form; a key is `[redacted]`.
    pub(crate) fn text(&self) -> &str {
        &self.rule.text
    }

    /// At most 1000 characters of it.
    pub(crate) fn text_in_short(&self) -> String {
        shortened(self.text(), MAX_RULE)
    }

    pub(crate) fn owner(&self) -> Option<PartnerId> {
        self.owner
    }

    pub(crate) fn hits(&self) -> u64 {
        lock(&self.counts).values().map(|count| count.hits).sum()
    }

    /// How many requests reached it: those for which no earlier rule applied.
    pub(crate) fn reached(&self) -> u64 {
        lock(&self.counts).values().map(|count| count.seen).sum()
    }

    /// Whether its `ttl` is over. Then it is what ended the rule.
    fn expires(&self, now: SignedDuration) -> bool {
        let is_over = self.expires_at.is_some_and(|end| end <= now);
        self.expired.store(is_over, Ordering::Release);
        is_over
    }

    /// Whether its `ttl` ended it.
    pub(crate) fn is_expired(&self) -> bool {
        self.expired.load(Ordering::Acquire)
    }

    /// A rule for every partner is never exhausted: there may be one that it has not applied to yet.
    fn is_exhausted(&self) -> bool {
        self.owner.is_some() && self.spec().times.is_some_and(|times| self.hits() >= times)
    }

    fn decide(self: &Arc<Self>, request: RequestInfo<'_>) -> Option<MatchedRule> {
        if !self.is_for(request) {
            return None;
        }
        let spec = self.spec();
        let mut counts = lock(&self.counts);
        let count = counts.entry(request.partner.map(|one| one.id)).or_default();
        count.seen += 1;
        if spec.times.is_some_and(|times| count.hits >= times) || !is_due(spec, count.seen) {
            return None;
        }
        let sampler = Sampler {
            seed: spec.rng_seed.unwrap_or_default(),
            rule: self.number * 2 + u64::from(self.owner.is_some()),
            partner: request.partner.map_or(0, |partner| text_hash(&partner.name())),
            request: count.seen,
        };
        let draw = spec.probability.map(|probability| (probability, sampler.draw(0)));
        if draw.is_some_and(|(probability, draw)| unit(draw) >= probability) {
            return None;
        }
        count.hits += 1;
        let delay = spec.delay.map_or(Duration::ZERO, |delay| {
            delay.wait((unit(sampler.draw(1)), unit(sampler.draw(2))))
        });
        let applied = AppliedFault {
            rule: Arc::clone(&self.rule.text),
            number: self.number,
            request: count.seen,
            draw: draw.map(|(_, draw)| draw),
            delay,
            error: None,
        };
        Some(MatchedRule { rule: Arc::clone(self), applied })
    }

    fn is_for(&self, request: RequestInfo<'_>) -> bool {
        let is_owners =
            self.owner.is_none() || self.owner == request.partner.map(|partner| partner.id);
        let is_target = match &self.rule.target {
            Target::All => true,
            Target::Operation(name) => request.operation == Some(name),
            Target::Path(path) => path::matches(path, request.path),
        };
        let is_key = |key| request.token.is_some_and(|token| key == Key::Known(KeyHash::of(token)));
        is_owners && is_target && self.spec().key.is_none_or(is_key)
    }
}

/// Whether the schedule, but for chance, is on for the `seen`-th request.
fn is_due(spec: &FaultSpec, seen: u64) -> bool {
    let Some(at @ 1..) = seen.checked_sub(spec.after.unwrap_or_default()) else {
        return false;
    };
    let is_turn = spec.every.is_none_or(|every| at.is_multiple_of(every));
    let is_bad = spec.flapping.is_none_or(|(bad, good)| (at - 1) % bad.saturating_add(good) < bad);
    is_turn && is_bad
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
