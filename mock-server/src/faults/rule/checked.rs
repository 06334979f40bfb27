//! A rule that can be added: whole, and for an operation that is there.

use std::sync::Arc;

use super::{FaultSpec, Rule, RuleError};
use crate::api::{ROUTES, path};
use crate::input::suggest;
use crate::state::keys::api_key;

/// A rule that contradicts itself nowhere, and is for an operation that is there.
#[derive(Debug, Clone)]
pub(crate) struct CheckedRule {
    pub(crate) target: Target,
    pub(crate) spec: FaultSpec,
    /// Its text form; a key is `[redacted]`.
    pub(crate) text: Arc<str>,
}

/// Which requests a rule is for, of those of its partner.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    All,
    Operation(&'static str),
    Path(String),
}

impl CheckedRule {
    pub(crate) fn new(rule: Rule) -> Result<Self, RuleError> {
        rule.0.check()?;
        let target = rule.0.operation.as_deref().map_or(Ok(Target::All), target)?;
        // A body or a header that a rule says may hold a key as well.
        let text = api_key::redact_text(&rule.to_string()).into();
        Ok(Self { target, spec: rule.0, text })
    }
}

/// The requests of a documented operation, or of any other path.
fn target(wanted: &str) -> Result<Target, RuleError> {
    let path = path::full(wanted);
    if let Some(route) = ROUTES.iter().find(|route| route.path == path) {
        return Ok(Target::Operation(route.name));
    }
    if !path::is_possible(&path) {
        let message = format!(
            "no request has the path `{path}`; expected it percent-encoded, without a query"
        );
        return Err(RuleError::of("operation", message));
    }
    // One letter off a documented name, it is more likely a typo than another path.
    let mut names = ROUTES.iter().map(|route| route.name);
    match names.find(|name| strsim::osa_distance(name, wanted) == 1) {
        Some(name) => Err(RuleError::of(
            "operation",
            format!("unknown `{wanted}`; did you mean `{name}`? If not, write `/{wanted}`"),
        )),
        None => Ok(Target::Path(path)),
    }
}

/// A rule names a partner that is not there.
pub(crate) fn unknown_partner<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> RuleError {
    let hint = suggest::did_you_mean(wanted, names);
    RuleError::of("partner", format!("unknown `{wanted}`, expected one of this mock's{hint}"))
}

/// A rule among those of one partner names another.
pub(crate) fn another_partner(wanted: &str, owner: &str) -> RuleError {
    let message = format!("found `{wanted}` in a rule of `{owner}`, expected that name, or none");
    RuleError::of("partner", message)
}
