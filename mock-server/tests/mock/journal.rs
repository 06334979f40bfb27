//! What is at stake: a test asks the journal what its client sent. It must be there at once, it must
//! not fill the memory, and it must never show a key.

use axum::body::Body;
use http::Request;
use partner_api_mock::{JOURNAL_ENTRIES, MockServer, Refusal, Why};
use tower::ServiceExt as _;

use crate::raw;

#[tokio::test]
async fn a_request_is_there_as_soon_as_its_answer_is() {
    let mock = MockServer::start().await.unwrap();
    for count in 1..=20 {
        raw::wallet_with(mock.address(), mock.api_key()).await;
        assert_eq!(mock.requests().len(), count);
    }
}

#[tokio::test]
async fn it_tells_what_was_asked_and_how_it_was_answered() {
    let mock = MockServer::start().await.unwrap();
    let request = "GET /api/v1/wallet?a=1&b HTTP/1.1\r\nHost: mock\r\nX-Mine: 1\r\nx-mine: 2\r\n\
                   connection: close\r\n\r\n";
    raw::exchange(mock.address(), request).await;
    raw::wallet_with(mock.address(), mock.api_key()).await;

    let requests = mock.requests();
    let (first, second) = (&requests[0], &requests[1]);
    assert_eq!((first.method.as_str(), first.path.as_str()), ("GET", "/api/v1/wallet"));
    assert_eq!(first.query.as_deref(), Some("a=1&b"));
    assert_eq!(first.headers.get_all("x-mine").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!((first.status.as_u16(), first.why), (401, Why::Refused(Refusal::NoHeader)));
    assert_eq!((first.partner.as_deref(), first.request_id.as_str()), (None, "req-1"));
    assert_eq!((second.status.as_u16(), second.why), (200, Why::Served));
    assert_eq!((second.partner.as_deref(), second.request_id.as_str()), (Some("default"), "req-2"));
    assert_eq!((second.query.as_deref(), mock.partner().requests()), (None, vec![second.clone()]));
}

#[tokio::test]
async fn no_key_can_be_seen_in_it_wherever_the_client_put_it() {
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
    assert!(!shown.contains(mock.api_key()), "{shown}");
    assert_eq!(mock.requests()[0].headers["authorization"], "[redacted]");
    assert!(mock.requests()[4].query.as_deref().unwrap().ends_with("pk_live_[redacted]"));
}

#[tokio::test]
async fn it_keeps_the_newest_of_each_partner_and_counts_the_rest() {
    let mock = MockServer::start().await.unwrap();
    let quiet = mock.add_partner("quiet");
    raw::wallet_with(mock.address(), &quiet.issue_key()).await;

    let bearer = format!("Bearer {}", mock.api_key());
    for number in 0..JOURNAL_ENTRIES + 7 {
        let request = Request::get(format!("/api/v1/wallet?{number}"));
        let request = request.header("authorization", &bearer).body(Body::empty()).unwrap();
        mock.router().oneshot(request).await.unwrap();
    }
    let noisy = mock.partner();
    assert_eq!((noisy.requests().len(), noisy.dropped_requests()), (JOURNAL_ENTRIES, 7));
    assert_eq!(noisy.requests()[0].query.as_deref(), Some("7"));
    assert_eq!((quiet.requests().len(), quiet.dropped_requests()), (1, 0));
    assert_eq!((mock.requests().len(), mock.dropped_requests()), (JOURNAL_ENTRIES + 1, 7));
}
