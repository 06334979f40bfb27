//! The handles by which a test adds rules and takes them out.

use std::fmt;
use std::sync::Arc;

use super::handler::RequestHandler;
use crate::faults::registry::RuleState;
use crate::faults::{CheckedRule, Rule, RuleError, another_partner, unknown_partner};
use crate::state::store::{PartnerId, PartnerState};

/// The rules of one partner, by [`Partner::faults`](crate::Partner::faults), or of the whole mock,
/// by [`Mock::faults`](crate::Mock::faults).
///
/// A request goes to the rules in the order they were added, the partner's and the mock's. The
/// first that has a fault for it ends its way: later rules neither see nor count it. A rule of the
/// mock counts each partner's requests for itself, and so those that come with no known key.
#[derive(Clone)]
pub struct Faults {
    handler: Arc<RequestHandler>,
    owner: Option<Arc<PartnerState>>,
}

impl Faults {
    pub(crate) fn new(handler: &Arc<RequestHandler>, owner: Option<&Arc<PartnerState>>) -> Self {
        Self { handler: Arc::clone(handler), owner: owner.map(Arc::clone) }
    }

    /// Adds a rule, or a fault for every request. It is active from the next request on, until it is
    /// removed or its `ttl` is over.
    ///
    /// # Errors
    ///
    /// If a rule contradicts itself, or names an operation or a partner that is not there.
    pub fn add(&self, rule: impl Into<Rule>) -> Result<ActiveRule, RuleError> {
        let new = CheckedRule::new(rule.into())?;
        let owner = self.owner_of(new.spec.partner.as_deref())?;
        let rule = self.handler.rules.add(owner, new);
        Ok(ActiveRule::new(&self.handler, rule))
    }

    /// Removes all rules that were added for this partner, or for the whole mock.
    pub fn clear(&self) {
        self.handler.rules.clear(self.id());
    }

    /// The active rules that were added for this partner, or for the whole mock, in their text form.
    /// A rule is no longer active when its `ttl` is over, or if it is a partner's and has had all its
    /// `times`.
    pub fn rules(&self) -> Vec<String> {
        self.handler.rules.texts_of(self.id())
    }

    /// The rules that [`rules`](Self::rules) lists, to be looked at and taken out.
    pub fn active(&self) -> Vec<ActiveRule> {
        let rules = self.handler.rules.of(self.id());
        rules.into_iter().map(|rule| ActiveRule::new(&self.handler, rule)).collect()
    }

    fn id(&self) -> Option<PartnerId> {
        self.owner.as_ref().map(|partner| partner.id)
    }

    fn owner_of(&self, wanted: Option<&str>) -> Result<Option<PartnerId>, RuleError> {
        let Some(wanted) = wanted else {
            return Ok(self.id());
        };
        let partners = self.handler.store.partners();
        let mut mine =
            partners.iter().filter(|partner| self.owner.is_none() || Some(partner.id) == self.id());
        let found = mine.find(|partner| *partner.name() == *wanted);
        // In a file each name is unique; over HTTP, suites that know nothing of each other may choose
        // the same.
        if mine.any(|partner| *partner.name() == *wanted) {
            let message = format!(
                "several are named `{wanted}`, expected one; a rule of a partner's own names none"
            );
            return Err(RuleError::of("partner", message));
        }
        found.map(|partner| Some(partner.id)).ok_or_else(|| {
            if let Some(owner) = &self.owner {
                return another_partner(wanted, &owner.name());
            }
            let names: Vec<_> = partners.iter().map(|partner| partner.name()).collect();
            unknown_partner(wanted, names.iter().map(|name| &**name))
        })
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rules()).finish()
    }
}

/// A rule that was added. It stays active when this is dropped.
#[derive(Clone)]
pub struct ActiveRule {
    handler: Arc<RequestHandler>,
    rule: Arc<RuleState>,
}

impl ActiveRule {
    pub(crate) fn new(handler: &Arc<RequestHandler>, rule: Arc<RuleState>) -> Self {
        Self { handler: Arc::clone(handler), rule }
    }

    pub(crate) fn state(&self) -> &RuleState {
        &self.rule
    }

    /// What the control API calls it: `f-1` for the first rule of a mock.
    pub fn id(&self) -> String {
        self.rule.id()
    }

    /// How many requests it was applied to.
    pub fn hits(&self) -> u64 {
        self.rule.hits()
    }

    /// How many requests reached it: those that it is for, and that no earlier rule was applied to.
    pub fn reached(&self) -> u64 {
        self.rule.reached()
    }

    /// Returns true if it can be applied to requests: it was not removed, its `ttl` is not over, and
    /// it has not had all its `times`.
    pub fn is_active(&self) -> bool {
        self.handler.rules.is_active(&self.rule)
    }

    /// Returns true if its `ttl` is over and was what ended it.
    pub fn is_expired(&self) -> bool {
        !self.is_active() && self.rule.is_expired()
    }

    /// Removes the rule: it is applied to no further request.
    pub fn remove(&self) {
        self.handler.rules.remove(&self.rule);
    }
}

/// The text form; a key is `[redacted]`.
impl fmt::Display for ActiveRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule.text())
    }
}

impl fmt::Debug for ActiveRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveRule")
            .field("rule", &self.rule.text())
            .field("hits", &self.hits())
            .finish_non_exhaustive()
    }
}
