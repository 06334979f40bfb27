//! What the types of a rule cannot say by themselves in its JSON Schema. Only with the feature `schema`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::spec::Pointers;
use super::{Delay, Time};
use crate::input::schema::{HEADER_VALUE, TIME, given, has_no_body, headers, is_true};

pub(super) const FLAPPING: &str = "^0*[1-9][0-9]*/0*[1-9][0-9]*$";
const MAX_MILLIS: u64 = 24 * 60 * 60 * 1000;

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A time such as `250ms` or `2s`; a number is of milliseconds.",
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": MAX_MILLIS},
                {"type": "string", "pattern": TIME},
            ],
        })
    }
}

/// A time that is not zero.
pub(super) fn positive_time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"anyOf": [
        {"type": "integer", "minimum": 1, "maximum": MAX_MILLIS},
        {"type": "string", "pattern": r"^\s*0*[1-9][0-9]*(ns|us|ms|s|m)?\s*$"},
    ]})
}

impl JsonSchema for Delay {
    fn schema_name() -> Cow<'static, str> {
        "Delay".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let time = r"\s*[0-9]+(ns|us|ms|s|m)?\s*";
        let spread = r"lognormal\(\s*[0-9]+(ns|us|ms|s|m)?\s*,\s*[0-9]*\.?[0-9]+\s*\)";
        json_schema!({
            "description": "`250ms`, `50ms..150ms` or `lognormal(90ms,0.5)`; a number is of milliseconds.",
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": MAX_MILLIS},
                {"type": "string", "pattern": format!(r"^({time}|{time}\.\.{time}|{spread})$")},
            ],
        })
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

impl JsonSchema for Pointers {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Pointers".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let part = json!({"type": "string", "minLength": 1, "pattern": POINTER});
        json_schema!({"anyOf": [part, {"type": "array", "items": part, "minItems": 1}]})
    }
}

fn any_of(choices: &[Value]) -> Value {
    json!({"anyOf": choices})
}

/// As `FaultSpec::check` has it.
pub(super) fn rule_rules(schema: &mut Schema) {
    let headers = json!({"required": ["headers"], "properties": {"headers": {"minProperties": 1}}});
    let fields = ["status", "body", "contentType", "retryAfter", "retryAfterDateIn"].map(given);
    let set = json!({"required": ["set"], "properties": {"set": {"minProperties": 1}}});
    let edits = [set, given("remove"), given("firstPage")];
    let edit = any_of(&edits);
    let response = any_of(&[fields.as_slice(), &[headers], edits.as_slice()].concat());
    let timing = any_of(&["slowHeaders", "throttle"].map(given));
    let corruptions = [
        given("truncate"),
        given("contentLength"),
        is_true("malformedJson"),
        is_true("invalidUtf8"),
        given("padTo"),
    ];
    let corruption = any_of(&corruptions);
    let (delay, connection) = (given("delay"), given("connection"));
    let at_most_one = [&[json!({"not": corruption})], corruptions.as_slice()].concat();
    let rules = json!([
        {
            "description": "At least one option is a fault.",
            "anyOf": [response, timing, corruption, delay, connection],
        },
        {"description": "The body is corrupted in one way only.", "oneOf": at_most_one},
        {
            "description": "A connection fault sends no response to change.",
            "if": connection,
            "then": {
                "not": {"anyOf": [timing, corruption]},
                "if": response,
                "then": {"properties": {"connection": {"enum": ["malformedChunk"]}}},
            },
        },
        {
            "description": "A page is one of a status, and in the place of a body.",
            "if": is_true("htmlErrorPage"),
            "then": {"required": ["status"], "not": given("body")},
        },
        {
            "description": "Only the real body is edited.",
            "if": edit,
            "then": {"not": any_of(&["status", "body"].map(given))},
        },
        {
            "description": "A response with this status has no body.",
            "if": has_no_body(),
            "then": {"not": {"anyOf": [is_true("htmlErrorPage"), given("body")]}},
        },
        {
            "description": "One of each only.",
            "not": {"anyOf": [
                {"required": ["throttle", "padTo"]},
                {"required": ["every", "flapping"]},
                {"required": ["retryAfter", "retryAfterDateIn"]},
            ]},
        },
    ]);
    schema.insert("allOf".into(), rules);
}
