//! A rule that can be added: whole, and for an operation that is there.

use std::sync::Arc;

use super::{FaultSpec, Rule, RuleError};
use crate::api::ROUTES;
use crate::input::suggest;
use crate::state::api_key;

/// A rule that was checked, and can be added.
#[derive(Debug, Clone)]
pub(crate) struct NewRule {
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

/// A rule that contradicts itself nowhere, and is for an operation that is there.
pub(crate) fn checked(rule: Rule) -> Result<NewRule, RuleError> {
    // A body or a header that a rule says may hold a key, too.
    let text = api_key::redact_text(&rule.to_string()).into();
    let spec = rule.into_spec()?;
    let target = spec.operation.as_deref().map_or(Ok(Target::All), target)?;
    Ok(NewRule { target, spec, text })
}

pub(crate) fn unknown_partner<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> RuleError {
    unknown("partner", wanted, "one of this mock's", names)
}

/// A rule among those of one partner names another.
pub(crate) fn another_partner(wanted: &str, owner: &str) -> RuleError {
    let message =
        format!("partner: found `{wanted}` in a rule of `{owner}`, expected that name, or none");
    RuleError::of(message)
}

/// An operation's name, or a path.
fn target(wanted: &str) -> Result<Target, RuleError> {
    if wanted.starts_with('/') {
        return Ok(Target::Path(wanted.to_owned()));
    }
    let mut names = ROUTES.iter().map(|route| route.name);
    names.clone().find(|name| *name == wanted).map_or_else(
        || {
            let expected = "`companies`, `wallet` or a path from `/`";
            Err(unknown("operation", wanted, expected, &mut names))
        },
        |name| Ok(Target::Operation(name)),
    )
}

fn unknown<'a>(
    option: &str,
    wanted: &str,
    expected: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> RuleError {
    let hint = suggest::did_you_mean(wanted, names);
    RuleError::of(format!("{option}: unknown `{wanted}`, expected {expected}{hint}"))
}
