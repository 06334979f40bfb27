//! A test in another language waits for requests of its client without sleeping or polling: the
//! response comes immediately, says why if the requests did not arrive, and no wait outlives the
//! mock.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::asking::{ask, start, told};
use crate::raw;

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_recorded_request_has_its_disposition_and_its_response() {
    let mock = start().await;
    let (address, key) = (mock.address(), mock.api_key());
    told(address, "POST", "/faults", r#"{"status":503,"delay":"2ms","times":1}"#, 201).await;
    raw::wallet_with(address, &key).await;
    raw::wallet_with(address, "pk_live_nobodys").await;
    raw::wallet_with(address, &key).await;
    let all = told(address, "GET", "/requests", "", 200).await;
    let (first, second, third) = (&all["data"][0], &all["data"][1], &all["data"][2]);
    assert_eq!(
        first["fault"],
        json!({"rule": "status=503 delay=2ms times=1", "ruleNumber": 1, "request": 1,
               "draw": null, "error": null})
    );
    let delays = [first, second, third].map(|one| one["delayMs"].clone());
    assert_eq!(delays, [json!(2.0), json!(2.0), json!(0.0)]);
    assert!([first, second, third].iter().all(|one| one["durationMs"].is_f64()));
    let shown = |name: &str| (first[name].clone(), second[name].clone());
    assert_eq!(shown("partner"), (json!("p-1"), Value::Null));
    assert_eq!(shown("partnerName"), (json!("default"), Value::Null));
    assert_eq!(shown("disposition"), (json!("served"), json!("unknown key")));
    assert_eq!(shown("status"), (json!(503), json!(503)), "each is another's first");

    let one = ask(address, "GET", "/requests/req-1", "").await;
    assert_eq!(one.body["response"]["body"], r#"{"error":"service_unavailable"}"#);
    assert!(!one.text.contains(&key) && one.text.contains("[redacted]"), "{}", one.text);
    for missing in ["req-4", "req-0", "req--1", "1", "req-x"] {
        told(address, "GET", &format!("/requests/{missing}"), "", 404).await;
    }
}

#[tokio::test]
async fn a_rule_of_a_megabyte_is_shortened_in_the_journal() {
    let mock = start().await;
    let (address, key) = (mock.address(), mock.api_key());
    let rule = json!({"body": "x".repeat(1 << 20)}).to_string();
    told(address, "POST", "/faults", &rule, 201).await;
    for _ in 0..3 {
        raw::wallet_with(address, &key).await;
    }
    let all = ask(address, "GET", "/requests", "").await;
    assert_eq!(all.body["data"].as_array().unwrap().len(), 3);
    assert!(all.body["data"][0]["fault"]["rule"].as_str().unwrap().ends_with("xxx…"));
    assert!(all.text.len() < 10_000, "{}", all.text.len());
    let fault = mock.requests()[0].fault.clone().unwrap();
    assert!(fault.rule().len() > 1 << 20 && fault.to_string().len() < 2000);
}

#[tokio::test]
async fn filters_and_counts_are_the_same_as_in_rust() {
    let mock = start().await;
    let (address, key) = (mock.address(), mock.api_key());
    for trace in ["a", "b", "b"] {
        let headers = format!("authorization: Bearer {key}\r\nx-trace: {trace}\r\n");
        raw::wallet(address, headers).await;
    }
    raw::wallet(address, "").await;
    for (query, expected) in [
        ("header=x-trace:b", &["req-2", "req-3"][..]),
        ("header=X-Trace:%20b&status=200&path=wallet&method=GET", &["req-2", "req-3"]),
        ("header=x-trace:a&header=host:mock", &["req-1"]),
        ("status=401", &["req-4"]),
        ("path=%2Fapi%2Fv1%2Fwallet&limit=1", &["req-4"]),
        ("after=req-1&limit=1", &["req-2"]),
        ("after=req-0&limit=2", &["req-1", "req-2"]),
        ("path=companies", &[]),
        ("query=", &["req-1", "req-2", "req-3", "req-4"]),
    ] {
        let list = told(address, "GET", &format!("/requests?{query}"), "", 200).await;
        assert_eq!(ids(&list), expected, "{query}");
    }
    let mine = told(address, "GET", "/partners/p-1/requests", "", 200).await;
    assert_eq!(ids(&mine), ["req-1", "req-2", "req-3"]);
    for (query, status) in [
        ("path=wallet&exactly=4", 200),
        ("path=wallet&exactly=3", 409),
        ("path=wallet&atLeast=3", 200),
        ("path=wallet&atLeast=5", 409),
        ("after=req-2&exactly=2", 200),
        ("exactly=0&status=500", 200),
    ] {
        told(address, "GET", &format!("/requests?{query}"), "", status).await;
    }
    let unmet = ask(address, "GET", "/requests?header=x-trace:c&exactly=1", "").await;
    let (error, _, message) = unmet.error();
    assert_eq!(error, "verification_failed");
    assert!(message.starts_with("expected  exactly 1 request of any method"), "{message}");
    assert!(message.contains("\nnearest   "), "{message}");
}

#[tokio::test]
async fn a_wrong_query_names_its_parameter() {
    let mock = start().await;
    let address = mock.address();
    for (query, field) in [
        ("limti=3", "limti"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=5&limit=6", "limit"),
        ("status=ok", "status"),
        ("after=12", "after"),
        ("exactly=1&atLeast=1", "atLeast"),
        ("exactly=-1", "exactly"),
        ("within=1s", "within"),
        ("after=req-1&within=61s", "within"),
        ("after=req-1&within=soon", "within"),
        ("header=x-trace", "header"),
        ("path=%ff", ""),
        ("%1b%5b2J=1", "\\u{1b}[2J"),
    ] {
        let refused = ask(address, "GET", &format!("/requests?{query}"), "").await;
        let (error, at, message) = refused.error();
        assert_eq!((refused.status, error, at), (400, "invalid", field), "{query}: {message}");
        assert!(!message.contains('\u{1b}'), "{message}");
    }
}

#[tokio::test]
async fn a_wait_ends_as_soon_as_the_request_arrives() {
    let mock = start().await;
    let (address, key) = (mock.address(), mock.api_key());
    let begun = Instant::now();
    let counted = tokio::spawn(async move {
        ask(address, "GET", "/partners/p-1/requests?path=wallet&atLeast=2&within=60s", "").await
    });
    let newer =
        tokio::spawn(
            async move { ask(address, "GET", "/requests?after=req-1&within=60s", "").await },
        );
    let exactly =
        tokio::spawn(
            async move { ask(address, "GET", "/requests?exactly=2&within=60s", "").await },
        );
    for _ in 0..2 {
        tokio::task::yield_now().await;
        raw::wallet_with(address, &key).await;
    }
    assert_eq!(ids(&counted.await.unwrap().body), ["req-1", "req-2"]);
    assert_eq!(ids(&newer.await.unwrap().body), ["req-2"]);
    assert_eq!(ids(&exactly.await.unwrap().body), ["req-1", "req-2"]);
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_wait_without_a_request_ends_with_its_time() {
    let mock = start().await;
    let address = mock.address();
    let unmet = ask(address, "GET", "/requests?atLeast=1&within=20ms", "").await;
    assert_eq!((unmet.status, unmet.error().0), (409, "verification_failed"));
    assert!(
        unmet.error().2.starts_with("expected  at least 1 request within 20ms"),
        "{}",
        unmet.text
    );
    let nothing = told(address, "GET", "/requests?after=req-0&within=20ms", "", 200).await;
    let evicted = json!({"byEntryLimit": 0, "byByteLimit": 0});
    assert_eq!(nothing, json!({"data": [], "count": 0, "evicted": evicted}));
}

#[tokio::test]
async fn a_wait_ends_with_the_mock() {
    let mock = start().await;
    let address = mock.address();
    let waiting = tokio::spawn(async move {
        ask(address, "GET", "/requests?atLeast=1&within=60s", "").await.status
    });
    // This response comes after the other connection was accepted, so that request is in progress
    // now.
    raw::Connection::open(address).await;
    told(address, "GET", "/health", "", 200).await;
    let begun = Instant::now();
    mock.shutdown().await;
    assert_eq!(waiting.await.unwrap(), 409);
    assert!(begun.elapsed() < Duration::from_secs(8), "it did not wait to be cut off");
}

#[tokio::test]
async fn clearing_one_partners_requests_keeps_those_of_others() {
    let mock = start().await;
    let address = mock.address();
    told(address, "POST", "/partners", r#"{"name":"b","keys":["b"]}"#, 201).await;
    raw::wallet_with(address, &mock.api_key()).await;
    raw::wallet_with(address, "b").await;
    told(address, "DELETE", "/partners/p-2/requests", "", 204).await;
    let left = told(address, "GET", "/requests", "", 200).await;
    assert_eq!(ids(&left), ["req-1"]);
    told(address, "DELETE", "/requests", "", 204).await;
    assert!(mock.requests().is_empty());
}
