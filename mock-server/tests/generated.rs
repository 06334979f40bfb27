//! The committed descriptions of the mock's interfaces are what the types generate. With
//! `UPDATE_GENERATED` in the environment they are written.

#![cfg(all(feature = "schema", feature = "yaml"))]

use std::path::Path;
use std::{env, fs, io};

use serde_json::Value;

const HEADER: &str = "\
# The control API of the mock server: what a test in Rust does with a `Mock`, for tests in any language.
# Generated: see x-generated.
";

/// Whether the file means what was generated. The order of keys depends on features that other
/// crates turn on, so it is ignored.
#[track_caller]
fn check(
    name: &str,
    generated: &Value,
    text: &str,
    read: impl Fn(&str) -> Value,
) -> io::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, text)?;
    }
    let is_same = read(&fs::read_to_string(&file)?) == *generated;
    assert!(is_same, "{name} is not up to date: run this test with UPDATE_GENERATED=1");
    Ok(())
}

#[test]
fn the_seed_schema_is_generated_from_the_types() {
    let schema = partner_api_mock::generate_seed_schema();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    check("seed.schema.json", &schema, &text, |text| serde_json::from_str(text).unwrap()).unwrap();
}

#[test]
fn the_document_of_the_control_api_is_generated_from_the_types() {
    let document = partner_api_mock::generate_control_document();
    let value = serde_json::to_value(&document).unwrap();
    let text = HEADER.to_owned() + &yaml_serde::to_string(&document).unwrap();
    check("control.openapi.yaml", &value, &text, |text| {
        serde_json::to_value(yaml_serde::from_str::<yaml_serde::Value>(text).unwrap()).unwrap()
    })
    .unwrap();
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    check("control.openapi.json", &value, &text, |text| serde_json::from_str(text).unwrap())
        .unwrap();
}
