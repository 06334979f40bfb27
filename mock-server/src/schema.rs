//! What the types cannot say by themselves in the JSON Schema of a seed and in the document of the
//! control API. Only with the feature `schema`.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::api::disposition::Disposition;
use crate::api::{BASE_PATH, ROUTES};
use crate::faults::{Delay, FaultSpec, Time};
use crate::input::json::Object;
use crate::seed::RuleFile;

/// The mark of a generated file.
pub(crate) const GENERATED: &str = "Generated from the Rust types of partner-api-mock; edit those, and run \
                                    `UPDATE_GENERATED=1 cargo test -p partner-api-mock --all-features --test generated`";

/// `b64token` of RFC 6750.
pub(crate) const KEY: &str = "^[A-Za-z0-9._~+/-]+=*$";
/// A plain number of at most 28 digits.
pub(crate) const DECIMAL: &str = r"^(?!([^0-9]*[0-9]){29})-?(0|[1-9][0-9]*)(\.[0-9]+)?$";
/// A path below `/api/v1`: of segments in braces, or of characters that a request has unencoded.
pub(crate) const PATH: &str = r#"^(?!/?$|/?api/v1/?$)/?(\{[!-.0-~]*\}|([!"$&-.0->@-z|~]|%[0-9A-Fa-f]{2})*)(/(\{[!-.0-~]*\}|([!"$&-.0->@-z|~]|%[0-9A-Fa-f]{2})*))*$"#;
/// A token of HTTP without small letters.
pub(crate) const METHOD: &str = "^[!#$%&'*+.^_`|~0-9A-Z-]+$";
pub(crate) const HEADER_VALUE: &str = r"^[\t -~]*$";
pub(crate) const FLAPPING: &str = "^0*[1-9][0-9]*/0*[1-9][0-9]*$";
const HEADER_NAME: &str = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
const MAX_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// Statuses whose responses have no body.
const BODYLESS: [u16; 3] = [204, 205, 304];

/// Schemas of types that are read: no field may be null, and no number larger than its type.
pub(crate) fn of_requests(definitions: &'static str) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    with_definitions(settings, definitions)
        .with_transform(RecursiveTransform(without_null))
        .with_transform(RecursiveTransform(bound_integers))
        .into_generator()
}

/// Schemas of types that are written.
pub(crate) fn of_responses(definitions: &'static str) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    with_definitions(settings, definitions)
        .with_transform(RecursiveTransform(bound_integers))
        .into_generator()
}

fn with_definitions(settings: SchemaSettings, path: &'static str) -> SchemaSettings {
    settings.with(|settings| {
        settings.definitions_path = path.into();
        settings.meta_schema = None;
    })
}

/// An optional field may be left out; `null` in its place is an error.
fn without_null(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice != &json!({"type": "null"}));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
}

/// JSON Schema knows no formats of numbers.
fn bound_integers(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !["uint", "uint16", "uint64", "int64", "double"].contains(&format.as_str()) {
        return;
    }
    schema.remove("format");
    if format == "uint64" {
        schema.entry("maximum").or_insert(u64::MAX.into());
    }
    if format == "int64" {
        schema.insert("minimum".into(), i64::MIN.into());
        schema.insert("maximum".into(), i64::MAX.into());
    }
}

/// The same for a schema that no generator transforms.
pub(crate) fn without_nulls(schema: &mut Schema) {
    RecursiveTransform(without_null).transform(schema);
    RecursiveTransform(bound_integers).transform(schema);
}

/// Any part of the object may be left out.
pub(crate) fn in_part(mut schema: Value) -> Value {
    schema.as_object_mut().map(|schema| schema.remove("required"));
    schema
}

impl<T: JsonSchema> JsonSchema for Object<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// An object, or the text form.
impl JsonSchema for RuleFile {
    fn schema_name() -> Cow<'static, str> {
        "RuleOrText".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let rule = generator.subschema_for::<FaultSpec>();
        json_schema!({"anyOf": [
            {
                "description": "A rule in its text form: `status=503 operation=wallet times=2`.",
                "type": "string",
                "minLength": 1,
            },
            rule,
        ]})
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A time such as `250ms` or `2s`; a number is of milliseconds.",
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": MAX_MILLIS},
                {"type": "string", "pattern": r"^\s*[0-9]+(ns|us|ms|s|m)?\s*$"},
            ],
        })
    }
}

pub(crate) fn disposition(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": Disposition::ALL.map(|one| one.to_string()).to_vec()})
}

pub(crate) fn positive_time(_: &mut SchemaGenerator) -> Schema {
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

pub(crate) fn retry_after(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"anyOf": [
        {"type": "integer", "minimum": 0, "maximum": u64::MAX},
        {"type": "string", "pattern": HEADER_VALUE},
    ]})
}

pub(crate) fn fault_headers(_: &mut SchemaGenerator) -> Schema {
    headers(&["Connection", "Content-Length", "Content-Type", "Transfer-Encoding"])
}

pub(crate) fn stub_headers(_: &mut SchemaGenerator) -> Schema {
    headers(&["Connection", "Content-Length", "Transfer-Encoding"])
}

/// Headers but for these, in any case of letters, which no flag of a pattern says in JSON Schema.
fn headers(but_for: &[&str]) -> Schema {
    let either = |letter: char| match letter {
        '-' => "-".to_owned(),
        letter => format!("[{}{}]", letter.to_ascii_uppercase(), letter.to_ascii_lowercase()),
    };
    let names: Vec<String> =
        but_for.iter().map(|name| name.chars().map(either).collect()).collect();
    json_schema!({
        "type": "object",
        "propertyNames": {
            "pattern": HEADER_NAME,
            "not": {"pattern": format!("^({})$", names.join("|"))},
        },
        "additionalProperties": {"type": "string", "pattern": HEADER_VALUE},
    })
}

fn given(field: &str) -> Value {
    json!({"required": [field]})
}

fn is_true(field: &str) -> Value {
    json!({"required": [field], "properties": {field: {"const": true}}})
}

fn any_of(choices: &[Value]) -> Value {
    json!({"anyOf": choices})
}

fn has_no_body() -> Value {
    json!({"required": ["status"], "properties": {"status": {"enum": BODYLESS}}})
}

/// As `FaultSpec::check` has it.
pub(crate) fn rule_rules(schema: &mut Schema) {
    let headers = json!({"required": ["headers"], "properties": {"headers": {"minProperties": 1}}});
    let fields = ["status", "body", "contentType", "retryAfter", "retryAfterDateIn"].map(given);
    let response = any_of(&[fields.as_slice(), &[headers]].concat());
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

/// As `StubFile::checked` has it.
pub(crate) fn stub_rules(schema: &mut Schema) {
    let spellings = |path: &str| {
        let (full, short) = (path.trim_start_matches('/'), path.trim_start_matches(BASE_PATH));
        [full.to_owned(), path.to_owned(), short.to_owned(), short.replacen('/', "", 1)]
    };
    let documented: Vec<_> = ROUTES.iter().flat_map(|route| spellings(route.path)).collect();
    let rules = json!([
        {"description": "One body only.", "not": {"required": ["json", "body"]}},
        {
            "description": "A response with this status has no body.",
            "if": has_no_body(),
            "then": {"not": {"anyOf": [given("json"), given("body")]}},
        },
        {
            "description": "A documented call is not overridden by accident.",
            "if": {
                "required": ["path"],
                "properties": {"path": {"enum": documented}, "method": {"enum": ["GET", "HEAD"]}},
            },
            "then": is_true("overrideDocumented"),
        },
    ]);
    schema.insert("allOf".into(), rules);
}

pub(crate) fn not_both_companies_and_generate(schema: &mut Schema) {
    schema.insert("not".into(), json!({"required": ["companies", "generate"]}));
}

pub(crate) fn data_or_generate(schema: &mut Schema) {
    schema.insert("oneOf".into(), json!([given("data"), given("generate")]));
}
