//! The JSON Schema of a seed and the mock accept the same seeds: a sample with every field, changed
//! at every place in every way, and rules, stubs and partners with any fields. The description of a
//! field says what the schema cannot express.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use partner_api_mock::{SEED_SCHEMA, Seed};
use partner_api_tests::Checked;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

fn schema() -> Checked<Validator> {
    let schema = serde_json::from_str(SEED_SCHEMA)?;
    jsonschema::draft202012::meta::validate(&schema).map_err(|error| error.to_string())?;
    let options = jsonschema::options().with_draft(Draft::Draft202012);
    let options = options.should_validate_formats(true);
    Ok(options.build(&schema).map_err(|error| error.to_string())?)
}

/// Kept, because building it takes longer than using it.
static SCHEMA: LazyLock<Result<Validator, String>> =
    LazyLock::new(|| schema().map_err(|error| error.to_string()));

/// Returns true if both accept the document. An error if they do not agree.
fn taken(schema: &Validator, document: &Value) -> Checked<bool> {
    let read = Seed::from_json(&document.to_string());
    match (&read, schema.is_valid(document)) {
        (Ok(_), true) => Ok(true),
        (Err(_), false) => Ok(false),
        (Ok(_), false) => {
            let error = schema.validate(document).err().map(|error| error.to_string());
            Err(format!("only the mock takes {document}: {error:?}").into())
        }
        (Err(error), true) => Err(format!("only the schema takes {document}: {error}").into()),
    }
}

/// A seed with every field, each with a valid value.
fn everything() -> Value {
    json!({
        "$schema": "seed.schema.json",
        "partners": [
            {
                "name": "p",
                "keys": ["pk_live_a", "b=="],
                "active": true,
                "wallet": {"balance": -1, "currency": "XAF", "creditUnitPrice": "1.50", "costPerMessage": 1},
                "companies": [{
                    "id": "c", "name": "C", "onboardedAt": "2026-06-01T10:12:00.000Z",
                    "connections": [{
                        "id": "n", "wabaId": "1", "phoneNumberId": "2", "displayPhoneNumber": "3",
                        "qualityRating": "RED", "status": "connected",
                    }],
                    "_count": {"templates": 4},
                }],
                "faults": [
                    "status=503 times=2",
                    {"status": 502, "htmlErrorPage": true, "contentType": "text/html", "headers": {"x-a": "1"},
                     "retryAfter": 1, "delay": "50ms..1s", "slowHeaders": "2s", "throttle": 20,
                     "truncate": 4, "operation": "wallet", "partner": "p", "key": "k", "times": 2,
                     "after": 3, "every": 4, "probability": 0.5, "rngSeed": 7, "ttl": "1m"},
                ],
                "stubs": [{
                    "method": "POST", "path": "stats", "status": 201, "headers": {"x-a": "1"},
                    "json": {"a": [1.5, "x"]}, "overrideDocumented": false,
                }],
            },
            {"name": "q", "generate": {"companies": 3, "rngSeed": 7}},
        ],
        "faults": [
            {"connection": "reset", "delay": 250, "flapping": "2/3"},
            {"body": "x", "contentLength": 90}, {"malformedJson": true}, {"invalidUtf8": true},
            {"padTo": 100, "operation": "/api/v1/stats"}, {"retryAfterDateIn": "30s"},
            {"set": {"/data/0/name": null}, "remove": "/data/0/id", "firstPage": 1}, {"remove": ["/a", "/b"]},
            {"connection": "malformedChunk", "delay": "lognormal(90ms,0.5)", "times": 1},
        ],
        "stubs": [{"path": "wallet", "body": "x", "overrideDocumented": true}],
    })
}

/// The fields of an object, as the mock lists them in its error for an unknown field.
fn known_fields(document: &Value) -> BTreeSet<String> {
    let error = Seed::from_json(&document.to_string()).err().map(|error| error.to_string());
    let error = error.unwrap_or_default();
    let known = error.split_once(", expected ").map_or("", |(_, known)| known);
    let known = known.split_once("; did you mean").map_or(known, |(known, _)| known);
    known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_schema_has_every_field_and_no_other() -> Checked {
    let schema: Value = serde_json::from_str(SEED_SCHEMA)?;
    let partner = |field: &str, value: Value| json!({"partners": [{"name": "p", field: value}]});
    let unknown = json!({"?": 1});
    for (place, document) in [
        ("", unknown.clone()),
        ("/$defs/PartnerNew", json!({"partners": [unknown]})),
        ("/$defs/WalletGiven", partner("wallet", unknown.clone())),
        ("/$defs/CompanyGiven", partner("companies", json!([unknown]))),
        ("/$defs/ConnectionGiven", partner("companies", json!([{"connections": [unknown]}]))),
        (
            "/$defs/CompanyGiven/properties/_count",
            partner("companies", json!([{"_count": unknown}])),
        ),
        ("/$defs/Generate", partner("generate", unknown.clone())),
        ("/$defs/Rule", partner("faults", json!([unknown]))),
        ("/$defs/StubNew", partner("stubs", json!([unknown]))),
    ] {
        let fields = schema.pointer(&format!("{place}/properties")).and_then(Value::as_object);
        let fields = fields.into_iter().flat_map(Map::keys).cloned().collect::<BTreeSet<_>>();
        assert_eq!(fields, known_fields(&document), "{place}");
        assert!(!fields.is_empty(), "{place}");
    }
    Ok(())
}

/// All replacements of a value.
fn others() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(0.5),
        json!(1.5),
        json!(204),
        json!(42),
        json!(600),
        json!(1_000_001),
        json!(u64::MAX),
        json!(1e30),
        json!(""),
        json!("x"),
        json!("x y"),
        json!("GET"),
        json!("2/0"),
        json!("reset"),
        json!("250ms"),
        json!("1h"),
        json!("/x"),
        json!("/api/v1/"),
        json!("wallet"),
        json!("25."),
        json!("-0.5"),
        json!("a\nb"),
        json!("a\u{7f}b"),
        json!("caf\u{e9}"),
        json!("2026-13-01T00:00:00Z"),
        json!([]),
        json!([null]),
        json!([{}]),
        json!({}),
        json!({"x": 1}),
        json!({"x": "1"}),
        json!({"x": "caf\u{e9}"}),
        json!({"a b": "1"}),
        json!({"Content-Length": "1"}),
    ]
}

/// Visits each place of a document.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| places(field, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(n, item)| places(item, &format!("{at}/{n}"), found));
        }
        _ => {}
    }
}

/// The document with a change of the value at a place.
fn changed(place: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut document = everything();
    if let Some(value) = document.pointer_mut(place) {
        change(value);
    }
    document
}

/// A schema does not check a rule as text, and the partner of a rule.
fn is_beyond_a_schema(place: &str, other: &Value) -> bool {
    let is_rule = place.rsplit_once('/').is_some_and(|(list, _)| list.ends_with("/faults"));
    let is_partner = place.ends_with("/partner") || place == "/partners/0/name";
    (is_rule || is_partner) && other.as_str().is_some_and(|text| !text.is_empty() || is_partner)
}

#[test]
fn a_valid_seed_is_accepted_by_both() -> Checked {
    let schema = schema()?;
    let example = serde_json::from_str(include_str!("../../mock-server/seed.example.json"))?;
    let in_yaml: Value = yaml_serde::from_str(include_str!("../../mock-server/seed.example.yaml"))?;
    for good in [everything(), example, in_yaml, json!({"partners": [{"name": "p"}]})] {
        assert!(taken(&schema, &good)?, "{good}\n{:?}", Seed::from_json(&good.to_string()));
    }
    Ok(())
}

#[test]
fn both_agree_on_every_change_of_every_field() -> Checked {
    let schema = schema()?;
    let (mut all, mut refused) = (0, 0);
    let mut judge = |document: &Value| -> Checked<bool> {
        let is_taken = taken(&schema, document)?;
        all += 1;
        refused += usize::from(!is_taken);
        Ok(is_taken)
    };
    let mut every = Vec::new();
    places(&everything(), "", &mut every);
    assert!(every.len() > 90, "{}", every.len());
    for place in &every {
        // A stub's `json` may have any fields.
        let is_free = place.contains("/json/");
        for other in others() {
            if is_beyond_a_schema(place, &other) {
                continue;
            }
            judge(&changed(place, |value| *value = other))?;
        }
        if everything().pointer(place).is_some_and(Value::is_object) {
            for (name, value) in [("extra", json!(1)), ("$schema", json!("x")), ("x-a", json!("y"))]
            {
                judge(&changed(place, |object| object[name] = value))?;
            }
        }
        let Some((parent, name)) = place.rsplit_once('/') else { continue };
        let mut is_field = false;
        let renamed = changed(parent, |object| {
            if let Some(value) = object.as_object_mut().and_then(|object| object.remove(name)) {
                object[format!("{name}x")] = value;
                is_field = true;
            }
        });
        if is_field {
            let may_be_any = is_free || place.contains("/headers/");
            assert_eq!(judge(&renamed)?, may_be_any, "{place} misspelt");
            judge(&changed(parent, |object| {
                object.as_object_mut().and_then(|object| object.remove(name));
            }))?;
            if !place.ends_with("/json") && !is_free {
                assert!(!judge(&changed(place, |value| *value = Value::Null))?, "{place} is null");
            }
        }
    }
    assert!(all > 3000 && refused * 2 > all, "{refused} of {all}");
    Ok(())
}

/// An object with some of these fields, each with one of its values.
fn object_of(fields: Vec<(&'static str, Vec<Value>)>) -> impl Strategy<Value = Value> {
    let most = fields.len().min(5);
    subsequence(fields, 0..=most).prop_flat_map(|fields| {
        let values: Vec<_> = fields
            .into_iter()
            .map(|(name, values)| select(values).prop_map(move |value| (name.to_owned(), value)))
            .collect();
        values.prop_map(|fields| Value::Object(Map::from_iter(fields)))
    })
}

fn rule() -> impl Strategy<Value = Value> {
    let yes = || vec![json!(true), json!(false)];
    let number = || vec![json!(0), json!(3), json!(-1)];
    let time = || vec![json!("1s"), json!(5), json!("5h"), json!("")];
    let connection = || vec![json!("reset"), json!("malformedChunk"), json!("rest")];
    object_of(vec![
        ("status", vec![json!(503), json!(204), json!(304), json!(199)]),
        ("htmlErrorPage", yes()),
        ("body", vec![json!("x"), json!("")]),
        ("set", vec![json!({}), json!({"/a": null}), json!({"a": 1}), json!({"/~2": 1})]),
        ("remove", vec![json!("/a"), json!(["/a", ""]), json!("a"), json!([])]),
        ("firstPage", number()),
        ("contentType", vec![json!("text/html"), json!("\n")]),
        ("headers", vec![json!({}), json!({"x": "1"}), json!({"Connection": "close"})]),
        ("retryAfter", vec![json!(1), json!("x"), json!(-1)]),
        ("retryAfterDateIn", time()),
        ("delay", vec![json!("1s"), json!("1s..2s"), json!("lognormal(1s,1)"), json!("soon")]),
        ("slowHeaders", time()),
        ("throttle", time()),
        ("truncate", number()),
        ("contentLength", number()),
        ("malformedJson", yes()),
        ("invalidUtf8", yes()),
        ("padTo", number()),
        ("connection", connection()),
        ("operation", vec![json!("wallet"), json!("a b"), json!("/x")]),
        ("key", vec![json!("k="), json!("=")]),
        ("times", number()),
        ("every", number()),
        ("flapping", vec![json!("2/3"), json!("0/3"), json!(2)]),
        ("probability", vec![json!(0), json!(0.5), json!(1.5)]),
        ("rngSeed", number()),
        ("ttl", vec![json!("1m"), json!(1), json!(0), json!("0s"), json!("soon")]),
    ])
}

fn stub() -> impl Strategy<Value = Value> {
    let paths =
        ["stats", "wallet", "/api/v1/companies", "/api/v1/x", "/api/v1/", "/x", "", "{a}/b"];
    object_of(vec![
        ("path", paths.map(Value::from).to_vec()),
        ("path", paths.map(Value::from).to_vec()),
        (
            "method",
            vec![json!("GET"), json!("HEAD"), json!("POST"), json!("get"), json!("a b"), json!("")],
        ),
        ("status", vec![json!(200), json!(204), json!(205), json!(600)]),
        (
            "headers",
            vec![
                json!({"x": "1"}),
                json!({"content-type": "x"}),
                json!({"Transfer-Encoding": "x"}),
            ],
        ),
        ("json", vec![json!({}), json!("x"), json!(0)]),
        ("body", vec![json!(""), json!("x")]),
        ("overrideDocumented", vec![json!(true), json!(false)]),
    ])
}

fn partner() -> impl Strategy<Value = Value> {
    object_of(vec![
        ("name", vec![json!("p"), json!(1)]),
        ("keys", vec![json!([]), json!(["a"]), json!(["a", "a"]), json!(["a b"])]),
        ("active", vec![json!(true), json!("true")]),
        (
            "wallet",
            vec![json!({}), json!({"creditUnitPrice": "0"}), json!({"creditUnitPrice": "00"})],
        ),
        ("companies", vec![json!([]), json!([{"id": "c"}]), json!([{"id": "c", "name": "C"}])]),
        (
            "generate",
            vec![json!({"companies": 2}), json!({"companies": -2}), json!({"rngSeed": 1})],
        ),
    ])
}

proptest! {
    #[test]
    fn both_agree_on_rules_stubs_and_partners_with_any_fields(
        rule in rule(), stub in stub(), partner in partner(),
    ) {
        let schema = SCHEMA.as_ref().unwrap();
        for document in [
            json!({"partners": [{"name": "p", "faults": [rule]}]}),
            json!({"partners": [{"name": "p"}], "stubs": [stub]}),
            json!({"partners": [partner]}),
        ] {
            if let Err(error) = taken(schema, &document) {
                return Err(TestCaseError::fail(error.to_string()));
            }
        }
    }
}
