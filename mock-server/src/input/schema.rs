//! What the JSON Schema of a seed and the document of the control API are built from. Only with the
//! feature `schema`.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::json::Object;

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
/// No control character but the tab. What is beyond ASCII is sent as UTF-8 (`obs-text` of RFC 9110, 5.5).
pub(crate) const HEADER_VALUE: &str = r"^[^\x00-\x08\x0a-\x1f\x7f]*$";
/// A time such as `250ms`, as text or in one.
pub(crate) const TIME: &str = r"\s*[0-9]+(ns|us|ms|s|m)?\s*";
const HEADER_NAME: &str = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

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

/// An optional field may be left out; `null` is an error.
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

/// Headers but for these, in any case of letters, which no flag of a pattern says in JSON Schema.
pub(crate) fn headers(but_for: &[&str]) -> Schema {
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

pub(crate) fn given(field: &str) -> Value {
    json!({"required": [field]})
}

pub(crate) fn is_true(field: &str) -> Value {
    json!({"required": [field], "properties": {field: {"const": true}}})
}

pub(crate) fn has_no_body() -> Value {
    json!({"required": ["status"], "properties": {"status": {"enum": BODYLESS}}})
}
