//! What the types of a seed file cannot say by themselves in its JSON Schema. Only with the feature
//! `schema`.

use schemars::{Schema, SchemaGenerator};
use serde_json::json;

use crate::api::{BASE_PATH, ROUTES};
use crate::input::schema::{given, has_no_body, headers, is_true};

pub(super) fn stub_headers(_: &mut SchemaGenerator) -> Schema {
    headers(&["Connection", "Content-Length", "Transfer-Encoding"])
}

/// As `StubFile::checked` has it.
pub(super) fn stub_rules(schema: &mut Schema) {
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

pub(super) fn not_both_companies_and_generate(schema: &mut Schema) {
    schema.insert("not".into(), json!({"required": ["companies", "generate"]}));
}

pub(super) fn data_or_generate(schema: &mut Schema) {
    schema.insert("oneOf".into(), json!([given("data"), given("generate")]));
}
