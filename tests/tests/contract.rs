//! The contract is a valid document, marks everything that the reference does not say as
//! assumed, and the generator makes documents that satisfy its schemas.

use std::path::Path;
use std::{env, fs};

use partner_api_tests::contract::{Contract, Reading};
use partner_api_tests::{Checked, document, generate, reference};

#[test]
fn the_contract_is_a_valid_openapi_3_1_document() -> Checked {
    document::valid(&Contract::published()?)
}

#[test]
fn its_references_names_tags_and_examples_are_consistent() -> Checked {
    document::consistent(&Contract::published()?)
}

#[test]
fn it_contains_the_sample_bodies_and_they_satisfy_its_schemas() -> Checked {
    document::holds_the_samples(&Contract::published()?)
}

#[test]
fn it_declares_no_field_that_the_reference_does_not_show() -> Checked {
    document::invents_no_field(&Contract::published()?)
}

#[test]
fn what_is_documented_is_quoted_and_what_is_assumed_is_marked() -> Checked {
    document::marks_what_it_assumes(&Contract::published()?)
}

#[test]
fn the_sample_files_are_what_the_reference_shows() {
    for (_, _, name, sample) in reference::SAMPLES {
        assert!(reference::PAGE.contains(sample.trim_end()), "{name}");
    }
}

#[test]
fn its_operations_are_the_endpoints_of_the_reference() -> Checked {
    let contract = Contract::published()?;
    for operation in contract.operations()? {
        let endpoint = format!("{}{}{}", operation.method, contract.base_path()?, operation.path);
        assert!(reference::PAGE.contains(&endpoint), "{endpoint}");
    }
    let endpoints = reference::PAGE.matches("GET/api/v1/").count();
    assert_eq!(contract.operations()?.len(), endpoints);
    Ok(())
}

#[test]
fn generated_documents_satisfy_the_schema_that_they_come_from() -> Checked {
    let contract = Contract::published()?;
    for operation in contract.operations()? {
        let schema = contract.body_schema(operation.id, "200")?;
        for reading in [Reading::Closed, Reading::Open] {
            let documents = generate::documents(&contract, schema, reading)?;
            generate::for_each(&documents, |document| {
                contract.validate(schema, reading, document)
            })?;
        }
    }
    Ok(())
}

#[test]
fn some_generated_documents_have_undeclared_fields() -> Checked {
    let contract = Contract::published()?;
    for operation in contract.operations()? {
        let schema = contract.body_schema(operation.id, "200")?;
        let documents = generate::documents(&contract, schema, Reading::Open)?;
        let strict = generate::for_each(&documents, |document| {
            contract.validate(schema, Reading::Closed, document)
        });
        assert!(strict.is_err(), "{}", operation.id);
    }
    Ok(())
}

/// The library reads no YAML by default, so the same document is committed as JSON.
#[test]
fn the_contract_as_json_is_the_one_in_yaml() -> Checked {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mock-server");
    let yaml = fs::read_to_string(folder.join("openapi.yaml"))?;
    let document: yaml_serde::Value = yaml_serde::from_str(&yaml)?;
    let json = serde_json::to_string_pretty(&document)? + "\n";
    let file = folder.join("openapi.json");
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, &json)?;
    }
    let same = fs::read_to_string(&file)? == json;
    assert!(same, "{}: run this test with UPDATE_GENERATED=1", file.display());
    Ok(())
}
