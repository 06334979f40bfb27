//! What the types of a rule cannot say by themselves in its JSON Schema. Only with the feature `schema`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::validate::{CORRUPTION, EDITS, EXCLUSIVE, FAULTS, RESPONSE};
use crate::faults::{Delay, Time};
use crate::input::schema::{HEADER_VALUE, TIME, given, has_no_body, headers, is_true};

pub(super) const FLAPPING: &str = "^0*[1-9][0-9]*/0*[1-9][0-9]*$";

/// Milliseconds, or a text.
fn time_of(least_millis: u64, pattern: &str) -> Schema {
    json_schema!({"anyOf": [
        {"type": "integer", "minimum": least_millis, "maximum": 24 * 60 * 60 * 1000},
        {"type": "string", "pattern": format!("^({pattern})$")},
    ]})
}

/// A time that is not zero.
pub(super) fn positive_time(_: &mut SchemaGenerator) -> Schema {
    time_of(1, &TIME.replace("[0-9]+", "0*[1-9][0-9]*"))
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let description = "A time such as `250ms` or `2s`; a number is of milliseconds.";
        let mut schema = time_of(0, TIME);
        schema.insert("description".into(), description.into());
        schema
    }
}

impl JsonSchema for Delay {
    fn schema_name() -> Cow<'static, str> {
        "Delay".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let description =
            "`250ms`, `50ms..150ms` or `lognormal(90ms,0.5)`; a number is of milliseconds.";
        let log_normal = format!(r"lognormal\({TIME},\s*[0-9]*\.?[0-9]+\s*\)");
        let mut schema = time_of(0, &format!(r"{TIME}|{TIME}\.\.{TIME}|{log_normal}"));
        schema.insert("description".into(), description.into());
        schema
    }
}

pub(super) fn retry_after(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"anyOf": [
        {"type": "integer", "minimum": 0, "maximum": u64::MAX},
        {"type": "string", "pattern": HEADER_VALUE},
    ]})
}

pub(super) fn fault_headers(_: &mut SchemaGenerator) -> Schema {
    headers(&["Connection", "Content-Length", "Content-Type", "Transfer-Encoding"])
}

/// A JSON pointer (RFC 6901).
const POINTER: &str = "^(/([^~]|~[01])*)?$";

pub(super) fn values(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "propertyNames": {"pattern": POINTER}})
}

pub(super) fn pointers(_: &mut SchemaGenerator) -> Schema {
    let part = json!({"type": "string", "minLength": 1, "pattern": POINTER});
    json_schema!({"anyOf": [part, {"type": "array", "items": part, "minItems": 1}]})
}

/// That an option is given, and not as what it is without it.
fn is_given(option: &str) -> Value {
    match option {
        "htmlErrorPage" | "malformedJson" | "invalidUtf8" => is_true(option),
        "headers" | "set" => {
            json!({"required": [option], "properties": {option: {"minProperties": 1}}})
        }
        option => given(option),
    }
}

fn any_of(options: &[&str]) -> Value {
    json!({"anyOf": options.iter().map(|option| is_given(option)).collect::<Vec<_>>()})
}

/// As `FaultSpec::check` has it.
pub(super) fn rule_rules(schema: &mut Schema) {
    let mut at_most_one: Vec<_> = CORRUPTION.iter().map(|option| is_given(option)).collect();
    at_most_one.push(json!({"not": any_of(CORRUPTION)}));
    let mut rules = vec![
        json!({
            "description": "At least one option is a fault.",
            "anyOf": FAULTS.iter().map(|options| any_of(options)).collect::<Vec<_>>(),
        }),
        json!({"description": "The body is corrupted in one way only.", "oneOf": at_most_one}),
        json!({
            "description": "This connection fault sends no response to change.",
            "if": any_of(&[RESPONSE, EDITS].concat()),
            "then": {"properties": {"connection": {"enum": ["malformedChunk"]}}},
        }),
        json!({
            "description": "A page is one of a status.",
            "if": is_true("htmlErrorPage"),
            "then": given("status"),
        }),
        json!({
            "description": "A response with this status has no body.",
            "if": has_no_body(),
            "then": {"not": any_of(&["htmlErrorPage", "body"])},
        }),
    ];
    rules.extend(EXCLUSIVE.iter().map(|(options, others, _)| {
        let (one, other) = (options.join("` or `"), others.join("` or `"));
        json!({
            "description": format!("Not both `{one}` and `{other}`."),
            "not": {"allOf": [any_of(options), any_of(others)]},
        })
    }));
    schema.insert("allOf".into(), rules.into());
}
