//! The active rules, and which of them applies to a request. Nothing here waits or fails: a decision
//! depends on the rules, on the order of one partner's requests, and on the clock only for a `ttl`.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;

use super::new_rule::Target;
pub(crate) use super::new_rule::{NewRule, another_partner, checked, unknown_partner};
use super::sampling::{Sampler, text_hash, unit};
use super::{FaultSpec, Key, Time};
use crate::api::path;
use crate::input::escape::shortened;
use crate::state::clock::Clock;
use crate::state::keys::api_key::KeyHash;
use crate::state::keys::redactor::Redactor;
use crate::state::store::{PartnerId, PartnerState};

/// How many rules are remembered that had all their `times`, or whose `ttl` is over.
const MAX_ENDED_RULES: usize = 1000;

/// How many characters of a rule are shown with each request that it was applied to.
const MAX_RULE: usize = 1000;

/// A fault that was applied to a request: by which rule, and how chance fell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedFault {
    rule: Arc<str>,
    number: u64,
    request: u64,
    draw: Option<u64>,
    delay: Duration,
    error: Option<Arc<str>>,
}

impl AppliedFault {
    /// The rule, in its text form; a key is `[redacted]`.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Without the keys that the redactor knows.
    pub(crate) fn redacted(mut self, redactor: &Redactor) -> Self {
        if let Cow::Owned(clean) = redactor.redact(self.rule.as_bytes()) {
            self.rule = String::from_utf8_lossy(&clean).into();
        }
        self
    }

    /// As [`rule`](Self::rule), where it is shown with each request: a body that it says may be
    /// of megabytes.
    pub(crate) fn rule_in_short(&self) -> String {
        shortened(&self.rule, MAX_RULE)
    }

    /// Which rule it was, counted from 1 in the order they were added to its partner, or to the
    /// mock.
    pub fn rule_number(&self) -> u64 {
        self.number
    }

    /// Which of this partner's requests it was that reached the rule, counted from 1.
    pub fn request_number(&self) -> u64 {
        self.request
    }

    /// The number in [0, 1) that was drawn, and was less than the rule's probability.
    pub fn draw(&self) -> Option<f64> {
        self.draw.map(unit)
    }

    /// How long the response, or what came in its place, was made to wait.
    pub fn delay(&self) -> Duration {
        self.delay
    }

    /// Why the fault could not be applied, if the response has no value at one of its JSON pointers.
    /// The client got it in a 500.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    pub(super) fn failed(&mut self, error: &str) {
        self.error = Some(error.into());
    }
}

/// Without the delay, which is the request's. A rule of more than 1000 characters is cut.
impl fmt::Display for AppliedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, request) = (self.number, self.request);
        write!(f, "rule {number} ({}), request {request}", self.rule_in_short())?;
        if let Some(draw) = self.draw() {
            write!(f, ", draw {draw:.6}")?;
        }
        if let Some(error) = self.error() {
            write!(f, ", not applied: {error}")?;
        }
        Ok(())
    }
}

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
    target: Target,
    spec: FaultSpec,
    text: Arc<str>,
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
    /// So that a mock without rules takes no lock.
    any: AtomicBool,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    added: BTreeMap<Option<PartnerId>, u64>,
    added_in_all: u64,
    rules: Vec<Arc<RuleState>>,
    /// When the first rule expires, or earlier.
    next_expiry: Option<SignedDuration>,
    /// The newest rules that are no longer active, so that their hits can still be read.
    ended: VecDeque<Arc<RuleState>>,
    /// How many older ones were never applied.
    forgotten_unused: BTreeMap<Option<PartnerId>, usize>,
}

impl List {
    fn add(
        &mut self,
        owner: Option<PartnerId>,
        new: NewRule,
        now: SignedDuration,
    ) -> Arc<RuleState> {
        self.added_in_all += 1;
        let added = self.added.entry(owner).or_default();
        *added += 1;
        let ttl = new.spec.ttl.map(|Time(ttl)| SignedDuration::try_from(ttl));
        let expires_at = ttl.and_then(Result::ok).map(|ttl| now.saturating_add(ttl));
        let rule = Arc::new(RuleState {
            number_of_all: self.added_in_all,
            number: *added,
            owner,
            target: new.target,
            spec: new.spec,
            text: new.text,
            expires_at,
            expired: AtomicBool::new(false),
            counts: Mutex::default(),
        });
        let expiries = self.next_expiry.into_iter().chain(expires_at);
        self.next_expiry = expiries.min();
        self.rules.push(Arc::clone(&rule));
        rule
    }

    /// Takes out the rules whose `ttl` is over.
    fn expire(&mut self, now: SignedDuration) {
        let is_over = |rule: &mut Arc<RuleState>| rule.expires_at.is_some_and(|end| end <= now);
        let over: Vec<_> = self.rules.extract_if(.., is_over).collect();
        self.next_expiry = self.rules.iter().filter_map(|rule| rule.expires_at).min();
        for rule in over {
            rule.expired.store(true, Ordering::Release);
            self.remember(rule);
        }
    }

    /// Takes out a rule that has had all its `times`.
    fn retire(&mut self, rule: &Arc<RuleState>) {
        if let Some(at) = self.rules.iter().position(|one| Arc::ptr_eq(one, rule)) {
            let rule = self.rules.remove(at);
            self.remember(rule);
        }
    }

    fn remember(&mut self, rule: Arc<RuleState>) {
        self.ended.push_back(rule);
        if self.ended.len() > MAX_ENDED_RULES
            && let Some(oldest) = self.ended.pop_front()
            && oldest.hits() == 0
        {
            *self.forgotten_unused.entry(oldest.owner).or_default() += 1;
        }
    }
}

impl FaultRegistry {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    pub(crate) fn add(&self, owner: Option<PartnerId>, new: NewRule) -> Arc<RuleState> {
        self.change(|list| list.add(owner, new, self.clock.elapsed()))
    }

    /// Forgets all rules, and counts from 1 again for every owner.
    pub(crate) fn replace(&self, by: impl IntoIterator<Item = (Option<PartnerId>, NewRule)>) {
        let now = self.clock.elapsed();
        self.change(|list| {
            *list = List { added_in_all: list.added_in_all, ..List::default() };
            for (owner, new) in by {
                list.add(owner, new, now);
            }
        });
    }

    /// Removes a rule, and forgets it.
    pub(crate) fn remove(&self, rule: &Arc<RuleState>) {
        self.change(|list| {
            list.ended.retain(|one| !Arc::ptr_eq(one, rule));
            list.rules.retain(|one| !Arc::ptr_eq(one, rule));
        });
    }

    /// Removes the rules of one owner, and forgets them.
    pub(crate) fn clear(&self, owner: Option<PartnerId>) {
        self.change(|list| {
            list.ended.retain(|rule| rule.owner != owner);
            list.rules.retain(|rule| rule.owner != owner);
            list.forgotten_unused.remove(&owner);
        });
    }

    /// Forgets everything about a partner that was removed.
    pub(crate) fn forget(&self, owner: PartnerId) {
        self.clear(Some(owner));
        self.change(|list| list.added.remove(&Some(owner)));
    }

    /// The rule of this id, and whether it is active.
    pub(crate) fn find(&self, id: &str) -> Option<(Arc<RuleState>, bool)> {
        let list = self.list();
        let active = list.rules.iter().map(|rule| (rule, true));
        let mut all = active.chain(list.ended.iter().map(|rule| (rule, false)));
        let (rule, is_active) = all.find(|(rule, _)| rule.id() == id)?;
        Some((Arc::clone(rule), is_active))
    }

    pub(crate) fn is_active(&self, rule: &Arc<RuleState>) -> bool {
        self.list().rules.iter().any(|one| Arc::ptr_eq(one, rule))
    }

    /// How many are active.
    pub(crate) fn len(&self) -> usize {
        self.list().rules.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    /// The active rules of one owner.
    pub(crate) fn of(&self, owner: Option<PartnerId>) -> Vec<Arc<RuleState>> {
        self.list().rules.iter().filter(|rule| rule.owner == owner).cloned().collect()
    }

    /// The active rules of one owner, as text.
    pub(crate) fn texts_of(&self, owner: Option<PartnerId>) -> Vec<String> {
        self.of(owner).iter().map(|rule| rule.text.to_string()).collect()
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
        let decided = self.list().rules.iter().find_map(|rule| rule.decide(request));
        let rule = &decided.as_ref()?.rule;
        if rule.is_exhausted() {
            self.change(|list| list.retire(rule));
        }
        decided
    }

    fn change<R>(&self, change: impl FnOnce(&mut List) -> R) -> R {
        let mut list = self.list();
        let result = change(&mut list);
        self.any.store(!list.rules.is_empty(), Ordering::Release);
        result
    }

    /// No rule in it has expired.
    fn list(&self) -> MutexGuard<'_, List> {
        let mut list = lock(&self.list);
        if let Some(next) = list.next_expiry {
            let now = self.clock.elapsed();
            if now >= next {
                list.expire(now);
                self.any.store(!list.rules.is_empty(), Ordering::Release);
            }
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
        &self.spec
    }

    /// Its text form; a key is `[redacted]`.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// At most 1000 characters of it.
    pub(crate) fn text_in_short(&self) -> String {
        shortened(&self.text, MAX_RULE)
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

    /// Whether its `ttl` ended it.
    pub(crate) fn is_expired(&self) -> bool {
        self.expired.load(Ordering::Acquire)
    }

    /// A rule for every partner is never exhausted: there may be one that it has not applied to yet.
    fn is_exhausted(&self) -> bool {
        let is_over = |times| self.hits() >= times;
        self.owner.is_some() && self.spec.times.is_some_and(is_over)
    }

    fn decide(self: &Arc<Self>, request: RequestInfo<'_>) -> Option<MatchedRule> {
        if !self.is_for(request) {
            return None;
        }
        let mut counts = lock(&self.counts);
        let count = counts.entry(request.partner.map(|one| one.id)).or_default();
        count.seen += 1;
        if self.spec.times.is_some_and(|times| count.hits >= times) {
            return None;
        }
        let sampler = Sampler {
            seed: self.spec.rng_seed.unwrap_or_default(),
            rule: self.number * 2 + u64::from(self.owner.is_some()),
            partner: request.partner.map_or(0, |partner| text_hash(&partner.name())),
            request: count.seen,
        };
        if !is_due(&self.spec, count.seen) {
            return None;
        }
        let draw = self.spec.probability.map(|probability| (probability, sampler.draw(0)));
        if draw.is_some_and(|(probability, draw)| unit(draw) >= probability) {
            return None;
        }
        count.hits += 1;
        let delay = self.spec.delay.map_or(Duration::ZERO, |delay| {
            delay.wait((unit(sampler.draw(1)), unit(sampler.draw(2))))
        });
        Some(MatchedRule {
            rule: Arc::clone(self),
            applied: AppliedFault {
                rule: Arc::clone(&self.text),
                number: self.number,
                request: count.seen,
                draw: draw.map(|(_, draw)| draw),
                delay,
                error: None,
            },
        })
    }

    fn is_for(&self, request: RequestInfo<'_>) -> bool {
        let is_owners = match self.owner {
            None => true,
            owner => owner == request.partner.map(|partner| partner.id),
        };
        let is_target = match &self.target {
            Target::All => true,
            Target::Operation(name) => request.operation == Some(name),
            Target::Path(path) => path::matches(path, request.path),
        };
        let is_key = |key| {
            let token = request.token.map(KeyHash::of);
            token.is_some_and(|token| key == Key::Known(token))
        };
        is_owners && is_target && self.spec.key.is_none_or(is_key)
    }
}

/// Whether the schedule, but for chance, is on for the `seen`-th request.
fn is_due(spec: &FaultSpec, seen: u64) -> bool {
    let Some(at @ 1..) = seen.checked_sub(spec.after.unwrap_or_default()) else {
        return false;
    };
    let is_turn = spec.every.is_none_or(|every| at.is_multiple_of(every));
    let is_bad = spec.flapping.is_none_or(|flapping| {
        (at - 1) % flapping.bad.saturating_add(flapping.good) < flapping.bad
    });
    is_turn && is_bad
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{Fault, Rule};

    /// Which of the next requests, counted from 1, get the fault.
    fn hits(rule: Rule, requests: u64) -> Vec<u64> {
        let rules = FaultRegistry::default();
        let text = rule.to_string().into();
        let spec = rule.into_spec().unwrap();
        rules.add(None, NewRule { target: Target::All, spec, text });
        let request = RequestInfo { partner: None, token: None, operation: None, path: "/" };
        let is_hit = |_: &u64| rules.decide(request).is_some();
        (1..=requests).filter(is_hit).collect()
    }

    fn rule() -> Rule {
        Rule::new(Fault::reset())
    }

    #[test]
    fn each_schedule_is_on_when_it_says() {
        let rows = [
            (rule(), vec![1, 2, 3, 4, 5, 6, 7, 8]),
            (rule().times(2), vec![1, 2]),
            (rule().times(0), vec![]),
            (rule().after(3).times(2), vec![4, 5]),
            (rule().every(3), vec![3, 6]),
            (rule().every(3).times(1), vec![3]),
            (rule().after(1).every(3), vec![4, 7]),
            (rule().flapping(2, 3), vec![1, 2, 6, 7]),
            (rule().after(u64::MAX), vec![]),
            (rule().flapping(u64::MAX, u64::MAX).times(1), vec![1]),
        ];
        for (rule, expected) in rows {
            assert_eq!(hits(rule.clone(), 8), expected, "{rule}");
        }
    }

    #[test]
    fn rates_of_0_and_1_are_exact_and_others_near() {
        for seed in 0..20 {
            assert_eq!(hits(rule().probability(0.0).rng_seed(seed), 2000), [0; 0]);
            assert_eq!(hits(rule().probability(1.0).rng_seed(seed), 2000).len(), 2000);
            let quarter = hits(rule().probability(0.25).rng_seed(seed), 2000).len();
            assert!((400..600).contains(&quarter), "{quarter}");
        }
    }

    #[test]
    fn a_seed_means_the_same_for_ever() {
        assert_eq!(hits(rule().probability(0.2).rng_seed(7), 20), [8, 14, 15, 18]);
    }
}
