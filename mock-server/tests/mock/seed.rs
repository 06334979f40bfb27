//! What is at stake: a seed file is written by hand. A mistake in it must be found by reading one
//! line, and a good file must give what it says.

use std::error::Error as _;

use partner_api_mock::{Company, Connection, MockServer, Seed, Wallet};
use proptest::prelude::*;

use crate::raw;

fn example() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/seed.example.json").to_owned()
}

#[tokio::test]
async fn the_example_gives_what_it_says() {
    let seed = Seed::from_path(example()).unwrap();
    let mock = MockServer::builder().seed(seed).start().await.unwrap();
    let [first, second, third] = &mock.partners()[..] else {
        panic!("three partners")
    };

    assert_eq!(mock.api_key(), "pk_live_exampleexampleexample001");
    assert_eq!(
        (first.name(), mock.partner().name()),
        ("Example Partner", "Example Partner")
    );
    let sample = MockServer::start().await.unwrap().partner();
    assert_eq!(
        (first.wallet(), first.companies()),
        (sample.wallet(), sample.companies())
    );

    let mut wallet = Wallet::new(3);
    wallet.currency = "EUR".into();
    wallet.credit_unit_price = "0.0385".parse().unwrap();
    assert_eq!(second.wallet(), wallet);
    let connection = Connection::new("clx791...").with_quality_rating("RED");
    let pharmacy = Company::new("clx790...", "Corner Pharmacy").with_connection(connection);
    assert_eq!(
        second.companies(),
        [Company::new("clx789...", "Blue Bakery"), pharmacy]
    );
    assert!(!third.is_active());

    for (key, status) in [("002", 200), ("003", 200), ("004", 401)] {
        let key = format!("pk_live_exampleexampleexample{key}");
        assert_eq!(
            raw::wallet_with(mock.address(), &key).await.status,
            status,
            "{key}"
        );
    }
}

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let readme = include_str!("../../README.md");
    let example = std::fs::read_to_string(example()).unwrap();
    assert!(readme.contains(&format!("```json\n{example}```\n")));
}

#[tokio::test]
async fn an_empty_seed_is_one_partner_with_a_key_and_nothing_else() {
    let mock = MockServer::builder()
        .seed(Seed::empty())
        .start()
        .await
        .unwrap();
    assert!(mock.partner().companies().is_empty());
    assert_eq!(
        raw::wallet_with(mock.address(), mock.api_key())
            .await
            .status,
        200
    );
}

#[test]
fn a_mistake_is_said_with_its_place_and_what_was_expected() {
    let rows = [
        ("", "seed:1:1: EOF while parsing a value"),
        ("{", "seed:1:1: EOF while parsing an object"),
        ("{}", "seed:1:2: missing field `partners`"),
        (
            r#"{"partners": []}"#,
            "seed:1:1: expected at least one partner",
        ),
        (
            "[]\n",
            "seed:1:2: invalid length 0, expected an object with `partners`",
        ),
        (
            r#"{"partners": [{"name": "p"}]} x"#,
            "seed:1:31: trailing characters",
        ),
        (
            r#"{"partners": [{}]}"#,
            "seed:1:16: partners[0]: missing field `name`",
        ),
        (
            "{\n  \"partners\": [\n    {\"name\": \"p\",\n      \"walet\": {}\n",
            "seed:4:13: partners[0].walet: unknown field `walet`, expected one of `name`, `keys`, \
             `active`, `wallet`, `companies`; did you mean `wallet`?",
        ),
        (
            r#"{"partners": [{"name": "p", "xyz": 1}]}"#,
            "seed:1:33: partners[0].xyz: unknown field `xyz`, expected one of `name`, `keys`, \
             `active`, `wallet`, `companies`",
        ),
        (
            r#"{"partners": [{"name": "p", "wallet": {"balance": "many"}}]}"#,
            "seed:1:56: partners[0].wallet.balance: invalid type: string \"many\", expected i64",
        ),
        (
            r#"{"partners": [{"name": "p", "wallet": {"creditUnitPrice": 25}}]}"#,
            "seed:1:60: partners[0].wallet.creditUnitPrice: invalid type: integer `25`, expected a \
             decimal number as a string, such as \"25.0000\"",
        ),
        (
            r#"{"partners": [{"name": "p", "companies": [{"id": "c", "name": "C", "onboardedAt": "June"}]}]}"#,
            "seed:1:88: partners[0].companies[0].onboardedAt: invalid value: string \"June\", \
             expected a time such as \"2026-06-01T10:12:00.000Z\"",
        ),
        (
            r#"{"partners": [{"name": 1}]}"#,
            "seed:1:25: partners[0].name: expected a string",
        ),
        (
            "{\"partners\": [{\"name\": \"p\",\n \"keys\": [\"a b\"]}]}",
            "seed:2:11: this key could not follow `Bearer `: expected letters, digits and -._~+/ only",
        ),
        (
            "{\"partners\": [{\"name\": \"p\", \"keys\": [\"a\"]},\n{\"name\": \"q\", \"keys\": [\"a\"]}]}",
            "seed:2:24: this key stands twice: expected each key once, for one partner",
        ),
        (
            r#"{"partners": [{"name": "p"}, {"name": "p"}]}"#,
            "seed:1:39: a second partner named `p`: expected each name once",
        ),
    ];
    for (text, expected) in rows {
        let error = Seed::from_json(text).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
        let place = (error.line().unwrap(), error.column().unwrap());
        assert!(expected.starts_with(&format!("seed:{}:{}: ", place.0, place.1)));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Seed::from_path("no/such/seed.json").unwrap_err();
    assert_eq!(error.to_string(), "no/such/seed.json: cannot be read");
    assert!(error.source().is_some() && error.line().is_none());
}

#[test]
fn no_key_of_a_seed_is_shown() {
    let seed = Seed::from_path(example()).unwrap();
    let error = Seed::from_json(r#"{"partners": [{"name": "p", "keys": "pk_live_canary"}]}"#);
    let shown = format!("{seed:?} {:?}", error.unwrap_err());
    assert!(
        !shown.contains("exampleexample") && !shown.contains("canary"),
        "{shown}"
    );
}

#[test]
fn a_file_cut_anywhere_is_an_error_in_one_line() {
    let text = std::fs::read_to_string(example()).unwrap();
    for cut in (0..text.trim_end().len()).filter_map(|at| text.get(..at)) {
        let error = Seed::from_json(cut).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}:,\"a-z0-9 \n\\\\]{0,60}") {
        let _ = Seed::from_json(&text);
        let _ = Seed::from_json(&format!(r#"{{"partners": [{{"name": "p", "keys": [{text}]}}]}}"#));
    }
}
