//! The handles by which a test adds rules and takes them out.

use std::fmt;
use std::sync::Arc;

use super::handler::Api;
use crate::faults::registry::{InForce, another_partner, checked, unknown_partner};
use crate::faults::{Rule, RuleError};
use crate::state::store::{Tenant, TenantId};

/// The rules of one partner, by [`Partner::faults`](crate::Partner::faults), or of the whole mock,
/// by [`Mock::faults`](crate::Mock::faults).
///
/// A request goes to the rules in the order they were added, the partner's and the mock's. The
/// first that has a fault for it ends its way: later rules neither see nor count it. A rule of the
/// mock counts each partner's requests for itself, and so those that come with no known key.
#[derive(Clone)]
pub struct Faults {
    api: Arc<Api>,
    owner: Option<Arc<Tenant>>,
}

impl Faults {
    pub(crate) fn new(api: &Arc<Api>, owner: Option<&Arc<Tenant>>) -> Self {
        Self { api: Arc::clone(api), owner: owner.map(Arc::clone) }
    }

    /// Adds a rule, or a fault for every request. It is in force for the next request, and until
    /// it is removed.
    ///
    /// # Errors
    ///
    /// If a rule contradicts itself, or names an operation or a partner that is not there.
    pub fn add(&self, rule: impl Into<Rule>) -> Result<ActiveRule, RuleError> {
        let new = checked(rule.into())?;
        let owner = self.owner_of(new.words.partner.as_deref())?;
        let rule = self.api.rules.add(owner, new);
        Ok(ActiveRule::new(&self.api, rule))
    }

    /// Removes all rules that were added for this partner, or for the whole mock.
    pub fn clear(&self) {
        let owner = self.id();
        self.api.rules.retain(|rule| rule.owner() != owner);
    }

    /// The rules in force that were added for this partner, or for the whole mock, in their text
    /// form. One of a partner's that has had all its `times` is in force no more.
    pub fn rules(&self) -> Vec<String> {
        self.api.rules.texts_of(self.id())
    }

    /// The rules that [`rules`](Self::rules) lists, to be looked at and taken out.
    pub fn active(&self) -> Vec<ActiveRule> {
        let rules = self.api.rules.of(self.id());
        rules.into_iter().map(|rule| ActiveRule::new(&self.api, rule)).collect()
    }

    fn id(&self) -> Option<TenantId> {
        self.owner.as_ref().map(|tenant| tenant.id)
    }

    fn owner_of(&self, wanted: Option<&str>) -> Result<Option<TenantId>, RuleError> {
        let Some(wanted) = wanted else {
            return Ok(self.id());
        };
        let tenants = self.api.store.tenants();
        let mut mine =
            tenants.iter().filter(|tenant| self.owner.is_none() || Some(tenant.id) == self.id());
        let found = mine.find(|tenant| *tenant.name() == *wanted);
        // In a file each name stands once; over HTTP, suites that know nothing of each other may choose
        // the same.
        if mine.any(|tenant| *tenant.name() == *wanted) {
            let message = format!(
                "partner: several are named `{wanted}`, expected one; a rule of a partner's own names none"
            );
            return Err(RuleError::of(message));
        }
        found.map(|tenant| Some(tenant.id)).ok_or_else(|| {
            if let Some(owner) = &self.owner {
                return another_partner(wanted, &owner.name());
            }
            let names: Vec<_> = tenants.iter().map(|tenant| tenant.name()).collect();
            unknown_partner(wanted, names.iter().map(|name| &**name))
        })
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rules()).finish()
    }
}

/// A rule that was added. It stays in force when this is dropped.
#[derive(Clone)]
pub struct ActiveRule {
    api: Arc<Api>,
    rule: Arc<InForce>,
}

impl ActiveRule {
    pub(crate) fn new(api: &Arc<Api>, rule: Arc<InForce>) -> Self {
        Self { api: Arc::clone(api), rule }
    }

    pub(crate) fn in_force(&self) -> &InForce {
        &self.rule
    }

    /// What the control API calls it: `f-1` for the first rule of a mock.
    pub fn id(&self) -> String {
        self.rule.id()
    }

    /// How many requests have met its fault.
    pub fn injected(&self) -> u64 {
        self.rule.injected()
    }

    /// Takes the rule out: no further request meets it.
    pub fn remove(&self) {
        self.api.rules.retain(|rule| !Arc::ptr_eq(rule, &self.rule));
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
            .field("injected", &self.injected())
            .finish_non_exhaustive()
    }
}
