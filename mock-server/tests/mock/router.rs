//! A client that is joined to the mock without a socket gets the same service, although its request
//! has no Host header yet.

use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use partner_api_mock::Mock;
use tower::ServiceExt as _;

async fn ask(mock: &Mock, method: Method, path: &str) -> (u16, String, String) {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://no-such-host{path}"))
        .header("authorization", format!("Bearer {}", mock.api_key()))
        .body(Body::from("ignored"))
        .unwrap();
    let (head, body) = mock.router().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let length = head.headers.get("content-length").map_or("", |length| length.to_str().unwrap());
    (head.status.as_u16(), length.to_owned(), String::from_utf8(body.into()).unwrap())
}

#[tokio::test]
async fn a_router_responds_as_the_socket_does_and_shares_its_state_and_journal() {
    let mock = Mock::new();
    mock.partner().update_wallet(|wallet| wallet.balance = 7);
    let (status, _, body) = ask(&mock, Method::GET, "/api/v1/wallet").await;
    assert_eq!(status, 200);
    assert!(body.starts_with(r#"{"balance":7,"#), "{body}");
    assert_eq!(ask(&mock, Method::GET, "/api/v1/wallet/").await.0, 404);
    assert_eq!(ask(&mock, Method::POST, "/api/v1/wallet").await.0, 405);
    let paths: Vec<_> = mock.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/api/v1/wallet", "/api/v1/wallet/", "/api/v1/wallet"]);
}

#[tokio::test]
async fn a_response_to_head_has_no_body_without_a_socket() {
    let mock = Mock::new();
    let (status, length, body) = ask(&mock, Method::HEAD, "/api/v1/wallet").await;
    assert_eq!((status, length.as_str(), body.as_str()), (200, "80", ""));
}
