//! A seed file is written by hand, also by people who do not write Rust. The error for a mistake is
//! one line with the file, the line, the column and the expected value.

use std::error::Error as _;

use partner_api_mock::Seed;
use proptest::prelude::*;

fn example() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/seed.example.json").to_owned()
}

/// The error of this text, which is one line and names a place that is in the text.
fn error_of(text: &str) -> String {
    let error = Seed::from_json(text).unwrap_err();
    let shown = error.to_string();
    let place = (error.line().unwrap(), error.column().unwrap());
    assert!(shown.starts_with(&format!("seed:{}:{}: ", place.0, place.1)));
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    shown
}

#[test]
fn the_error_for_a_mistake_has_its_position_and_what_was_expected() {
    let rows = [
        ("{}", "seed:1:2: missing field `partners`"),
        (r#"{"partners": []}"#, "seed:1:14: partners: expected at least one partner"),
        (r#"{"partners": [{"name": "p"}]} x"#, "seed:1:31: trailing characters"),
        (r#"{"partners": [{}]}"#, "seed:1:16: partners[0]: missing field `name`"),
        (
            "{\n  \"partners\": [\n    {\"name\": \"p\",\n      \"walet\": {}\n",
            "seed:4:13: partners[0].walet: unknown field `walet`, expected one of `name`, `keys`, \
             `active`, `wallet`, `companies`, `generate`, `faults`, `stubs`; did you mean `wallet`?",
        ),
        (
            r#"{"partners": [{"name": "p", "xyz": 1}]}"#,
            "seed:1:33: partners[0].xyz: unknown field `xyz`, expected one of `name`, `keys`, \
             `active`, `wallet`, `companies`, `generate`, `faults`, `stubs`",
        ),
        (
            r#"{"partners": [{"name": "p", "name": "q"}]}"#,
            "seed:1:34: partners[0]: duplicate field `name`",
        ),
        (
            r#"{"partners": [{"name": "p", "companies": [{"id": "c", "name": "C", "onboardedAt": "June"}]}]}"#,
            "seed:1:88: partners[0].companies[0].onboardedAt: invalid value: string \"June\", \
             expected a time such as \"2026-06-01T10:12:00.000Z\"",
        ),
        (
            r#"{"partners": [{"name": 1}]}"#,
            "seed:1:24: partners[0].name: invalid type: integer `1`, expected a string",
        ),
        (
            "{\"partners\": [{\"name\": \"p\",\n \"keys\": [\"a b\"]}]}",
            "seed:2:11: partners[0].keys[0]: this key could not follow `Bearer `: expected letters, digits and -._~+/, \
             and = at the end only",
        ),
        (
            "{\"partners\": [{\"name\": \"p\", \"keys\": [\"a\"]},\n{\"name\": \"q\", \"keys\": [\"a\"]}]}",
            "seed:2:24: partners[1].keys[0]: this key is given twice: expected each key once, for one partner",
        ),
        (
            r#"{"partners": [{"name": "p"}, {"name": "p"}]}"#,
            "seed:1:39: partners[1].name: a second partner named `p`: expected each name once",
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(error_of(text), expected, "{text}");
    }
}

#[test]
fn the_error_for_text_that_is_not_json_has_its_position() {
    let rows = [
        ("", "1:1: EOF while parsing a value"),
        ("{", "1:1: EOF while parsing an object"),
        ("{\"partners\": [", "1:14: partners: EOF while parsing a list"),
        ("{\"partners\":\n[{\"name\": \"p", "2:12: partners[0].name: EOF while parsing a string"),
        ("{\"partners\": [,]}", "1:15: partners[0]: expected value"),
        ("{partners: 1}", "1:2: key must be a string"),
        ("{\"partners\" 1}", "1:13: expected `:`"),
        ("{\"partners\": [{\"name\": \"p\"},]}", "1:29: partners: trailing comma"),
    ];
    for (text, expected) in rows {
        assert_eq!(error_of(text), format!("seed:{expected}"), "{text}");
    }
}

/// A partner with this field.
fn partner_with(field: &str) -> String {
    format!(r#"{{"partners": [{{"name": "p", {field}}}]}}"#)
}

#[test]
fn a_value_of_another_kind_names_its_field_and_what_was_expected() {
    for (field, expected) in [
        (
            r#""wallet": {"balance": "many"}"#,
            r#"wallet.balance: invalid type: string "many", expected i64"#,
        ),
        (r#""wallet": {"balance": 1e999}"#, "wallet.balance: number out of range"),
        (r#""active": 1"#, "active: invalid type: integer `1`, expected a boolean"),
        (r#""companies": {}"#, "companies: invalid type: map, expected a sequence"),
        (r#""keys": "secret""#, "keys: expected a key as a string (the value is not shown)"),
        (
            r#""wallet": [12]"#,
            "wallet: invalid type: sequence, expected an object with what is known of a wallet",
        ),
        (
            r#""companies": [["c", "C"]]"#,
            "companies[0]: invalid type: sequence, expected an object with the `id` and the `name` \
             of a company",
        ),
    ] {
        let error = error_of(&partner_with(field));
        assert!(error.ends_with(&format!(": partners[0].{expected}")), "{error}");
    }
    assert!(
        error_of("[]").ends_with(": invalid type: sequence, expected an object with `partners`")
    );
}

/// Every field of a seed, each with a valid value.
const ALL_FIELDS: &str = r#"{"partners": [{"name": "p", "keys": ["k"], "active": true,
"wallet": {"balance": 1, "currency": "XAF", "creditUnitPrice": "1.5", "costPerMessage": 1},
"companies": [{"id": "c", "name": "C", "onboardedAt": "2026-06-01T10:12:00.000Z", "connections": [
{"id": "n", "wabaId": "1", "phoneNumberId": "2", "displayPhoneNumber": "3", "qualityRating": "RED",
"status": "connected"}], "_count": {"templates": 4}}]}]}"#;

#[test]
fn null_is_rejected_everywhere() {
    Seed::from_json(ALL_FIELDS).unwrap();
    let value_starts: Vec<_> = ALL_FIELDS.match_indices(": ").map(|(at, _)| at + 2).collect();
    assert_eq!(value_starts.len(), 22, "each field once");
    for at in value_starts {
        let (before, value) = ALL_FIELDS.split_at(at);
        // The value ends where all opened brackets are closed.
        let mut open = 0;
        let end = value.find(|char| {
            open += match char {
                '[' | '{' => 1,
                ']' | '}' => -1,
                _ => 0,
            };
            open < 0 || open == 0 && char == ','
        });
        let text = format!("{before}null{}", value.split_at(end.unwrap()).1);
        let error = error_of(&text);
        let line = before.lines().count();
        assert!(error.starts_with(&format!("seed:{line}:")), "{text}\n{error}");
        assert!(
            error.contains("invalid type: null, expected ") || error.contains("expected a key"),
            "{text}\n{error}"
        );
    }
    for list in ["keys", "companies"] {
        error_of(&partner_with(&format!(r#""{list}": [null]"#)));
    }
}

#[test]
fn a_price_is_a_number_as_json_writes_it() {
    let with = |price| partner_with(&format!(r#""wallet": {{"creditUnitPrice": "{price}"}}"#));
    for good in ["0", "25", "25.0000", "0.0385", "-1.5", "10.01"] {
        assert!(Seed::from_json(&with(good)).is_ok(), "{good}");
    }
    for wrong in
        ["1_0", "+1", ".5", "5.", "01", "00.5", "-01", "", "-", ".", "1e3", " 1", "1,5", "0x1"]
    {
        let expected = format!(
            ": partners[0].wallet.creditUnitPrice: invalid value: string \"{wrong}\", expected a \
             decimal number as a string, such as \"25.0000\""
        );
        assert!(error_of(&with(wrong)).ends_with(&expected), "{wrong}");
    }
}

#[test]
fn a_text_from_the_file_is_shown_in_one_short_line() {
    let error = error_of("{\"partners\": [{\"a\\n\\u001b[31m\\u202e\": 1}]}");
    assert!(
        error.contains(r"partners[0].a\n\u{1b}[31m\u{202e}: unknown field `a\n\u{1b}[31m\u{202e}`"),
        "{error}"
    );
    let error = error_of(&partner_with(&format!(r#""{}": 1"#, "x".repeat(10_000))));
    assert!(error.len() < 800, "{error}");
    let error = error_of(&partner_with(&format!(r#""active": "{}""#, "x".repeat(10_000))));
    assert!(error.len() < 800 && error.ends_with("expected a boolean"), "{error}");
}

/// A file that is removed when it is dropped.
struct File(std::path::PathBuf);

impl File {
    fn with(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = std::env::temp_dir().join(format!("seed-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    /// The error of this file, without its folder.
    fn error(&self) -> String {
        let error = Seed::from_path(&self.0).unwrap_err().to_string();
        let beginning = format!("seed-{}-", std::process::id());
        error.split_once(&beginning).unwrap().1.to_owned()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_error_has_the_position_of_the_first_byte_that_is_not_utf_8() {
    let said = "this byte is not UTF-8: expected text in UTF-8";
    for (name, bytes, place) in [
        ("latin", &b"{\n  \"partners\": \"caf\xe9\xff\"}"[..], "2:19"),
        ("utf-16", b"\xff\xfe{\0", "1:1"),
        ("marked", b"\xef\xbb\xbf{ \xff", "1:3"),
        ("cut", b"{\"\xc3", "1:3"),
    ] {
        let file = File::with(name, bytes);
        assert_eq!(file.error(), format!("{name}:{place}: {said}"));
    }
}

#[test]
fn a_byte_order_mark_is_ignored_and_moves_no_column() {
    let example = std::fs::read_to_string(example()).unwrap();
    let file = File::with("bom", format!("\u{feff}{example}"));
    assert!(Seed::from_path(&file.0).is_ok());
    assert_eq!(error_of("\u{feff}{}"), error_of("{}"));
    let twice = "{\"partners\": [{\"name\": \"p\"}, {\"name\": \"p\"}]}";
    assert_eq!(error_of(&format!("\u{feff}{twice}")), error_of(twice));
    assert_eq!(error_of("\u{feff}\u{feff}{}"), "seed:1:1: expected value");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Seed::from_path("no/such/seed.json").unwrap_err();
    assert_eq!(error.to_string(), "no/such/seed.json: cannot be read");
    assert!(error.source().is_some() && error.line().is_none());
    let error = Seed::from_path("no/su\nch/\u{1b}[31m.json").unwrap_err();
    assert_eq!(error.to_string(), r"no/su\nch/\u{1b}[31m.json: cannot be read");
}

#[test]
fn no_key_of_a_seed_is_shown() {
    let seed = Seed::from_path(example()).unwrap();
    let error = Seed::from_json(r#"{"partners": [{"name": "p", "keys": "pk_live_canary"}]}"#);
    let shown = format!("{seed:?} {:?}", error.unwrap_err());
    assert!(!shown.contains("exampleexample") && !shown.contains("canary"), "{shown}");
}

#[test]
fn a_file_cut_anywhere_is_an_error_in_one_line() {
    let text = std::fs::read_to_string(example()).unwrap();
    for cut in (0..text.trim_end().len()).filter_map(|at| text.get(..at)) {
        let error = Seed::from_json(cut).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains("EOF while parsing"), "{error}");
    }
}

proptest! {
    #[test]
    fn no_text_causes_a_panic(text in "[\\[\\]{}:,\"a-z0-9 \n\\\\]{0,60}") {
        let _ = Seed::from_json(&text);
        let _ = Seed::from_json(&format!(r#"{{"partners": [{{"name": "p", "keys": [{text}]}}]}}"#));
    }
}
