//! Checks that the contract is a valid document, that its quotes are in the reference, and that
//! everything else is marked as assumed.

use std::collections::BTreeSet;

use jsonschema::Draft;
use serde_json::Value;

use crate::contract::{Contract, Reading, entries, items, judged, text};
use crate::{Checked, of, reference};

/// Keywords that restrict a value more than a sample can show.
const NARROWING: [&str; 5] = ["format", "minimum", "pattern", "required", "x-known-values"];

/// Checks the document against the schema of `OpenAPI` 3.1, and each schema in it against that of
/// JSON Schema 2020-12.
pub fn valid(contract: &Contract) -> Checked {
    let openapi = serde_json::from_str(include_str!("../openapi-3.1/schema.json"))?;
    let openapi = jsonschema::options().with_draft(Draft::Draft202012).build(&openapi);
    let openapi = openapi.map_err(|error| error.to_string())?;
    judged(&openapi, contract.document())?;
    for (name, schema) in entries(contract.at("/components/schemas")?) {
        jsonschema::draft202012::meta::validate(schema)
            .map_err(|error| format!("{name}{}: {error}", error.instance_path()))?;
    }
    Ok(())
}

/// Checks that every `$ref` resolves, that operation ids are unique and tags known, and that every
/// example satisfies its schema.
pub fn consistent(contract: &Contract) -> Checked {
    each(contract.document(), "", &mut |_, node| contract.resolved(node).map(drop))?;
    let mut names = BTreeSet::new();
    for operation in contract.operations()? {
        if !names.insert(operation.id) {
            return Err(format!("{} comes twice", operation.id).into());
        }
        let known =
            |tag: &&Value| items(contract.document(), "tags").any(|one| one["name"] == **tag);
        if items(operation.node, "tags").filter(known).count() != 1 {
            return Err(format!("{} has not one known tag", operation.id).into());
        }
    }
    each(contract.document(), "", &mut |place, node| {
        for (name, example) in entries(node.get("examples").unwrap_or(&Value::Null)) {
            let verdict = contract.validate(&node["schema"], Reading::Closed, &example["value"]);
            of(&format!("{place}/examples/{name}"), verdict)?;
        }
        Ok(())
    })
}

/// Checks that the reference's samples are in the contract, and satisfy it.
pub fn holds_the_samples(contract: &Contract) -> Checked {
    for (id, status, name, sample) in reference::SAMPLES {
        let sample: Value = serde_json::from_str(sample)?;
        let schema = contract.body_schema(id, status)?;
        of(name, contract.validate(schema, Reading::Closed, &sample))?;
        let example = contract.body(id, status)?.pointer(&format!("/examples/{name}/value"));
        if example != Some(&sample) {
            return Err(format!("the example {name} is not the reference's sample").into());
        }
    }
    Ok(())
}

/// Checks that the contract invents no field: each one is in a sample of the reference.
pub fn invents_no_field(contract: &Contract) -> Checked {
    each(contract.at("/components/schemas")?, "", &mut |place, node| {
        for (name, _) in entries(node.get("properties").unwrap_or(&Value::Null)) {
            if !reference::PAGE.contains(&format!("\"{name}\": ")) {
                return Err(format!("{place}: the reference shows no field {name}").into());
            }
        }
        Ok(())
    })
}

/// Checks that everything marked as documented is quoted from the reference, and that everything
/// beyond the reference is marked as assumed.
pub fn marks_what_it_assumes(contract: &Contract) -> Checked {
    for kind in ["headers", "responses", "schemas", "securitySchemes"] {
        for (name, node) in entries(contract.at(&format!("/components/{kind}"))?) {
            of(name, has_a_source(node))?;
        }
    }
    for operation in contract.operations()? {
        of(operation.id, has_a_source(operation.node))?;
    }
    each(contract.document(), "", &mut |place, node| {
        of(place, quotes_are_verbatim(node))?;
        of(place, assumptions_are_about_something(node))
    })?;
    each(contract.at("/components/schemas")?, "", &mut |place, node| {
        // These have fields of any name, and are not schemas.
        let names = place.ends_with("/properties") || place.ends_with("/x-assumed");
        if names { Ok(()) } else { of(place, narrowing_is_marked(node)) }
    })
}

fn narrowing_is_marked(schema: &Value) -> Checked {
    let narrows = NARROWING.into_iter().filter(|keyword| schema.get(*keyword).is_some());
    // A sample cannot show that a number is always an integer.
    let whole = (text(schema, "type") == Some("integer")).then_some("type");
    for keyword in narrows.chain(whole) {
        if schema["x-assumed"].get(keyword).is_none() {
            return Err(format!("{keyword} is not marked as assumed").into());
        }
    }
    Ok(())
}

fn has_a_source(node: &Value) -> Checked {
    match node.get("x-documented").or(node.get("x-assumed")) {
        Some(_) => Ok(()),
        None => Err("neither documented nor assumed".into()),
    }
}

fn quotes_are_verbatim(node: &Value) -> Checked {
    let quotes = match node.get("x-documented") {
        Some(Value::Array(quotes)) => quotes.as_slice(),
        Some(quote) => std::slice::from_ref(quote),
        None => &[],
    };
    let words = entries(node.get("x-known-values").unwrap_or(&Value::Null));
    let words = words.filter(|(_, source)| *source != "assumed").map(|(word, _)| word);
    for quote in quotes.iter().filter_map(Value::as_str).chain(words) {
        if !reference::PAGE.contains(quote) {
            return Err(format!("the reference does not say {quote:?}").into());
        }
    }
    Ok(())
}

fn assumptions_are_about_something(node: &Value) -> Checked {
    for (keyword, _) in entries(node.get("x-assumed").unwrap_or(&Value::Null)) {
        if node.get(keyword).is_none() {
            return Err(format!("assumes {keyword}, which is not there").into());
        }
    }
    Ok(())
}

/// Visits every object and array below a node, with its place.
fn each(node: &Value, place: &str, visit: &mut dyn FnMut(&str, &Value) -> Checked) -> Checked {
    match node {
        Value::Object(fields) => {
            visit(place, node)?;
            fields.iter().try_for_each(|(key, field)| each(field, &format!("{place}/{key}"), visit))
        }
        Value::Array(items) => items.iter().try_for_each(|item| each(item, place, visit)),
        _ => Ok(()),
    }
}
