//! Checks a body against its schema: what jsonschema reports, as findings with their severity.

use std::collections::HashSet;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::body::{self, HALF_PAIR};
use super::findings::{Findings, Kind, type_of};
use super::schema::{BodySchema, KNOWN_VALUES, Part, WHOLE};
use super::severity::Source;
use crate::remote::{is_enum_value, is_field_name};

/// Checks a whole body. The error is that of its JSON, and holds nothing of its text.
pub(crate) fn check(
    schema: &BodySchema,
    findings: &mut Findings,
    text: &str,
) -> Result<(), serde_json::Error> {
    let body = body::read(text)?;
    let mut checker = Checker { schema, findings, reported: HashSet::new() };
    checker.walk(&schema.root, &body.value, "");
    for pointer in &body.duplicates {
        checker.duplicate(pointer);
    }
    let mut errors: Vec<_> = schema.validator.iter_errors(&body.value).collect();
    errors.sort_by_key(priority);
    for error in &errors {
        checker.error(error);
    }
    Ok(())
}

/// A value is reported once, for its first error in this order: a later one would say the same.
fn priority(error: &ValidationError<'_>) -> u8 {
    match error.kind() {
        ValidationErrorKind::Type { .. } => 0,
        ValidationErrorKind::Custom { keyword, .. } if keyword == KNOWN_VALUES => 4,
        ValidationErrorKind::Custom { keyword, .. } if keyword == WHOLE => 1,
        ValidationErrorKind::Custom { .. } | ValidationErrorKind::Constant { .. } => 2,
        _ => 3,
    }
}

struct Checker<'a> {
    schema: &'a BodySchema,
    findings: &'a mut Findings,
    /// The JSON pointers of values that are reported.
    reported: HashSet<String>,
}

impl Checker<'_> {
    /// Counts the parts of a body, and finds strings that are not Unicode.
    fn walk(&mut self, part: &Part, value: &Value, pointer: &str) {
        self.findings.count(part, true);
        match value {
            Value::Object(map) => {
                for (name, field) in part.fields() {
                    match map.get(name) {
                        Some(value) => self.walk(field, value, &format!("{pointer}/{name}")),
                        None => self.findings.count(field, false),
                    }
                }
            }
            Value::Array(values) => {
                let Some(items) = part.items() else { return };
                for (index, value) in values.iter().enumerate() {
                    self.walk(items, value, &format!("{pointer}/{index}"));
                }
            }
            Value::String(text) if text.contains(HALF_PAIR) && part.expected == "a string" => {
                let message = "a string with half of a surrogate pair".to_owned();
                self.report(pointer, (Kind::Format, Source::violation(), message), value);
            }
            _ => {}
        }
    }

    fn report(&mut self, pointer: &str, found: (Kind, Source, String), value: &Value) {
        if let Some((part, place)) = self.schema.root.at(pointer)
            && self.reported.insert(pointer.to_owned())
        {
            self.findings.add(part, place, found, Some(value));
        }
    }

    fn duplicate(&mut self, pointer: &str) {
        if let Some((part, place)) = self.schema.root.at(pointer) {
            self.findings.count(part, true);
            let message = "a field that its object has twice".to_owned();
            let found = (Kind::DuplicateField, Source::violation(), message);
            self.findings.add(part, place, found, None);
        }
    }

    fn error(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str();
        let Some((part, place)) = self.schema.root.at(pointer) else { return };
        let (instance, location) = (error.instance().as_ref(), error.schema_path().as_str());
        let (node, keyword) = location.rsplit_once('/').unwrap_or_default();
        let source = || Source::of(&self.schema.document, node, keyword);
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let Some(field) = property.as_str().and_then(|name| part.field(name)) else {
                    return;
                };
                let dot = if place.is_empty() { "" } else { "." };
                let name = property.as_str().unwrap_or_default();
                let found = (Kind::MissingField, source(), "missing".to_owned());
                self.findings.add(field, format!("{place}{dot}{name}"), found, None);
            }
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for name in unexpected {
                    let value = instance.get(name).unwrap_or(&Value::Null);
                    let word = (name.as_str(), is_field_name(name));
                    self.findings.add_unknown(part, place.clone(), Kind::UnknownField, word, value);
                }
            }
            ValidationErrorKind::Custom { keyword, .. } if keyword == KNOWN_VALUES => {
                if self.reported.insert(pointer.to_owned()) {
                    let text = instance.as_str().unwrap_or_default();
                    let word = (text, is_enum_value(text));
                    self.findings.add_unknown(part, place, Kind::UnknownValue, word, instance);
                }
            }
            kind => {
                let found = self.describe(kind, part, instance, (node, keyword));
                self.report(pointer, found, instance);
            }
        }
    }

    /// What is wrong with one value.
    fn describe(
        &self,
        kind: &ValidationErrorKind,
        part: &Part,
        instance: &Value,
        (node, keyword): (&str, &str),
    ) -> (Kind, Source, String) {
        let source = |keyword| Source::of(&self.schema.document, node, keyword);
        let expected = part.expected;
        match kind {
            ValidationErrorKind::Type { .. } if instance.is_null() => {
                // The contract has the same rule for null and for a missing field.
                let required = part.required.clone().unwrap_or_else(Source::violation);
                (Kind::Null, required, format!("expected {expected}, got null"))
            }
            ValidationErrorKind::Type { .. }
                if !instance.is_number() || expected != "a whole number" =>
            {
                // The samples show the type; only that a number is whole is assumed.
                let found = type_of(instance);
                (Kind::Type, source(""), format!("expected {expected}, got {found}"))
            }
            ValidationErrorKind::Type { .. } => (Kind::Type, source("type"), NOT_WHOLE.to_owned()),
            ValidationErrorKind::Custom { .. } if keyword == WHOLE => {
                (Kind::Type, source("type"), NOT_WHOLE.to_owned())
            }
            ValidationErrorKind::Custom { .. } if instance.is_number() => {
                (Kind::Format, source(keyword), "a number that does not fit 64 bits".to_owned())
            }
            ValidationErrorKind::Custom { .. } => {
                let message = "expected a time of RFC 3339, got other text";
                (Kind::Format, source(keyword), message.to_owned())
            }
            ValidationErrorKind::Pattern { pattern } => {
                let message = format!("expected text that matches {pattern}, got other text");
                (Kind::Pattern, source(keyword), message)
            }
            ValidationErrorKind::Minimum { limit } => {
                (Kind::Minimum, source(keyword), format!("expected {limit} or more, got less"))
            }
            ValidationErrorKind::Constant { expected_value } => {
                let text = instance.as_str().filter(|text| is_enum_value(text));
                let found = text.map_or("another".to_owned(), |text| format!("`{text}`"));
                let expected = expected_value.as_str().unwrap_or_default();
                (Kind::Code, Source::violation(), format!("expected `{expected}`, got {found}"))
            }
            _ => (Kind::Schema, source(keyword), format!("violates the keyword {keyword}")),
        }
    }
}

const NOT_WHOLE: &str = "expected a whole number, got one with a fraction or an exponent";
