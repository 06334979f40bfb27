//! The steps of `docs/new-endpoint.md` work with a second edition of the reference. That edition is
//! fictional. The program of the page is a doctest.

#![cfg(test)]

use std::path::Path;

use partner_api::{Client, UnauthorizedCode};
use partner_api_mock::{MockServer, ResponseTemplate, Stub};
use partner_api_tests::{Checked, reference};
use serde::Deserialize;

const EDITION: &str = include_str!("../reference/fictional-second-edition.txt");
const STEPS: &str = include_str!("../../docs/new-endpoint.md");

/// The sample body of the fictional edition that contains this text.
fn sample(containing: &str) -> &'static str {
    let bodies = EDITION.split("Response 200\n").skip(1);
    let bodies = bodies.map(|rest| rest.split_once("\n}\n").map_or(rest, |(body, _)| body));
    let mut bodies = bodies.filter(|body| body.contains(containing));
    let body = bodies.next().unwrap_or_else(|| panic!("no sample has {containing}"));
    EDITION.get(EDITION.find(body).unwrap()..).unwrap().get(..body.len() + 2).unwrap()
}

fn client_of(mock: &MockServer) -> Checked<Client> {
    Ok(Client::new(mock.url(), &mock.api_key())?)
}

#[test]
fn the_second_edition_says_that_it_is_fictional_and_keeps_all_of_the_first() {
    assert!(EDITION.starts_with("FICTIONAL."));
    let mut rest = EDITION;
    for line in reference::PAGE.lines().filter(|line| !line.starts_with("Additional endpoints")) {
        let line = line.trim_end_matches(',');
        let at = rest.find(line).unwrap_or_else(|| panic!("{line} is gone"));
        rest = &rest[at + line.len()..];
    }
}

#[tokio::test]
async fn the_new_endpoint_is_called_with_a_type_of_the_caller() -> Checked {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Stats {
        month: String,
        sent: u64,
        delivered: u64,
        failed: u64,
    }

    let mock = MockServer::start().await?;
    let client = client_of(&mock)?;
    // It overrides, so that this test also passes when the service has published such an endpoint.
    let response = ResponseTemplate::json(200, sample("delivered"));
    mock.add_stub(Stub::get("stats").override_documented().respond(response))?;
    let stats = client.get("stats").send::<Stats>().await?;
    let expected = Stats { month: "2026-06".into(), sent: 1200, delivered: 1176, failed: 24 };
    assert_eq!(stats, expected);

    mock.partner().deactivate();
    let error = client.get("stats").send::<Stats>().await.unwrap_err();
    assert!(error.is_unauthorized(), "it is behind the same authorization: {error}");
    Ok(())
}

#[tokio::test]
async fn a_new_field_is_kept_by_a_client_that_does_not_know_it() -> Checked {
    let mock = MockServer::start().await?;
    let wallet = ResponseTemplate::json(200, sample("reservedCredits"));
    mock.add_stub(Stub::get("wallet").override_documented().respond(wallet))?;
    let wallet = client_of(&mock)?.wallet().await?;
    assert_eq!(wallet.balance, 8450);
    assert_eq!(wallet.unknown_fields().get("reservedCredits"), Some("40"));
    Ok(())
}

#[tokio::test]
async fn a_new_error_code_is_given_to_the_caller() -> Checked {
    let body = r#"{ "error": "key_expired" }"#;
    assert!(EDITION.contains(body));
    let mock = MockServer::start().await?;
    let expired = ResponseTemplate::json(401, body);
    mock.add_stub(Stub::get("wallet").override_documented().respond(expired))?;
    let error = client_of(&mock)?.wallet().await.unwrap_err();
    let expected = UnauthorizedCode::Other("key_expired".into());
    assert_eq!(error.unauthorized_code(), Some(&expected));
    Ok(())
}

#[test]
fn the_files_that_the_steps_name_are_there_and_the_samples_are_those_of_the_edition() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let steps = STEPS.split("## Add it to this repository").nth(1).unwrap();
    let files: Vec<_> =
        steps.split('`').skip(1).step_by(2).filter(|code| code.contains('/')).collect();
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        assert!(root.join(file).is_file(), "{file}");
    }

    let shown = STEPS.split("r#\"").nth(1).and_then(|rest| rest.split("\"#").next()).unwrap();
    assert_eq!(reference::minified(shown), reference::minified(sample("delivered")));
}
