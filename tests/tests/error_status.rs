//! The guide's table from the kind of an error to an HTTP status, and its code for axum.

#![cfg(test)]

use std::collections::BTreeMap;
use std::time::Duration;

use partner_api::{Client, RetryPolicy};
use partner_api_mock::{Fault, MockServer, ResponseTemplate, Stub};

const GUIDE: &str = include_str!("../../client/docs/keep_a_copy_in_step.md");
const KINDS: &str = include_str!("../../client/src/error/kind.rs");

/// The code of the guide, which is copied to `error_status/axum.rs`.
#[expect(unreachable_pub, reason = "it is written for the crate of a user")]
#[path = "error_status/axum.rs"]
mod copied;

use axum::response::IntoResponse as _;
use copied::ApiError;

fn status_of(error: partner_api::Error) -> u16 {
    ApiError::from(error).into_response().status().as_u16()
}

/// The statuses of each kind in the table.
fn table() -> BTreeMap<&'static str, Vec<u16>> {
    let section = GUIDE.split("# Errors in your HTTP service").nth(1).unwrap();
    let mut table = BTreeMap::<_, Vec<_>>::new();
    for row in section.lines().filter(|line| line.starts_with("| 5")) {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        for kind in cells[1].split('`').skip(1).step_by(2) {
            table.entry(kind).or_default().push(cells[0].parse().unwrap());
        }
    }
    table
}

#[test]
fn the_code_of_the_guide_is_the_code_that_is_compiled_here() {
    let copied = include_str!("error_status/axum.rs").split_once("\n\n").unwrap().1;
    let in_guide = GUIDE.split("```rust,ignore\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(in_guide, copied);
}

#[test]
fn every_kind_is_in_the_table() {
    let kinds = KINDS.split("pub enum ErrorKind {").nth(1).unwrap().split("\n}").next().unwrap();
    let kinds = kinds.lines().filter_map(|line| line.strip_prefix("    "));
    let kinds = kinds.filter(|line| line.starts_with(char::is_uppercase));
    let kinds: Vec<_> = kinds.map(|line| line.split(['(', ',', ' ']).next().unwrap()).collect();
    let table = table();
    assert!(kinds.len() > 10 && table.len() == kinds.len(), "{table:?}");
    for kind in kinds {
        assert!(table.contains_key(kind), "{kind}");
    }
}

#[tokio::test]
async fn each_error_has_the_status_of_the_table() {
    let table = table();
    let check = |kind: &str, expected: u16, error: partner_api::Error| {
        let debug = format!("{:?}", error.kind());
        assert!(debug.starts_with(kind), "{debug}");
        assert!(table[kind].contains(&expected), "{kind} is not {expected} in the table");
        assert_eq!(status_of(error), expected, "{debug}");
    };
    let mock = MockServer::start().await.unwrap();
    let client = Client::builder()
        .base_url(mock.url())
        .api_key(mock.api_key())
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let wallet_with = async |fault: Fault| {
        mock.fail_next(fault).unwrap();
        client.wallet().await.unwrap_err()
    };

    check("Config", 500, Client::new("http://no.example", "key").unwrap_err());
    check("Request", 500, client.get("a/../b").send_empty().await.unwrap_err());
    check("Timeout", 504, client.wallet().timeout(Duration::ZERO).await.unwrap_err());
    check("Status", 503, wallet_with(Fault::status(503)).await);
    check("Status", 502, wallet_with(Fault::status(404)).await);
    check("Redirect", 502, wallet_with(Fault::status(302)).await);
    let stub = Stub::get("companies").override_documented();
    let page = ResponseTemplate::json(200, r#"{"data":[],"nextCursor":"c-1"}"#);
    let _stub = mock.add_stub(stub.respond_with(move |_| page.clone())).unwrap();
    check("IncompleteList", 502, client.companies().await.unwrap_err());

    let throttled = wallet_with(Fault::status(429).retry_after(7)).await;
    let response = ApiError::from(throttled).into_response();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"7".parse().unwrap())
    );

    mock.partner().deactivate();
    check("Unauthorized", 500, client.wallet().await.unwrap_err());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = Client::builder().base_url(format!("http://{closed}")).api_key(mock.api_key());
    let nowhere = nowhere.retry(RetryPolicy::never()).build().unwrap();
    check("Connect", 503, nowhere.wallet().await.unwrap_err());
}
