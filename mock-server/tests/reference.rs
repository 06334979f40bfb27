//! The first `curl` returns exactly the bodies of the published page, field by field and in the
//! same order. `tests/reference/` of the repository holds those bodies verbatim.
//!
//! This is a separate test program because neither it nor the bodies are in the published package.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test reports a failure by a panic"
)]

#[path = "mock/raw.rs"]
#[expect(dead_code, reason = "it is what the tests of the mock need in all")]
mod raw;

use std::fs;

use partner_api_mock::{MockServer, ROUTES, Seed};

/// The page's body without spaces and line ends outside of strings.
fn reference(name: &str) -> String {
    let path = format!("{}/../tests/reference/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let mut in_string = false;
    let mut text = fs::read_to_string(path).unwrap();
    text.retain(|char| {
        in_string ^= char == '"';
        in_string || !char.is_whitespace()
    });
    text
}

async fn get(mock: &MockServer, path: &str, key: &str) -> String {
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n"
    );
    raw::exchange(mock.address(), request).await.body
}

#[tokio::test]
async fn the_default_data_is_the_sample_of_the_reference() {
    let mock = MockServer::start().await.unwrap();
    for route in ROUTES {
        assert_eq!(get(&mock, route.path, &mock.api_key()).await, reference(route.name));
    }
}

#[tokio::test]
async fn both_errors_are_those_of_the_reference() {
    let mock = MockServer::start().await.unwrap();
    let missing = raw::wallet(mock.address(), "").await;
    assert_eq!((missing.status, missing.body), (401, reference("missing_bearer_token")));
    let invalid = raw::wallet_with(mock.address(), "pk_live_xxx").await;
    assert_eq!((invalid.status, invalid.body), (401, reference("invalid_token")));
}

#[tokio::test]
async fn a_body_of_the_reference_can_be_pasted_into_a_seed() {
    let companies = reference("companies");
    let companies = companies.strip_prefix(r#"{"data":"#).and_then(|rest| rest.strip_suffix('}'));
    let (companies, wallet) = (companies.unwrap(), reference("wallet"));
    let seed = format!(
        r#"{{"partners": [{{"name": "p", "wallet": {wallet}, "companies": {companies}}}]}}"#
    );
    let seed = Seed::from_json(&seed).unwrap();
    let mock = MockServer::builder().seed(seed).start().await.unwrap();
    assert_eq!(get(&mock, "/api/v1/companies", &mock.api_key()).await, reference("companies"));
    assert_eq!(get(&mock, "/api/v1/wallet", &mock.api_key()).await, wallet);
}

#[test]
fn the_routes_are_the_endpoints_that_the_reference_lists() {
    let page = include_str!("../../tests/reference/partner-api-reference.txt");
    for route in ROUTES {
        let endpoint = format!("{}{}", route.method, route.path);
        assert!(page.lines().any(|line| line.starts_with(&endpoint)), "{endpoint}");
    }
    let endpoints = page.lines().filter(|line| line.starts_with("GET/api/v1/"));
    assert_eq!(endpoints.count(), ROUTES.len());
}
