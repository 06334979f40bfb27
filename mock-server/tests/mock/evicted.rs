//! Counts after eviction: exact by method, path, status and disposition; any other count is an
//! error that says how many requests were evicted and why. No wrong count is returned without an
//! error.

use axum::body::Body;
use http::Request;
use partner_api_mock::{
    Disposition, Fault, MAX_JOURNAL_COUNTERS, MAX_JOURNAL_ENTRIES, Mock, ResponseTemplate, Rule,
    Stub,
};
use serde_json::json;
use tower::ServiceExt as _;

use crate::asking::{ask, start, told};

async fn send(mock: &Mock, method: &str, target: &str, key: &str) {
    let request = Request::builder().method(method).uri(target);
    let request = request.header("authorization", format!("Bearer {key}"));
    mock.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
}

/// 12,000 requests: 9,000 of `GET /wallet`, of which 10 get 503; 1,000 of `HEAD /wallet`; 1,000 to an
/// unknown path; and 1,000 without a known key.
async fn send_12_000(mock: &Mock) {
    let key = mock.api_key();
    mock.partner().faults().add(Rule::new(Fault::status(503)).times(10)).unwrap();
    for number in 0..12_000 {
        let (method, path, key) = match number % 12 {
            9 => ("HEAD", "/api/v1/wallet", key.as_str()),
            10 => ("GET", "/api/v1/stats", key.as_str()),
            11 => ("GET", "/api/v1/wallet", "pk_live_unknown"),
            _ => ("GET", "/api/v1/wallet", key.as_str()),
        };
        send(mock, method, path, key).await;
    }
}

#[tokio::test]
async fn after_12_000_requests_every_count_by_the_four_fields_is_exact() {
    let mock = Mock::new();
    send_12_000(&mock).await;
    let (all, mine) = (|| mock.received_requests(), || mock.partner().received_requests());
    assert_eq!(all().count(), Ok(12_000));
    assert_eq!(mine().count(), Ok(11_000));
    assert_eq!(mine().path("wallet").count(), Ok(10_000));
    assert_eq!(mine().path("{any}").count(), Ok(11_000));
    assert_eq!(mine().path("wallet").method("GET").count(), Ok(9_000));
    assert_eq!(mine().method("HEAD").count(), Ok(1_000));
    assert_eq!(mine().method("POST").count(), Ok(0));
    assert_eq!(
        mine().status(404).count().unwrap(),
        1_000 - mine().path("stats").status(503).count().unwrap()
    );
    assert_eq!(mine().status(503).count(), Ok(10));
    assert_eq!(mine().status(200).count(), Ok(11_000 - 10 - mine().status(404).count().unwrap()));
    assert_eq!(all().status(401).count(), Ok(1_000));
    assert_eq!(mine().disposition(Disposition::UnknownPath).count(), Ok(1_000));
    assert_eq!(mine().disposition(Disposition::Served).path("wallet").count(), Ok(10_000));
    assert_eq!(mine().disposition(Disposition::Stubbed).count(), Ok(0));

    assert_eq!(
        mine().path("wallet").exactly(10_000).unwrap().len(),
        mine().path("wallet").all().len()
    );
    mine().path("wallet").at_least(9_999).unwrap();
    for wrong in [MAX_JOURNAL_ENTRIES, 9_999, 10_001, 0] {
        let text = mine().path("wallet").exactly(wrong).unwrap_err().to_string();
        assert!(
            text.contains("\nreceived  10000 of the 11000 requests of partner `default`\n"),
            "{text}"
        );
        let evicted = "\nevicted   6000 requests: 6000 by the limit of 5000 entries, 0 by the limit of 16 MiB\n";
        assert!(text.contains(evicted), "{text}");
    }
    mine().path("wallet").at_least(10_001).unwrap_err();
}

#[tokio::test]
async fn a_check_that_needs_evicted_headers_queries_or_bodies_is_an_error() {
    let mock = Mock::new();
    let key = mock.api_key();
    for number in 0..MAX_JOURNAL_ENTRIES + 7 {
        send(&mock, "GET", &format!("/api/v1/wallet?{number}"), &key).await;
    }
    let calls = || mock.partner().received_requests();
    for (calls, matching) in [
        (calls().query("5000"), 1),
        (calls().query("3"), 0),
        (calls().header("authorization", "[redacted]"), MAX_JOURNAL_ENTRIES),
        (calls().body("a"), 0),
    ] {
        for wrong in
            [calls.exactly(matching), calls.at_least(matching + 1), calls.exactly(matching + 7)]
        {
            let text = wrong.unwrap_err().to_string();
            let range =
                format!("received  from {matching} to {} of the 5007 requests", matching + 7);
            assert!(text.contains(&range), "{text}");
            let evicted = "evicted   7 requests: 7 by the limit of 5000 entries, 0 by the limit of 16 MiB\n          \
                           7 of them may match: their headers, queries and bodies are gone";
            assert!(text.contains(evicted), "{text}");
        }
        calls.count().unwrap_err();
        calls.at_least(matching).unwrap();
        // The path of the evicted requests is known, and it is another one.
        assert_eq!(calls.clone().path("companies").count(), Ok(0));
    }
    mock.partner().clear_requests();
    assert_eq!(calls().query("5000").count(), Ok(0), "what was cleared counts no longer");
    assert_eq!(mock.evicted_requests().total(), 0);
}

#[tokio::test]
async fn requests_that_the_byte_limit_evicted_count_as_well() {
    let mock = Mock::new();
    let key = mock.api_key();
    mock.add_stub(Stub::post("uploads").respond(ResponseTemplate::json(201, "{}"))).unwrap();
    for _ in 0..20 {
        let request =
            Request::post("/api/v1/uploads").header("authorization", format!("Bearer {key}"));
        let request = request.body(Body::from("x".repeat(1 << 20))).unwrap();
        mock.service().oneshot(request).await.unwrap();
    }
    let calls = || mock.received_requests().path("uploads").method("POST").status(201);
    calls().exactly(20).unwrap();
    let text = calls().exactly(7).unwrap_err().to_string();
    assert!(text.contains("\nreceived  20 of the 20 requests of this mock\n"), "{text}");
    let evicted = mock.evicted_requests();
    assert!(evicted.by_entry_limit == 0 && evicted.by_byte_limit > 3, "{evicted:?}");
    let by_bytes = format!("0 by the limit of 5000 entries, {} by", evicted.by_byte_limit);
    assert!(text.contains(&by_bytes), "{text}");
    let text = calls().body("x".repeat(1 << 20)).exactly(20).unwrap_err().to_string();
    assert!(text.contains("of them may match: their headers"), "{text}");
}

#[tokio::test]
async fn paths_beyond_the_counters_are_an_error_and_documented_paths_are_exact() {
    let mock = Mock::new();
    let key = mock.api_key();
    let more = 50;
    for number in 0..MAX_JOURNAL_COUNTERS + more {
        send(&mock, "GET", &format!("/api/v1/templates/{number}"), &key).await;
    }
    send(&mock, "BREW", "/api/v1/wallet", &key).await;
    send(&mock, "GET", "/api/v1/companies", &key).await;
    for _ in 0..MAX_JOURNAL_ENTRIES {
        send(&mock, "GET", "/api/v1/wallet", &key).await;
    }
    let all = || mock.received_requests();
    let total = MAX_JOURNAL_COUNTERS + more + 2 + MAX_JOURNAL_ENTRIES;
    assert_eq!(all().count(), Ok(total));
    assert_eq!(all().status(404).count(), Ok(MAX_JOURNAL_COUNTERS + more));
    assert_eq!(all().method("GET").count(), Ok(total - 1));
    assert_eq!(all().path("companies").count(), Ok(1));
    assert_eq!(all().path("wallet").method("GET").count(), Ok(MAX_JOURNAL_ENTRIES));
    assert_eq!(all().path("wallet").count(), Ok(MAX_JOURNAL_ENTRIES + 1));
    assert_eq!(all().path("templates/1").status(200).count(), Ok(0));
    for (calls, range) in [
        (all().path("templates/1"), "from 1 to 51"),
        (all().path("templates/{id}"), "from 1000 to 1050"),
        (all().path("never/sent"), "from 0 to 50"),
        (all().method("BREW"), "from 0 to 1"),
    ] {
        let text = calls.count().unwrap_err().to_string();
        assert!(text.contains(&format!("received  {range} of the")), "{text}");
        assert!(text.contains("1000 counters are used"), "{text}");
    }
    let report = mock.report();
    let unknown: usize = report.unknown_paths.iter().map(|one| one.count).sum();
    assert_eq!(unknown, MAX_JOURNAL_COUNTERS + more);
    assert!(report.unknown_paths.iter().any(|one| one.path.is_none() && one.count == more));
}

#[tokio::test]
async fn a_count_after_a_request_is_exact_or_an_error() {
    let mock = Mock::new();
    let key = mock.api_key();
    send(&mock, "GET", "/api/v1/companies", &key).await;
    let first = mock.requests().remove(0);
    for _ in 0..MAX_JOURNAL_ENTRIES {
        send(&mock, "GET", "/api/v1/wallet", &key).await;
    }
    let after = |request| mock.received_requests().after(request);
    // Only the first one was evicted.
    assert_eq!(after(&first).count(), Ok(MAX_JOURNAL_ENTRIES));
    let second = mock.requests().remove(0);
    send(&mock, "GET", "/api/v1/wallet", &key).await;
    send(&mock, "GET", "/api/v1/wallet", &key).await;
    let text = after(&second).count().unwrap_err().to_string();
    assert!(text.contains("it is not known which of them are after req-2"), "{text}");
    let third = mock.requests().remove(0);
    assert_eq!(after(&third).count(), Ok(MAX_JOURNAL_ENTRIES - 1));
}

#[tokio::test]
async fn over_http_the_counts_are_the_same() {
    let mock = start().await;
    let address = mock.address();
    send_12_000(&mock).await;
    for (query, status) in [
        ("path=wallet&exactly=10000", 200),
        ("path=wallet&exactly=5000", 409),
        ("path=wallet&exactly=12000", 409),
        ("path=wallet&atLeast=10001", 409),
        ("path=wallet&method=GET&exactly=9000", 200),
        ("disposition=unknown%20path&exactly=1000", 200),
        ("disposition=served&path=wallet&atLeast=10000", 200),
        ("header=host:x&exactly=0", 409),
        ("path=companies&header=host:x&exactly=0", 200),
        ("disposition=unknwon", 400),
    ] {
        told(address, "GET", &format!("/partners/p-1/requests?{query}"), "", status).await;
    }
    let list = told(address, "GET", "/requests?path=wallet&limit=2", "", 200).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert_eq!(list["count"], 11_000);
    assert_eq!(list["evicted"], json!({"byEntryLimit": 6000, "byByteLimit": 0}));
    let list = told(address, "GET", "/requests?query=a", "", 200).await;
    assert_eq!(list["count"], json!(null));
    let failed = ask(address, "GET", "/requests?path=wallet&query=a&exactly=0", "").await;
    assert!(failed.error().2.contains("evicted   6000 requests"), "{}", failed.text);
}
