//! The rules in force, and which request meets which of them. Nothing here waits, fails or looks
//! at a clock: what is decided hangs on the rules and on the order of one partner's requests.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::new_rule::Target;
pub(crate) use super::new_rule::{NewRule, another_partner, checked, unknown_partner};
use super::sampling::{Sampler, text_hash, unit};
use super::{FaultSpec, Key};
use crate::api::path;
use crate::input::escape::shortened;
use crate::state::keys::api_key::KeyHash;
use crate::state::keys::redactor::Redactor;
use crate::state::store::{PartnerId, PartnerState};

/// How many rules are remembered that had all their `times`.
const MAX_EXHAUSTED_RULES: usize = 1000;

/// How many characters of a rule are shown with each request that met it.
const MAX_RULE: usize = 1000;

/// A fault that met a request: by which rule, and how chance fell.
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

/// A rule of more than 1000 characters is cut.
impl fmt::Display for AppliedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, request) = (self.number, self.request);
        write!(f, "rule {number} ({}), request {request}", self.rule_in_short())?;
        if let Some(draw) = self.draw() {
            write!(f, ", draw {draw:.6}")?;
        }
        if !self.delay.is_zero() {
            write!(f, ", delay {:?}", self.delay)?;
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
    pub(crate) token: Option<&'a str>,
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
    /// By partner, so that none is in another's way. `None` is all that came with no known key.
    counts: Mutex<BTreeMap<Option<PartnerId>, Count>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    seen: u64,
    hits: u64,
}

/// All rules in force, in the order they were added.
#[derive(Debug, Default)]
pub(crate) struct FaultRegistry {
    /// So that a mock without rules takes no lock.
    any: AtomicBool,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    added: BTreeMap<Option<PartnerId>, u64>,
    added_in_all: u64,
    rules: Vec<Arc<RuleState>>,
    /// The newest rules that are no longer active, so that their hits can still be read.
    exhausted: VecDeque<Arc<RuleState>>,
}

impl List {
    fn add(&mut self, owner: Option<PartnerId>, new: NewRule) -> Arc<RuleState> {
        self.added_in_all += 1;
        let added = self.added.entry(owner).or_default();
        *added += 1;
        let rule = Arc::new(RuleState {
            number_of_all: self.added_in_all,
            number: *added,
            owner,
            target: new.target,
            spec: new.spec,
            text: new.text,
            counts: Mutex::default(),
        });
        self.rules.push(Arc::clone(&rule));
        rule
    }
}

impl FaultRegistry {
    pub(crate) fn add(&self, owner: Option<PartnerId>, new: NewRule) -> Arc<RuleState> {
        let mut list = lock(&self.list);
        let rule = list.add(owner, new);
        self.any.store(true, Ordering::Release);
        rule
    }

    /// Forgets all rules, and counts from 1 again for every owner.
    pub(crate) fn replace(&self, by: impl IntoIterator<Item = (Option<PartnerId>, NewRule)>) {
        let mut list = lock(&self.list);
        *list = List { added_in_all: list.added_in_all, ..List::default() };
        for (owner, new) in by {
            list.add(owner, new);
        }
        self.any.store(!list.rules.is_empty(), Ordering::Release);
    }

    /// Takes out the rules that are not to be kept, and forgets them.
    pub(crate) fn retain(&self, mut keep: impl FnMut(&Arc<RuleState>) -> bool) {
        let mut list = lock(&self.list);
        list.exhausted.retain(&mut keep);
        list.rules.retain(keep);
        self.any.store(!list.rules.is_empty(), Ordering::Release);
    }

    /// Forgets all about a partner that was removed.
    pub(crate) fn forget(&self, owner: PartnerId) {
        self.retain(|rule| rule.owner != Some(owner));
        lock(&self.list).added.remove(&Some(owner));
    }

    /// Takes out a rule that has had all its `times`, and remembers it for a while.
    fn retire(&self, rule: &Arc<RuleState>) {
        let mut list = lock(&self.list);
        let before = list.rules.len();
        list.rules.retain(|one| !Arc::ptr_eq(one, rule));
        if list.rules.len() == before {
            return;
        }
        list.exhausted.push_back(Arc::clone(rule));
        if list.exhausted.len() > MAX_EXHAUSTED_RULES {
            list.exhausted.pop_front();
        }
        self.any.store(!list.rules.is_empty(), Ordering::Release);
    }

    /// The rule of this id, and whether it is in force.
    pub(crate) fn find(&self, id: &str) -> Option<(Arc<RuleState>, bool)> {
        let list = lock(&self.list);
        let in_force = list.rules.iter().map(|rule| (rule, true));
        let mut all = in_force.chain(list.exhausted.iter().map(|rule| (rule, false)));
        let (rule, is_in_force) = all.find(|(rule, _)| rule.id() == id)?;
        Some((Arc::clone(rule), is_in_force))
    }

    /// How many are in force.
    pub(crate) fn len(&self) -> usize {
        lock(&self.list).rules.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    /// The rules of one owner.
    pub(crate) fn of(&self, owner: Option<PartnerId>) -> Vec<Arc<RuleState>> {
        let list = lock(&self.list);
        list.rules.iter().filter(|rule| rule.owner == owner).cloned().collect()
    }

    /// The rules of one owner, as text.
    pub(crate) fn texts_of(&self, owner: Option<PartnerId>) -> Vec<String> {
        self.of(owner).iter().map(|rule| rule.text.to_string()).collect()
    }

    /// The fault that meets this request. It goes to the rules in order; the first that has a
    /// fault for it ends its way, and later ones never see it.
    pub(crate) fn decide(&self, request: RequestInfo<'_>) -> Option<MatchedRule> {
        let decided = {
            let list = lock(&self.list);
            list.rules.iter().find_map(|rule| rule.decide(request))
        };
        let rule = &decided.as_ref()?.rule;
        if rule.is_exhausted() {
            self.retire(rule);
        }
        decided
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

    pub(crate) fn owner(&self) -> Option<PartnerId> {
        self.owner
    }

    pub(crate) fn hits(&self) -> u64 {
        lock(&self.counts).values().map(|count| count.hits).sum()
    }

    /// A rule for every partner is never exhausted: there may be one that it has not met yet.
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

    /// Which of the next requests, counted from 1, meet the fault.
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
