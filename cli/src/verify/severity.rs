//! The severity of a finding, and the rule of the contract that it violates.

use serde::Serialize;
use serde_json::Value;

/// What a finding goes against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The service differs from what its reference says or shows.
    Violation,
    /// The service is free to do so; the contract assumed that it does not.
    Assumption,
    /// The service has more than the contract knows.
    Addition,
}

impl Severity {
    pub(crate) const ALL: [Self; 3] = [Self::Violation, Self::Assumption, Self::Addition];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Violation => "violation",
            Self::Assumption => "assumption",
            Self::Addition => "addition",
        }
    }
}

/// Where a rule of the contract comes from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) severity: Severity,
    /// The contract's own words for an assumption.
    pub(crate) reason: Option<String>,
}

impl Source {
    pub(crate) fn documented() -> Self {
        Self { severity: Severity::Violation, reason: None }
    }

    pub(crate) fn addition() -> Self {
        Self { severity: Severity::Addition, reason: None }
    }

    /// That of a keyword of an object of the contract: assumed if `x-assumed` has it.
    pub(crate) fn of(node: &Value, keyword: &str) -> Self {
        match node.get("x-assumed").and_then(|assumed| assumed.get(keyword)) {
            None => Self::documented(),
            Some(reason) => {
                Self { severity: Severity::Assumption, reason: reason.as_str().map(str::to_owned) }
            }
        }
    }
}
