//! One way to read a path: in rules, stubs and checks of received requests, in Rust, as text and
//! over HTTP. A path that no request can have is rejected.

use partner_api_mock::{Fault, ResponseTemplate, Rule, Stub};
use serde_json::json;

use crate::asking::{ask, start, told};
use crate::raw;

const SPELLINGS: [&str; 3] = ["messages", "/messages", "/api/v1/messages"];

#[tokio::test]
async fn three_spellings_of_a_path_mean_the_same_everywhere() {
    for spelling in SPELLINGS {
        let mock = start().await;
        let (address, key) = (mock.address(), mock.api_key());
        let call = || async {
            let request = format!(
                "GET /api/v1/messages HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\
                 connection: close\r\n\r\n"
            );
            raw::exchange(address, request).await.status
        };
        mock.add_stub(Stub::get(spelling).respond(ResponseTemplate::empty(204))).unwrap();
        assert_eq!(call().await, 204, "{spelling}");
        let rule = Rule::new(Fault::status(503)).operation(spelling).times(1);
        mock.partner().faults().add(rule).unwrap();
        assert_eq!(call().await, 503, "{spelling}");
        let text = format!("status=502 times=1 operation={spelling}");
        told(address, "POST", "/partners/p-1/faults", &json!(text).to_string(), 201).await;
        assert_eq!(call().await, 502, "{spelling}");
        mock.received_requests().path(spelling).exactly(3).unwrap();
        let query = format!("/requests?path={spelling}&exactly=3");
        told(address, "GET", &query, "", 200).await;
        let stub = json!({"path": spelling, "status": 201}).to_string();
        let stub = told(address, "POST", "/stubs", &stub, 201).await;
        assert_eq!(stub["path"], "/api/v1/messages");
        assert_eq!(call().await, 201, "{spelling}");
    }
}

#[tokio::test]
async fn a_segment_in_braces_is_any_segment_in_rules_and_checks() {
    let mock = start().await;
    mock.faults().add(Rule::new(Fault::status(503)).operation("templates/{id}")).unwrap();
    let request = "GET /api/v1/templates/t-1 HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\r\n";
    assert_eq!(raw::exchange(mock.address(), request).await.status, 503);
    mock.received_requests().path("templates/{id}").exactly(1).unwrap();
    for other in ["templates", "templates/{id}/{version}", "{any}/t-2", "templates/{id}/"] {
        mock.received_requests().path(other).exactly(0).unwrap();
    }
    let request = request.replace("/t-1", "/");
    assert_eq!(
        raw::exchange(mock.address(), request).await.status,
        404,
        "an empty segment does not match"
    );
}

#[tokio::test]
async fn a_path_that_no_request_can_have_is_rejected() {
    let mock = start().await;
    let address = mock.address();
    for path in ["", "/", "a b", "a?b=1", "a#b", "caf\u{e9}", "a{b}", "a%2", "/api/v1"] {
        assert!(mock.faults().add(Rule::new(Fault::reset()).operation(path)).is_err(), "{path}");
        assert!(mock.add_stub(Stub::get(path)).is_err(), "{path}");
    }
    for path in ["a%20b", "{id}", "a//b", "a/", "/api/v10"] {
        mock.received_requests().path(path).exactly(0).unwrap();
    }
    let error = mock.received_requests().path("wallet?a=1").exactly(0).unwrap_err().to_string();
    assert!(error.contains("no request has the path /api/v1/wallet?a=1"), "{error}");
    let refused = ask(address, "GET", "/requests?path=wallet%3Fa=1&exactly=0", "").await;
    assert_eq!((refused.status, refused.error().1), (400, "path"), "{}", refused.text);
}

#[tokio::test]
async fn generated_companies_do_not_stop_other_requests() {
    let mock = start().await;
    let address = mock.address();
    let body = r#"{"name":"many","generate":{"companies":20000}}"#;
    let mut many =
        tokio::spawn(async move { ask(address, "POST", "/partners", body).await.status });
    let mut responses = 0;
    let status = loop {
        tokio::select! {
            status = &mut many => break status.unwrap(),
            _ = told(address, "GET", "/health", "", 200) => responses += 1,
        }
    };
    assert_eq!(status, 201);
    assert!(responses > 5, "{responses}");
}
