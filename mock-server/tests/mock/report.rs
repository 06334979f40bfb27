//! The report of stubs and rules that a test set up and never used, and the check at the end of a
//! test.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use partner_api_mock::{Fault, Mock, ResponseTemplate, Rule, Stub};
use serde_json::json;
use tower::ServiceExt as _;

use crate::asking::{start, told};
use crate::raw;

async fn send(mock: &Mock, target: &str, key: &str) {
    let request = Request::get(target).header("authorization", format!("Bearer {key}"));
    mock.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
}

fn stub(path: &str) -> Stub {
    Stub::get(path).respond(ResponseTemplate::json(200, "{}"))
}

#[tokio::test]
async fn the_check_at_the_end_of_a_test_lists_everything_unused() {
    let mock = Mock::new();
    let (partner, other) = (mock.partner(), mock.add_partner("other"));
    mock.verify_clean().unwrap();
    let hit = partner.add_stub(stub("stats")).unwrap();
    partner.add_stub(stub("templates/{id}")).unwrap();
    mock.add_stub(stub("messages")).unwrap();
    partner.fail_next(Fault::status(503)).unwrap();
    partner.faults().add(Rule::new(Fault::reset()).operation("companies")).unwrap();
    partner.faults().add(Rule::new(Fault::status(500)).after(9)).unwrap();
    other.fail_next(Fault::close()).unwrap();
    for target in ["/api/v1/stats", "/api/v1/stats", "/api/v1/invoices", "/wallet", "/wallet"] {
        send(&mock, target, &mock.api_key()).await;
    }
    send(&mock, "/api/v1/wallets", "pk_live_unknown").await;
    assert_eq!(hit.hits(), 2);

    let expected = "\
expected  every stub and rule of partner `default` to be used, and no request to an unknown path
stubs     stub s-2 GET /api/v1/templates/{id} responded to no request
rules     rule f-2 `connection=reset operation=companies` was applied to no request: no request reached it
          rule f-3 `status=500 after=9` was applied to no request: 4 requests reached it
paths     1 request GET /api/v1/invoices of partner p-1
          2 requests GET /wallet of partner p-1";
    let error = partner.verify_clean().unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(format!("{error:?}"), format!("\n{expected}"));

    let text = mock.verify_clean().unwrap_err().to_string();
    for line in [
        "expected  every stub and rule of this mock to be used",
        "stub s-3 GET /api/v1/messages",
        "rule f-4 `connection=close times=1`",
        "1 request GET /api/v1/wallets without a known key",
    ] {
        assert!(text.contains(line), "{text}");
    }

    // A removed or cleared stub or rule is no longer reported.
    mock.clear_requests();
    partner.faults().clear();
    let report = partner.report();
    assert_eq!((report.unused_rules.len(), report.unknown_paths.len()), (0, 0));
    report.unused_stubs[0].remove();
    partner.verify_clean().unwrap();
}

#[tokio::test]
async fn only_some_of_each_kind_are_listed_in_the_text() {
    let mock = Mock::new();
    for number in 0..25 {
        mock.add_stub(stub(&format!("s{number}"))).unwrap();
    }
    assert_eq!(mock.report().unused_stubs.len(), 25);
    let text = mock.verify_clean().unwrap_err().to_string();
    assert!(text.contains("stub s-20 ") && text.ends_with("\nstubs     5 more"), "{text}");
}

#[tokio::test]
async fn over_http_the_report_is_json() {
    let mock = start().await;
    let (address, key) = (mock.address(), mock.api_key());
    let clean = told(address, "GET", "/report", "", 200).await;
    assert_eq!(
        clean,
        json!({"clean": true, "unusedStubs": [], "unusedRules": [], "moreUnusedRules": 0, "unknownPaths": []})
    );
    told(address, "POST", "/stubs", r#"{"path":"stats"}"#, 201).await;
    told(address, "POST", "/partners/p-1/faults", r#""status=503 operation=companies""#, 201).await;
    told(address, "POST", "/partners", r#"{"name":"b"}"#, 201).await;
    raw::exchange(address, format!("GET /api/v1/x HTTP/1.1\r\nhost: m\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n")).await;
    let all = told(address, "GET", "/report", "", 200).await;
    assert_eq!(all["clean"], false);
    assert_eq!(
        (&all["unusedStubs"][0]["id"], &all["unusedStubs"][0]["hits"]),
        (&json!("s-1"), &json!(0))
    );
    let unknown = json!([{"partner": "p-1", "method": "GET", "path": "/api/v1/x", "count": 1}]);
    assert_eq!(all["unknownPaths"], unknown);
    let mine = told(address, "GET", "/partners/p-1/report", "", 200).await;
    let rule = &mine["unusedRules"][0];
    assert_eq!(
        (&rule["id"], &rule["reached"], &rule["active"]),
        (&json!("f-1"), &json!(0), &json!(true))
    );
    assert_eq!((&mine["unusedStubs"], &mine["unknownPaths"]), (&json!([]), &unknown));
    assert_eq!(told(address, "GET", "/partners/p-2/report", "", 200).await["clean"], true);
    told(address, "GET", "/partners/p-9/report", "", 404).await;
}

#[tokio::test]
async fn a_rule_with_a_ttl_expires_by_the_clock_of_the_mock() {
    let mock = Mock::new();
    let (clock, faults) = (mock.clock(), mock.partner().faults());
    clock.pause();
    let minute = Duration::from_secs(60);
    let rule = faults.add(Rule::new(Fault::status(503)).operation("wallet").ttl(minute)).unwrap();
    assert_eq!(rule.to_string(), "status=503 operation=wallet ttl=60s");
    assert_eq!(rule.to_string().parse::<Rule>().unwrap().to_string(), rule.to_string());
    let other =
        faults.add(Rule::new(Fault::status(500)).operation("companies").ttl(2 * minute)).unwrap();
    let status = async |path: &str| {
        send(&mock, path, &mock.api_key()).await;
        mock.requests().pop().unwrap().status.as_u16()
    };
    // Setting another time of day does not change it, as it changes no delay.
    clock.set("2030-01-01T00:00:00Z".parse().unwrap());
    clock.advance(Duration::from_nanos(59_999_999_999)).unwrap();
    assert_eq!(status("/api/v1/wallet").await, 503);
    assert!(rule.is_active() && !rule.is_expired());
    clock.advance(Duration::from_nanos(1)).unwrap();
    assert!(!rule.is_active() && rule.is_expired());
    assert_eq!(status("/api/v1/wallet").await, 200);
    assert_eq!((rule.hits(), rule.reached()), (1, 1));
    assert_eq!(faults.rules(), ["status=500 operation=companies ttl=120s"]);

    clock.advance(minute).unwrap();
    assert_eq!(faults.rules(), [""; 0]);
    let text = mock.partner().verify_clean().unwrap_err().to_string();
    let line = format!(
        "rules     rule {} `{other}` was applied to no request before it expired: no request reached it",
        other.id()
    );
    assert!(text.ends_with(&line), "{text}");
    other.remove();
    assert!(!other.is_expired() || !other.is_active());
    mock.verify_clean().unwrap();
}

#[tokio::test]
async fn a_ttl_is_the_same_in_text_json_and_a_seed() {
    let mock = start().await;
    let address = mock.address();
    let seed = r#"{"partners":[{"name":"a","keys":["k"],"faults":["status=503 ttl=5s",{"status":500,"ttl":2000}]}]}"#;
    mock.load(partner_api_mock::Seed::from_json(seed).unwrap());
    told(address, "PUT", "/clock", r#"{"paused":true}"#, 200).await;
    let rules = told(address, "GET", "/partners/p-2/faults", "", 200).await;
    let ttl = |at: usize| rules["data"][at]["rule"]["ttl"].clone();
    assert_eq!((ttl(0), ttl(1)), (json!("5s"), json!("2s")));
    let added = told(address, "POST", "/faults", r#"{"status":502,"ttl":"10s"}"#, 201).await;
    assert_eq!((&added["active"], &added["expired"]), (&json!(true), &json!(false)));
    told(address, "POST", "/clock/advance", r#"{"by":"9s"}"#, 200).await;
    let rules = told(address, "GET", "/partners/p-2/faults", "", 200).await;
    assert_eq!(rules["data"], json!([]));
    told(address, "POST", "/clock/advance", r#"{"by":"1s"}"#, 200).await;
    let id = added["id"].as_str().unwrap();
    let ended = told(address, "GET", &format!("/faults/{id}"), "", 200).await;
    assert_eq!((&ended["active"], &ended["expired"]), (&json!(false), &json!(true)));
    // A reset makes the rules of the seed active again, for their whole time.
    told(address, "POST", "/reset", "", 204).await;
    let rules = told(address, "GET", "/partners/p-2/faults", "", 200).await;
    assert_eq!(rules["data"].as_array().unwrap().len(), 2);
    for wrong in
        [r#"{"status":502,"ttl":0}"#, r#"{"status":502,"ttl":"soon"}"#, r#""status=502 ttl=0s""#]
    {
        let error = told(address, "POST", "/faults", wrong, 400).await;
        assert!(error["message"].as_str().unwrap().contains("ttl: "), "{error}");
    }
}
