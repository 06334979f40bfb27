//! The contract's document, and how it is read: by references, by entries, and strictly.

use regex_lite::Regex;
use serde_json::Value;

/// What the contract has that cannot be checked, or cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("the contract: {0}")]
pub(crate) struct Unreadable(pub(crate) String);

pub(crate) type Read<T> = Result<T, Unreadable>;

/// The contract's document, in which parts are referred to.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) root: &'a Value,
}

impl<'a> Document<'a> {
    /// The part itself, or what it refers to, with the way there.
    pub(super) fn resolved(self, part: &'a Value) -> Read<(&'a Value, Option<&'a str>)> {
        let Some(reference) = part.get("$ref").and_then(Value::as_str) else {
            return Ok((part, None));
        };
        let found = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        let found = found.ok_or_else(|| Unreadable(format!("nothing at {reference}")))?;
        Ok((found, Some(reference)))
    }
}

pub(super) fn regex(pattern: &str) -> Read<Regex> {
    Regex::new(pattern).map_err(|cause| Unreadable(format!("the pattern {pattern}: {cause}")))
}

/// The entries of an object, and none of anything else.
pub(super) fn entries(node: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let object = node.and_then(Value::as_object).into_iter().flatten();
    object.map(|(key, value)| (key.as_str(), value))
}

/// The text that must stand at this place.
pub(super) fn text<'a>(node: &'a Value, pointer: &str) -> Read<&'a str> {
    let found = node.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| Unreadable(format!("no text at {pointer}")))
}
