//! Generates documents from a schema, all of which the contract allows.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use crate::Checked;
use crate::contract::{Contract, Reading, entries, items, text};

/// Documents of a schema: read as closed, with declared fields and values only; read as open, also
/// with undeclared fields and unknown enum values, at any level.
pub fn documents(
    contract: &Contract,
    schema: &Value,
    reading: Reading,
) -> Checked<BoxedStrategy<Value>> {
    let schema = contract.resolved(schema)?;
    match text(schema, "type") {
        Some("object") => objects(contract, schema, reading),
        Some("array") => {
            let items = documents(contract, &schema["items"], reading)?;
            Ok(vec(items, 0..4).prop_map(Value::from).boxed())
        }
        Some("integer") => {
            let least = schema["minimum"].as_i64().unwrap_or(i64::MIN);
            let edges = select(vec![least, 0.max(least), i64::MAX]);
            Ok(prop_oneof![3 => least..=i64::MAX, 1 => edges].prop_map(Value::from).boxed())
        }
        Some("string") => strings(schema, reading),
        other => Err(format!("documents of type {other:?} cannot be made").into()),
    }
}

/// Checks a property for a few dozen documents, the same ones every time.
pub fn for_each(documents: &BoxedStrategy<Value>, property: impl Fn(&Value) -> Checked) -> Checked {
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::default());
    let mut runner = TestRunner::new_with_rng(config, random);
    let verdict = runner.run(documents, |document| {
        property(&document).map_err(|wrong| TestCaseError::fail(wrong.to_string()))
    });
    verdict.map_err(|failure| failure.to_string().into())
}

fn objects(contract: &Contract, schema: &Value, reading: Reading) -> Checked<BoxedStrategy<Value>> {
    let declared = schema["properties"].as_object().ok_or("an object without properties")?.clone();
    let fields = declared
        .iter()
        .map(|(name, property)| {
            let name = name.clone();
            let always = items(schema, "required").any(|required| *required == name);
            let values = documents(contract, property, reading)?;
            let values =
                if always { values.prop_map(Some).boxed() } else { option::of(values).boxed() };
            Ok(values.prop_map(move |value| Some((name.clone(), value?))))
        })
        .collect::<Checked<Vec<_>>>()?;
    let most = if reading == Reading::Open { 2 } else { 0 };
    let undeclared = vec((".{0,8}", anything()), 0..=most);
    let objects = (fields, undeclared).prop_map(move |(fields, undeclared)| {
        let undeclared = undeclared.into_iter().filter(|(name, _)| !declared.contains_key(name));
        Value::Object(undeclared.chain(fields.into_iter().flatten()).collect::<Map<_, _>>())
    });
    Ok(objects.boxed())
}

fn strings(schema: &Value, reading: Reading) -> Checked<BoxedStrategy<Value>> {
    let any = ".{0,12}".prop_map(Value::from);
    if let Some(words) = schema.get("x-known-values") {
        let words = select(entries(words).map(|(word, _)| Value::from(word)).collect::<Vec<_>>());
        return Ok(match reading {
            Reading::Closed => words.boxed(),
            Reading::Open => prop_oneof![words, any].boxed(),
        });
    }
    if text(schema, "format") == Some("date-time") {
        return Ok(instants().prop_map(Value::from).boxed());
    }
    match text(schema, "pattern") {
        None => Ok(any.boxed()),
        Some(pattern) => {
            let anchored = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
            let texts = string_regex(anchored.ok_or("a pattern without its anchors")?)?;
            Ok(texts.prop_map(Value::from).boxed())
        }
    }
}

/// Without the 29th to 31st, which some months do not have.
fn instants() -> impl Strategy<Value = String> {
    let date = (1970..=9999, 1..=12, 1..=28);
    let time = (0..24, 0..60, 0..60, 0..1000);
    (date, time).prop_map(|((year, month, day), (hour, minute, second, milli))| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    })
}

/// Values of an undeclared field.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            (".{0,4}", inner).prop_map(|(name, value)| json!({ name: value })),
        ]
    })
}
