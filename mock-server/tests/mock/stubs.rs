//! Code for endpoints that are only announced is written against stubs. They have the same
//! authorization as real endpoints, and never replace a real endpoint by accident.

use axum::body::Body;
use http::header::{HeaderValue, LOCATION};
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use partner_api_mock::{
    AuthFailure, DEFAULT_MAX_REQUEST_BODY, Disposition, Fault, Mock, MockServer, ResponseTemplate,
    Rule, Seed, Stub, StubError,
};
use tower::ServiceExt as _;

use crate::raw;

async fn send(mock: &Mock, method: &str, target: &str, key: &str, body: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(target);
    let request = request.header("authorization", format!("Bearer {key}"));
    let request = request.body(Body::from(body.to_owned())).unwrap();
    mock.service().oneshot(request).await.unwrap()
}

/// Status and body.
async fn ask(mock: &Mock, method: &str, path: &str, key: &str) -> (u16, String) {
    let response = send(mock, method, &format!("/api/v1/{path}"), key, "").await;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.into()).unwrap())
}

async fn status(mock: &Mock, method: &str, path: &str) -> u16 {
    ask(mock, method, path, &mock.api_key()).await.0
}

#[tokio::test]
async fn a_fixed_response_is_served_until_it_is_removed() {
    let mock = Mock::new();
    assert_eq!(status(&mock, "GET", "stats").await, 404);
    let stub = mock
        .add_stub(Stub::get("stats").respond(ResponseTemplate::json(200, r#"{"sent":3}"#)))
        .unwrap();
    let key = mock.api_key();
    assert_eq!(ask(&mock, "GET", "stats", &key).await, (200, r#"{"sent":3}"#.to_owned()));
    assert_eq!(ask(&mock, "HEAD", "stats", &key).await, (200, String::new()));
    assert_eq!(mock.requests()[1].disposition, Disposition::Stubbed);
    assert_eq!(status(&mock, "GET", "stats/").await, 404);
    assert_eq!(status(&mock, "GET", "wallet").await, 200);
    stub.remove();
    assert_eq!(status(&mock, "GET", "stats").await, 404);
}

#[tokio::test]
async fn a_status_that_no_response_has_is_500() {
    for code in [0, 99, 101, 600, 1000] {
        let mock = Mock::new();
        mock.add_stub(Stub::get("stats").respond(ResponseTemplate::empty(code))).unwrap();
        assert_eq!(status(&mock, "GET", "stats").await, 500, "{code}");
    }
}

#[tokio::test]
async fn json_of_a_file_is_served_without_blanks_and_else_as_it_is_written() {
    let json = "{ \"a b\" : [ 1.50 ,\n\t\"\\\" \\\\\", \"é \" ] }";
    let seed = format!(
        r#"{{"partners": [{{"name": "p"}}], "stubs": [{{"path": "stats", "json": {json}}}]}}"#
    );
    let mock = Mock::seeded(Seed::from_json(&seed).unwrap());
    let (_, body) = ask(&mock, "GET", "stats", &mock.api_key()).await;
    assert_eq!(body, r#"{"a b":[1.50,"\" \\","é "]}"#);
}

#[tokio::test]
async fn a_computed_response_gets_the_request_without_its_key() {
    let mock = Mock::new();
    let stub = Stub::post("templates/{id}/versions").respond_with(|request| {
        assert_eq!(request.headers.get("authorization"), None);
        let said = format!(
            r#"["{} {}?{} {}",{}]"#,
            request.method,
            request.path,
            request.query.as_deref().unwrap(),
            request.partner,
            std::str::from_utf8(&request.body).unwrap()
        );
        ResponseTemplate::json(201, said).header(LOCATION, HeaderValue::from_static("/x"))
    });
    mock.add_stub(stub).unwrap();
    let target = "/api/v1/templates/t-1/versions?a=b";
    let response =
        send(&mock, "POST", target, &mock.api_key(), r#"{"name":"pk_live_canary"}"#).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (201, &"/x".parse().unwrap())
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let expected =
        r#"["POST /api/v1/templates/t-1/versions?a=b default",{"name":"pk_live_canary"}]"#;
    assert_eq!(body, expected);
    mock.received_requests().body(r#"{"name":"pk_live_[redacted]"}"#).exactly(1).unwrap();
    assert!(mock.received_requests().body("{}").at_least(1).is_err());
}

#[tokio::test]
async fn a_stub_requires_the_same_authorization() {
    let mock = Mock::new();
    mock.add_stub(Stub::get("stats")).unwrap();
    assert_eq!(
        ask(&mock, "GET", "stats", "pk_live_x").await,
        (401, r#"{"error":"invalid_token"}"#.to_owned())
    );
    mock.partner().deactivate();
    assert_eq!(status(&mock, "GET", "stats").await, 401);
    assert_eq!(
        mock.requests()[1].disposition,
        Disposition::Unauthorized(AuthFailure::InactivePartner)
    );
}

#[tokio::test]
async fn stubs_of_a_partner_come_before_those_of_the_mock_and_newer_ones_first() {
    let mock = Mock::new();
    let (one, two) = (mock.add_partner("one"), mock.add_partner("two"));
    let (key, other) = (one.issue_key(), two.issue_key());
    let reply = |body: &'static str| Stub::get("stats").respond(ResponseTemplate::json(200, body));
    one.add_stub(reply("1")).unwrap();
    assert_eq!(ask(&mock, "GET", "stats", &other).await.0, 404, "it is not this one's");
    mock.add_stub(reply("2")).unwrap();
    let newest = one.add_stub(reply("3")).unwrap();
    assert_eq!(ask(&mock, "GET", "stats", &key).await.1, "3");
    assert_eq!(ask(&mock, "GET", "stats", &other).await.1, "2");
    newest.remove();
    assert_eq!(ask(&mock, "GET", "stats", &key).await.1, "1");
}

#[tokio::test]
async fn a_stub_overrides_a_documented_call_only_on_request() {
    let mock = Mock::new();
    let error = mock.add_stub(Stub::get("wallet")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /api/v1/wallet is documented; say `override_documented()` if the stub is meant to replace it"
    );
    assert!(mock.add_stub(Stub::new(Method::HEAD, "companies")).is_err());
    for any in [Stub::get("{any}"), Stub::post("wallet")] {
        mock.add_stub(any).unwrap();
    }
    let (code, body) = ask(&mock, "GET", "wallet", &mock.api_key()).await;
    assert_eq!((code, body.starts_with(r#"{"balance":"#)), (200, true), "{body}");
    assert_eq!(ask(&mock, "GET", "other", &mock.api_key()).await.1, "{}");
    assert_eq!(status(&mock, "POST", "wallet").await, 200);

    let meant =
        Stub::get("wallet").override_documented().respond(ResponseTemplate::json(200, "[]"));
    let meant = mock.add_stub(meant).unwrap();
    assert_eq!(ask(&mock, "GET", "wallet", &mock.api_key()).await.1, "[]");
    meant.remove();
    assert_ne!(ask(&mock, "GET", "wallet", &mock.api_key()).await.1, "[]");
}

#[tokio::test]
async fn another_method_is_405_with_the_allowed_methods() {
    let mock = Mock::new();
    mock.add_stub(Stub::post("wallet")).unwrap();
    mock.add_stub(Stub::post("templates")).unwrap();
    mock.add_stub(Stub::get("templates")).unwrap();
    for (path, allowed) in [("wallet", "GET, HEAD, POST"), ("templates", "GET, HEAD, POST")] {
        let response = send(&mock, "PUT", &format!("/api/v1/{path}"), &mock.api_key(), "").await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["allow"]),
            (405, &allowed.parse().unwrap())
        );
    }
}

#[test]
fn a_stub_has_a_path_below_the_base() {
    let mock = Mock::new();
    for path in ["", "/", "/api/v1", "/api/v1/"] {
        let error = mock.add_stub(Stub::get(path)).unwrap_err();
        assert!(matches!(error, StubError::Path(_)), "{path}");
    }
    let error = mock.add_stub(Stub::get("?".repeat(5000))).unwrap_err();
    assert!(error.to_string().len() < 250, "{error}");
    mock.add_stub(Stub::get("/api/v1/stats")).unwrap();
}

#[test]
fn a_stub_with_a_path_that_no_request_can_have_is_rejected() {
    let mock = Mock::new();
    for path in
        ["a b", "a?b=1", "a#b", "é", "a\n", "a/{id", "a/i}d", "a{id}", "%zz", "a%2", "{a b}"]
    {
        let error = mock.add_stub(Stub::get(path)).unwrap_err();
        assert!(matches!(error, StubError::Unsent(_)), "{path}");
        assert!(error.to_string().contains("percent-encoded"), "{error}");
        let json = serde_json::json!({"partners": [{"name": "p"}], "stubs": [{"path": path}]});
        let error = Seed::from_json(&json.to_string()).unwrap_err().to_string();
        assert!(error.contains("stubs[0].path: "), "{error}");
    }
    for path in ["a%20b", "%C3%A9", "a//b", "{id}/x", "a-b_c.d~e:f@g", "/api/v1/a/{id}"] {
        mock.add_stub(Stub::get(path)).unwrap();
    }
}

#[test]
fn a_method_in_a_file_is_upper_case_because_methods_are_case_sensitive() {
    let seed = |method: &str| {
        let stub = serde_json::json!({"path": "stats", "method": method});
        let seed = serde_json::json!({"partners": [{"name": "p"}], "stubs": [stub]});
        Seed::from_json(&seed.to_string()).map(drop).map_err(|error| error.to_string())
    };
    for method in ["get", "Post", "G T", ""] {
        assert!(
            seed(method).unwrap_err().contains("method: expected the name of a method in capitals")
        );
    }
    seed("POST").unwrap();
}

#[tokio::test]
async fn faults_apply_to_stubs() {
    let mock = Mock::new();
    mock.add_stub(Stub::post("templates")).unwrap();
    let rule = Rule::new(Fault::status(503)).operation("/api/v1/templates").times(1);
    mock.faults().add(rule).unwrap();
    assert_eq!(status(&mock, "POST", "templates").await, 503);
    assert_eq!(
        mock.requests()[0].disposition,
        Disposition::Stubbed,
        "it was done, and the response was lost"
    );
    assert_eq!(status(&mock, "POST", "templates").await, 200);
}

#[tokio::test]
async fn over_a_socket_the_body_is_read_first_up_to_the_limit() {
    let mock = MockServer::start().await.unwrap();
    let length = Stub::post("templates")
        .respond_with(|request| ResponseTemplate::json(200, request.body.len().to_string()));
    mock.add_stub(length).unwrap();
    let head = |length: usize| {
        format!(
            "POST /api/v1/templates HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\
             content-length: {length}\r\n\r\n",
            mock.api_key()
        )
    };
    let mut connection = raw::Connection::open(mock.address()).await;
    for body in ["", "12345", &"x".repeat(DEFAULT_MAX_REQUEST_BODY)] {
        connection.send(head(body.len()) + body).await;
        let response = connection.response().await;
        assert_eq!((response.status, response.body), (200, body.len().to_string()));
    }
    connection
        .send(head(DEFAULT_MAX_REQUEST_BODY + 1) + &"x".repeat(DEFAULT_MAX_REQUEST_BODY + 1))
        .await;
    let response = connection.response().await;
    assert_eq!((response.status, response.error()), (413, "payload_too_large"));
    assert_eq!(mock.requests()[3].disposition, Disposition::BodyTooLarge);

    let mut broken = raw::Connection::open(mock.address()).await;
    broken.send(head(10) + "1").await;
    broken.end().await;
    assert_eq!(broken.rest().await, b"");
    assert_eq!(mock.requests()[4].disposition, Disposition::BadBody);
}

#[tokio::test]
async fn the_debug_output_of_a_stubs_request_has_no_key() {
    let mock = Mock::new();
    let stub = Stub::post("{any}")
        .respond_with(|request| ResponseTemplate::text(200, format!("{request:?}")));
    mock.add_stub(stub).unwrap();
    let secret = "pk_live_a-canary";
    let request = Request::post(format!("/api/v1/{secret}?k={secret}"))
        .header("authorization", format!("Bearer {}", mock.api_key()))
        .header("x-key", secret)
        .body(Body::from(secret))
        .unwrap();
    let response = mock.service().oneshot(request).await.unwrap();
    let shown = response.into_body().collect().await.unwrap().to_bytes();
    let shown = String::from_utf8(shown.to_vec()).unwrap();
    assert_eq!(shown.matches("pk_live_[redacted]").count(), 4, "{shown}");
    assert!(!shown.contains("canary") && !shown.contains(&mock.api_key()), "{shown}");
}

#[tokio::test]
async fn host_and_key_are_checked_before_a_body_is_read() {
    let mock = MockServer::start().await.unwrap();
    mock.add_stub(Stub::post("templates")).unwrap();
    let good = format!("authorization: Bearer {}\r\n", mock.api_key());
    for (host, key, expected) in [
        ("host: m\r\n", "authorization: Bearer pk_live_unknown\r\n", (401, "invalid_token")),
        ("host: m\r\n", "", (401, "missing_bearer_token")),
        ("", good.as_str(), (400, "bad_request")),
    ] {
        let mut waiting = raw::Connection::open(mock.address()).await;
        let head = format!(
            "POST /api/v1/templates HTTP/1.1\r\n{host}{key}expect: 100-continue\r\n\
             content-length: 1000000\r\n\r\n"
        );
        waiting.send(head).await;
        let response = waiting.response().await;
        assert_eq!((response.status, response.error()), expected);
    }
}
