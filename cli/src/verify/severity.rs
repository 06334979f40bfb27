//! The severity of a finding, read from where the contract has the rule.

use serde::Serialize;
use serde_json::Value;

/// How bad a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The service differs from what its reference says or shows.
    Violation,
    /// The service may do so; the contract assumed that it does not.
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
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Source {
    pub(crate) severity: Severity,
    /// The contract's text on why it is assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assumed: Option<String>,
    /// The reference's words that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) documented: Option<String>,
}

impl Source {
    pub(crate) fn violation() -> Self {
        Self { severity: Severity::Violation, assumed: None, documented: None }
    }

    pub(crate) fn addition() -> Self {
        Self { severity: Severity::Addition, ..Self::violation() }
    }

    /// The source of a keyword of the object at this pointer: assumed if its `x-assumed` has the
    /// keyword, otherwise documented in the nearest `x-documented` around it.
    pub(crate) fn of(document: &Value, pointer: &str, keyword: &str) -> Self {
        let node = document.pointer(pointer);
        if let Some(reason) = node.and_then(|node| node.get("x-assumed")?.get(keyword)) {
            let assumed = reason.as_str().map(str::to_owned);
            return Self { severity: Severity::Assumption, assumed, documented: None };
        }
        Self { documented: documented(document, pointer), ..Self::violation() }
    }

    /// Why the contract has the rule, in one line.
    pub(crate) fn reason(&self) -> Option<String> {
        let assumed = self.assumed.as_ref().map(|text| format!("assumed: {text}"));
        assumed.or_else(|| self.documented.as_ref().map(|text| format!("documented: {text}")))
    }
}

fn documented(document: &Value, mut pointer: &str) -> Option<String> {
    while !pointer.is_empty() {
        match document.pointer(pointer).and_then(|node| node.get("x-documented")) {
            Some(Value::String(text)) => return Some(text.clone()),
            Some(Value::Array(texts)) => return texts.first()?.as_str().map(str::to_owned),
            _ => pointer = pointer.rsplit_once('/')?.0,
        }
    }
    None
}
