use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn value(yaml: &str) -> Value {
    let json = to_json(yaml).unwrap();
    serde_json::from_str(&json.text).unwrap_or_else(|error| panic!("{yaml}\n{json:?}\n{error}"))
}

#[test]
fn what_yaml_can_say_of_json_is_read() {
    let rows = [
        ("", Value::Null),
        ("# nothing\n", Value::Null),
        ("---\n...\n", Value::Null),
        ("{}", json!({})),
        (
            "a: 1\nb:\n- x\n-   - 2.50\n    - ~\nc: {d: [], 'e': \"\\x41\\n\", \"f\": yes}\n",
            json!({
                "a": 1, "b": ["x", [2.5, null]], "c": {"d": [], "e": "A\n", "f": "yes"}
            }),
        ),
        ("a: |\n  one\n  two\nb: >-\n  one\n  two\n", json!({"a": "one\ntwo\n", "b": "one two"})),
        (
            "a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n",
            json!({
                "a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": [{"b": [1, 2]}, {"b": [1, 2]}]
            }),
        ),
        (
            "a: &x 1\nb: *x\nc: &y\nd: *y\n&z e: *x\nf: *z\n",
            json!({
                "a": 1, "b": 1, "c": null, "d": null, "e": 1, "f": "e"
            }),
        ),
        (
            "a: !!str 1\nb: !!int \"2\"\nc: ! 3\nd: !!map {}\ne: !!float 4\n",
            json!({
                "a": "1", "b": 2, "c": "3", "d": {}, "e": 4
            }),
        ),
        (
            "'<<': 1\n'1': 2\nwhat a name: 3\n? a\n: 4\n",
            json!({"<<": 1, "1": 2, "what a name": 3, "a": 4}),
        ),
        ("{\"a\": [1, true, null, \"\\u00e9\"]}", json!({"a": [1, true, null, "é"]})),
        ("%YAML 1.2\n---\na: é\n", json!({"a": "é"})),
    ];
    for (yaml, expected) in rows {
        assert_eq!(value(yaml), expected, "{yaml}");
    }
}

#[test]
fn what_is_refused_is_told_with_its_place() {
    let rows = [
        ("a: 1\na: 2\n", (2, 1), "the field `a` stands twice: expected each field once"),
        (
            "a: {é: 1, b: 2, b: 3}\n",
            (1, 18),
            "the field `b` stands twice: expected each field once",
        ),
        ("a: 1\n---\nb: 2\n", (2, 1), ONE_DOCUMENT),
        ("1: a\n", (1, 1), "expected the name of a field; in quotes it would be one"),
        ("true: a\n", (1, 1), "expected the name of a field; in quotes it would be one"),
        ("? [a]\n: b\n", (1, 3), "expected the name of a field"),
        ("a: &x b\n*x : c\n", (2, 1), "an alias stands here: expected the name of a field"),
        (
            "a: &x {}\nb:\n  <<: *x\n",
            (3, 3),
            "YAML 1.2 has no merge keys: expected the name of a field",
        ),
        ("a: &x [*x]\n", (1, 8), "this alias stands within what it stands for"),
        (
            "a: !mine b\n",
            (1, 4),
            "the tag `!mine`: expected none, or one of the core schema that fits",
        ),
        (
            "a: !!int b\n",
            (1, 4),
            "the tag `!!int`: expected none, or one of the core schema that fits",
        ),
        ("é: .inf\n", (1, 5), "expected a number as JSON has it, or quotes"),
        ("a: *no\n", (1, 4), "not YAML: while parsing node, found unknown anchor"),
        ("a: [1", (1, 6), "not YAML: while parsing a flow sequence, expected ',' or ']'"),
        ("a: [1\n", (2, 1), "not YAML: while parsing a flow sequence, expected ',' or ']'"),
    ];
    for (yaml, place, message) in rows {
        let error = to_json(yaml).unwrap_err();
        assert_eq!((error.place, error.message.as_str()), (place, message), "{yaml}");
    }
}

#[test]
fn a_few_lines_cannot_stand_for_more_than_memory_holds() {
    let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for at in 1..30 {
        let before = vec![format!("*a{}", at - 1); 9].join(", ");
        writeln!(bomb, "a{at}: &a{at} [{before}]").unwrap();
    }
    let error = to_json(&bomb).unwrap_err();
    assert_eq!(error.message, "the aliases stand for more than 16 MiB: expected less");
}

#[test]
fn what_is_too_deep_is_refused_also_where_aliases_make_it_deep() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(to_json(&nested(MAX_DEPTH)).is_ok());
    assert!(to_json(&nested(MAX_DEPTH + 1)).unwrap_err().message.starts_with("too deep"));

    let mut chain = "a0: &a0 []\n".to_owned();
    for at in 1..MAX_DEPTH - 1 {
        writeln!(chain, "a{at}: &a{at} [*a{}]", at - 1).unwrap();
    }
    assert!(to_json(&chain).is_ok());
    let text = to_json(&chain).unwrap().text;
    assert!(serde_json::from_str::<Value>(&text).is_ok());
    let last = MAX_DEPTH - 2;
    writeln!(chain, "b: [[*a{last}]]").unwrap();
    assert!(to_json(&chain).unwrap_err().message.starts_with("too deep"));
}

#[test]
fn each_piece_of_the_json_has_its_place_in_the_yaml() {
    let yaml = "first: é\nlist:\n  - a: 1\n    bé: [x, \"y\"]\n  - {}\n";
    let json = to_json(yaml).unwrap();
    let place = |piece: &str| json.place(yaml, json.text.find(piece).unwrap());
    assert_eq!(place("\"first\""), (1, 1));
    assert_eq!(place("\"é\""), (1, 8));
    assert_eq!(place("["), (3, 3));
    assert_eq!(place("{\"a\""), (3, 5));
    assert_eq!(place("1 "), (3, 8));
    assert_eq!(place("\"bé\""), (4, 5));
    assert_eq!(place("\"y\""), (4, 14));
    assert_eq!(place("{}"), (5, 5));
    let end = json.text.len() - 1;
    assert_eq!(json.place(yaml, end), (1, 1), "an end is at its beginning");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[-+0-9.eExo~ntrufals]{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_yaml(value in any_json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let read: Value = serde_json::from_str(&to_json(&text).unwrap().text).unwrap();
            prop_assert_eq!(&read, &value);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-:?#&*!|>'\"%@`{}\\[\\],a1é~<. \t\r\n\\\\]{0,60}") {
        if let Ok(json) = to_json(&text) {
            serde_json::from_str::<Value>(&json.text).unwrap();
        }
    }

    #[test]
    fn no_text_of_any_characters_makes_it_panic(text in any::<String>()) {
        if let Ok(json) = to_json(&text) {
            serde_json::from_str::<Value>(&json.text).unwrap();
        }
    }
}
