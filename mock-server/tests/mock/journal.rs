//! A test asks the journal what its client sent. The request is there immediately, the journal does
//! not fill the memory, and it never shows a key.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Request};
use partner_api_mock::{
    AuthFailure, Company, Disposition, Fault, MAX_JOURNAL_ENTRIES, MAX_RECORDED_BODY, Mock,
    MockServer, RecordedRequest, ResponseTemplate, Stub,
};
use tower::ServiceExt as _;

use crate::raw;

#[tokio::test]
async fn a_request_is_recorded_before_its_response_arrives() {
    let mock = MockServer::start().await.unwrap();
    for count in 1..=20 {
        raw::wallet_with(mock.address(), &mock.api_key()).await;
        assert_eq!(mock.requests().len(), count);
    }
}

#[tokio::test]
async fn an_entry_has_the_request_and_its_response() {
    let mock = MockServer::start().await.unwrap();
    let request = "GET /api/v1/wallet?a=1&b HTTP/1.1\r\nHost: mock\r\nX-Mine: 1\r\nx-mine: 2\r\n\
                   connection: close\r\n\r\n";
    raw::exchange(mock.address(), request).await;
    raw::wallet_with(mock.address(), &mock.api_key()).await;

    let requests = mock.requests();
    let (first, second) = (&requests[0], &requests[1]);
    assert_eq!((first.method.as_str(), first.path.as_str()), ("GET", "/api/v1/wallet"));
    assert_eq!(first.query.as_deref(), Some("a=1&b"));
    assert_eq!(first.headers.get_all("x-mine").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(
        (first.status.as_u16(), first.disposition),
        (401, Disposition::Unauthorized(AuthFailure::NoHeader))
    );
    assert_eq!((first.partner.as_deref(), first.request_id.as_str()), (None, "req-1"));
    assert_eq!((second.status.as_u16(), second.disposition), (200, Disposition::Served));
    assert_eq!((second.partner.as_deref(), second.request_id.as_str()), (Some("default"), "req-2"));
    assert_eq!((second.query.as_deref(), mock.partner().requests()), (None, vec![second.clone()]));
}

#[tokio::test]
async fn no_key_is_in_the_journal_wherever_the_client_put_it() {
    let mock = MockServer::start().await.unwrap();
    let partner = mock.partner();
    let canary = partner.issue_key();
    let secret = canary.strip_prefix("pk_live_").unwrap();
    for headers in [
        format!("Authorization: Bearer {canary}\r\n"),
        format!("Authorization: {canary}\r\n"),
        format!("Authorization: Basic {secret}\r\nAuthorization: {secret}\r\n"),
        format!("Proxy-Authorization: {secret}\r\nCookie: key={secret}\r\nX-Api-Key: {canary}\r\n"),
    ] {
        raw::wallet(mock.address(), headers).await;
    }
    let target =
        format!("GET /{canary}?key={canary} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\r\n");
    raw::exchange(mock.address(), target).await;

    let shown = format!("{:?} {:?} {mock:?} {partner:?}", mock.requests(), partner.requests());
    assert!(!shown.contains(secret), "{shown}");
    assert!(!shown.contains(&mock.api_key()), "{shown}");
    assert_eq!(mock.requests()[0].headers["authorization"], "[redacted]");
    assert!(mock.requests()[4].query.as_deref().unwrap().ends_with("pk_live_[redacted]"));
}

#[tokio::test]
async fn the_journal_keeps_the_newest_of_each_partner_and_counts_the_rest() {
    let mock = MockServer::start().await.unwrap();
    let quiet = mock.add_partner("quiet");
    raw::wallet_with(mock.address(), &quiet.issue_key()).await;

    let bearer = format!("Bearer {}", mock.api_key());
    for number in 0..MAX_JOURNAL_ENTRIES + 7 {
        let request = Request::get(format!("/api/v1/wallet?{number}"));
        let request = request.header("authorization", &bearer).body(Body::empty()).unwrap();
        mock.router().oneshot(request).await.unwrap();
    }
    let noisy = mock.partner();
    assert_eq!(
        (noisy.requests().len(), noisy.evicted_requests().by_entry_limit),
        (MAX_JOURNAL_ENTRIES, 7)
    );
    assert_eq!(noisy.requests()[0].query.as_deref(), Some("7"));
    assert_eq!((quiet.requests().len(), quiet.evicted_requests().total()), (1, 0));
    assert_eq!(
        (mock.requests().len(), mock.evicted_requests().total()),
        (MAX_JOURNAL_ENTRIES + 1, 7)
    );
}

const WALLET: &str =
    r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

/// Sends one request. Returns its response and its journal entry.
async fn recorded(mock: &MockServer, line: &str) -> (raw::Response, RecordedRequest) {
    let key = mock.api_key();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
    );
    let response = raw::exchange(mock.address(), request).await;
    (response, mock.requests().pop().unwrap())
}

fn body(recorded: &RecordedRequest) -> &[u8] {
    recorded.response.as_ref().unwrap().body.as_ref().unwrap()
}

#[tokio::test]
async fn the_journal_has_every_response_as_it_was_sent() {
    let mock = MockServer::start().await.unwrap();
    let with_header = ResponseTemplate::json(201, "[]")
        .header(http::header::ETAG, HeaderValue::from_static("\"x\""));
    for stub in [
        Stub::get("stats").respond(with_header),
        Stub::get("none").respond(ResponseTemplate::json(204, "never sent")),
        Stub::post("templates").respond_with(|_| ResponseTemplate::json(200, "{\"a\":1}")),
    ] {
        mock.add_stub(stub).unwrap();
    }
    let fault = |on: &str, fault: Fault| {
        mock.faults().add(partner_api_mock::Rule::new(fault).operation(on)).unwrap();
    };
    fault("/api/v1/busy", Fault::html_error_page(503).retry_after(1).header("x-a", "1"));
    fault("/api/v1/cut", Fault::passthrough().truncate(5));
    fault("/api/v1/wide", Fault::passthrough().pad_to(100));
    fault("/api/v1/slow", Fault::passthrough().throttle(Duration::from_millis(2)));
    for (line, status) in [
        ("GET /api/v1/wallet", 200),
        ("HEAD /api/v1/wallet", 200),
        ("GET /api/v1/companies", 200),
        ("GET /api/v1/unknown", 404),
        ("PUT /api/v1/wallet", 405),
        ("PUT /api/v1/stats", 405),
        ("GET /api/v1/stats", 201),
        ("GET /api/v1/none", 204),
        ("POST /api/v1/templates", 200),
        ("GET /api/v1/busy", 503),
        ("GET /api/v1/cut", 404),
        ("GET /api/v1/wide", 404),
        ("GET /api/v1/slow", 404),
    ] {
        let (sent, recorded) = recorded(&mock, line).await;
        assert_eq!((sent.status, recorded.status.as_u16()), (status, status), "{line}");
        assert_eq!(body(&recorded), sent.body.as_bytes(), "{line}");
        let response = recorded.response.unwrap();
        assert_eq!(response.body_length, sent.body.len() as u64, "{line}");
        let written = ["date", "content-length", "connection"];
        let kept = response.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let sent = sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let sent: Vec<_> = sent.filter(|(name, _)| !written.contains(name)).collect();
        assert_eq!(kept.collect::<Vec<_>>(), sent, "{line}");
    }
    for authorization in ["", "authorization: Bearer pk_live_unknown\r\n"] {
        let sent = raw::wallet(mock.address(), authorization).await;
        let response = mock.requests().pop().unwrap().response.unwrap();
        assert_eq!(response.headers["www-authenticate"], sent.header("www-authenticate").unwrap());
        assert_eq!(response.body.unwrap(), sent.body);
    }
}

#[tokio::test]
async fn the_journal_keeps_the_length_of_a_long_response() {
    let mock = MockServer::start().await.unwrap();
    let partner = mock.partner();
    let space = MAX_RECORDED_BODY - WALLET.len();
    let currency = partner.wallet().currency.len();
    for (more, is_kept) in [(0, true), (1, false)] {
        partner.update_wallet(|wallet| wallet.currency = "X".repeat(space + currency + more));
        let (sent, recorded) = recorded(&mock, "GET /api/v1/wallet").await;
        let response = recorded.response.unwrap();
        assert_eq!(response.body_length, (MAX_RECORDED_BODY + more) as u64);
        assert_eq!(response.body.map(|body| body == sent.body), is_kept.then_some(true));
        assert_eq!(response.headers["content-type"], "application/json");
    }
    mock.fail_next(Fault::passthrough().pad_to(1 << 40)).unwrap();
    let request = Request::get("/api/v1/wallet").body(Body::empty()).unwrap();
    drop(mock.service().oneshot(request).await);
    let response = mock.requests().pop().unwrap().response.unwrap();
    assert_eq!((response.body_length, response.body), (1 << 40, None));

    mock.fail_next(Fault::close()).unwrap();
    raw::Connection::open(mock.address())
        .await
        .send("GET /api/v1/x HTTP/1.1\r\nhost: m\r\n\r\n")
        .await;
    mock.received_requests().path("x").wait_for(1, Duration::from_secs(20)).await.unwrap();
    assert_eq!(mock.requests().pop().unwrap().response, None);
}

#[tokio::test]
async fn a_recorded_response_stays_when_the_data_changes() {
    let mock = Mock::new();
    let get = async || {
        let request = Request::get("/api/v1/companies");
        let request = request.header("authorization", format!("Bearer {}", mock.api_key()));
        mock.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    };
    get().await;
    mock.partner().set_companies(vec![Company::new("c", "New")]);
    get().await;
    let [old, new] = &mock.requests()[..] else { panic!("two requests") };
    assert!(std::str::from_utf8(body(old)).unwrap().contains("Acme Coffee"));
    assert!(std::str::from_utf8(body(new)).unwrap().contains("New"));
}

#[tokio::test]
async fn no_key_is_in_a_recorded_response() {
    let mock = MockServer::start().await.unwrap();
    let partner = mock.partner();
    let canary = partner.issue_key();
    let secret = canary.strip_prefix("pk_live_").unwrap();
    partner.add_company(Company::new("c", canary.clone()));
    let own = canary.clone();
    let echo = Stub::get("echo").respond_with(move |_| {
        let header = HeaderValue::from_str(&own).unwrap();
        ResponseTemplate::json(200, own.clone()).header(http::header::ETAG, header)
    });
    partner.add_stub(echo).unwrap();
    for (line, is_there) in [("GET /api/v1/companies", true), ("GET /api/v1/echo", true)] {
        assert_eq!(recorded(&mock, line).await.0.body.contains(&canary), is_there);
    }
    partner.fail_next(Fault::status(500).header("x-a", canary.clone())).unwrap();
    recorded(&mock, "GET /api/v1/wallet").await;
    let shown = format!("{:?}", mock.requests());
    assert!(!shown.contains(secret), "{shown}");
    assert_eq!(mock.requests()[1].response.as_ref().unwrap().headers["etag"], "pk_live_[redacted]");
}

#[tokio::test]
async fn the_recorded_duration_does_not_include_the_delay_of_a_fault() {
    let work = Duration::from_millis(10);
    let mock = MockServer::start().await.unwrap();
    let stub = Stub::post("work").respond_with(move |_| {
        std::thread::sleep(work);
        ResponseTemplate::json(200, "{}")
    });
    mock.add_stub(stub).unwrap();
    let (_, computed) = recorded(&mock, "POST /api/v1/work").await;
    assert!(computed.duration >= work, "{:?}", computed.duration);

    let mut slow = raw::Connection::open(mock.address()).await;
    let key = mock.api_key();
    let head = format!(
        "POST /api/v1/work HTTP/1.1\r\nhost: m\r\nauthorization: Bearer {key}\r\n\
         expect: 100-continue\r\ncontent-length: 1\r\n\r\n"
    );
    slow.send(head).await;
    // The mock has read the head when it asks for the body.
    slow.expect("HTTP/1.1 100 Continue\r\n\r\n").await;
    std::thread::sleep(work);
    slow.send("1").await;
    slow.response().await;
    let sent = mock.requests().pop().unwrap();
    assert!(sent.duration >= 2 * work, "{:?}", sent.duration);

    let hour = Duration::from_secs(3600);
    mock.clock().pause();
    mock.fail_next(Fault::passthrough().delay(hour)).unwrap();
    let (address, key) = (mock.address(), mock.api_key());
    let late = tokio::spawn(async move { raw::wallet_with(address, &key).await });
    mock.received_requests().path("wallet").wait_for(1, Duration::from_secs(20)).await.unwrap();
    mock.clock().advance(hour).unwrap();
    late.await.unwrap();
    let late = mock.requests().pop().unwrap();
    assert_eq!(late.fault.unwrap().delay(), hour);
    assert!(late.duration < hour, "{:?}", late.duration);
}

#[tokio::test]
async fn the_journal_can_be_cleared_for_one_partner_or_all_and_numbers_continue() {
    let mock = MockServer::start().await.unwrap();
    let second = mock.add_partner("second");
    let key = second.issue_key();
    let both = async || {
        raw::wallet_with(mock.address(), &mock.api_key()).await;
        raw::wallet_with(mock.address(), &key).await;
    };
    both().await;
    mock.partner().clear_requests();
    let ids = |requests: Vec<RecordedRequest>| {
        requests.into_iter().map(|one| one.request_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(mock.requests()), ["req-2"]);
    assert_eq!(ids(mock.partner().requests()), [""; 0]);
    mock.partner().received_requests().exactly(0).unwrap();
    both().await;
    assert_eq!(ids(mock.requests()), ["req-2", "req-3", "req-4"]);
    mock.clear_requests();
    assert_eq!(ids(mock.requests()), [""; 0]);
    both().await;
    assert_eq!(ids(second.requests()), ["req-6"]);
}

#[tokio::test]
async fn a_request_is_found_by_its_id_while_it_is_kept() {
    let mock = MockServer::start().await.unwrap();
    let second = mock.add_partner("second");
    for key in [mock.api_key().as_str(), &second.issue_key(), "pk_live_unknown"] {
        raw::wallet_with(mock.address(), key).await;
    }
    for request in mock.requests() {
        assert_eq!(mock.request(&request.request_id), Some(request));
    }
    for none in ["req-0", "req-4", "req-", "req-x", "1", "", "req-18446744073709551616"] {
        assert_eq!(mock.request(none), None, "{none}");
    }
    second.clear_requests();
    assert_eq!(mock.request("req-2"), None);
}

#[tokio::test]
async fn a_key_of_any_form_is_redacted_wherever_the_client_put_it() {
    let seed = r#"{"partners":[{"name":"a","keys":["mysecretkey123"],"stubs":[{"path":"echo","method":"POST"}]}]}"#;
    let mock = Mock::seeded(partner_api_mock::Seed::from_json(seed).unwrap());
    let accepted = "another-secret/key==";
    mock.partner().accept_key(accepted).unwrap();
    for (secret, method, path) in [
        ("mysecretkey123", "GET", "/api/v1/wallet"),
        (accepted, "GET", "/mysecretkey123/another-secret%2Fkey%3D%3D"),
        ("mysecretkey123", "POST", "/api/v1/echo"),
    ] {
        mock.fail_next(Fault::passthrough().header("x-a", secret).body(secret)).unwrap();
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}?key=mysecretkey123&other=another-secret/key=="))
            .header("authorization", format!("Bearer {secret}"))
            .header("x-key", secret)
            .body(Body::from(secret))
            .unwrap();
        mock.service().oneshot(request).await.unwrap();
    }
    let shown = format!("{:?}", mock.requests());
    assert!(!shown.contains("secretkey") && !shown.contains("another-secret"), "{shown}");
    let requests = mock.requests();
    assert_eq!(requests[0].query.as_deref(), Some("key=[redacted]&other=[redacted]"));
    assert_eq!(
        (requests[1].path.as_str(), &requests[2].body[..]),
        ("/[redacted]/[redacted]", &b"[redacted]"[..])
    );
    assert_eq!(requests[0].headers["x-key"], "[redacted]");
}
