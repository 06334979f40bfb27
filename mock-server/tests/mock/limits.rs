//! No client can exhaust the mock, and a client that exceeds a limit is told which. Each limit is
//! exact, and its response is sent before the connection ends.

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use http_body_util::channel::Channel;
use partner_api_mock::{
    DEFAULT_MAX_HEAD_BYTES, DEFAULT_MAX_HEADERS, DEFAULT_MAX_REQUEST_BODY, Disposition,
    MAX_BODIES_BYTES, MockServer, MockServerBuilder, Stub,
};
use tower::ServiceExt as _;

use crate::raw;

/// The head of a request for the wallet, of `length` bytes.
fn head_of(mock: &MockServer, length: usize) -> String {
    let head = format!(
        "GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\
         authorization: Bearer {}\r\nx-a: ",
        mock.api_key()
    );
    let filling = "a".repeat(length - head.len() - 4);
    head + &filling + "\r\n\r\n"
}

fn head_with_headers(mock: &MockServer, count: usize) -> String {
    let further = "x-a: 1\r\n".repeat(count - 3);
    format!(
        "GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\
         authorization: Bearer {}\r\n{further}\r\n",
        mock.api_key()
    )
}

async fn started(limit: impl FnOnce(MockServerBuilder) -> MockServerBuilder) -> MockServer {
    limit(MockServer::builder()).start().await.unwrap()
}

#[track_caller]
fn is_refused(response: &raw::Response, status: u16, code: &str) {
    assert_eq!((response.status, response.error()), (status, code));
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(response.header("x-partner-api-mock"), Some("limit"));
    assert!(response.header("date").is_some());
}

/// A rejection by the HTTP library, which has no request yet.
#[track_caller]
fn is_rejected_without_body(response: &raw::Response, status: u16) {
    assert_eq!((response.status, response.body.as_str()), (status, ""));
    assert_eq!(response.header("connection"), Some("close"));
}

#[tokio::test]
async fn the_limit_on_bytes_of_a_head_is_exact() {
    for limit in [None, Some(500), Some(10_000), Some(1_000_000)] {
        let mock =
            started(|mock| limit.map_or(mock.clone(), |limit| mock.max_head_bytes(limit))).await;
        let limit = limit.unwrap_or(DEFAULT_MAX_HEAD_BYTES);
        let largest = raw::exchange(mock.address(), head_of(&mock, limit)).await;
        assert_eq!((largest.status, largest.header("x-partner-api-mock")), (200, None));

        let whole = raw::exchange(mock.address(), head_of(&mock, limit + 1)).await;
        is_rejected_without_body(&whole, 431);

        // A head without its end is too large when its end no longer fits.
        let mut unfinished = raw::Connection::open(mock.address()).await;
        unfinished.send(&head_of(&mock, limit + 1)[..limit - 1]).await;
        assert!(unfinished.is_open());
        unfinished.send("a").await;
        is_rejected_without_body(&unfinished.last_response().await, 431);
        assert_eq!(mock.requests().len(), 1, "the others are not in the journal");
    }
}

#[tokio::test]
async fn a_client_that_keeps_sending_still_gets_the_response() {
    let mock = MockServer::start().await.unwrap();
    let mut large = raw::Connection::open(mock.address()).await;
    large.try_send(head_of(&mock, 8_000_000)).await.unwrap();
    is_rejected_without_body(&large.last_response().await, 431);
}

#[tokio::test]
async fn the_limit_on_lines_of_a_head_is_exact() {
    for limit in [None, Some(3), Some(101), Some(1000)] {
        let mock =
            started(|mock| limit.map_or(mock.clone(), |limit| mock.max_headers(limit))).await;
        let limit = limit.unwrap_or(DEFAULT_MAX_HEADERS);
        let most = raw::exchange(mock.address(), head_with_headers(&mock, limit)).await;
        assert_eq!(most.status, 200);
        let more = raw::exchange(mock.address(), head_with_headers(&mock, limit + 1)).await;
        is_rejected_without_body(&more, 431);
    }
}

#[tokio::test]
async fn a_request_line_that_is_too_long_is_431_or_414() {
    let usual = MockServer::start().await.unwrap();
    let large = started(|mock| mock.max_head_bytes(1_000_000)).await;
    let small = started(|mock| mock.max_head_bytes(1000)).await;
    for (mock, length, status) in
        [(&usual, 70_000, 431), (&large, 65_535, 414), (&small, 1200, 431)]
    {
        let line = format!("GET /{} HTTP/1.1\r\n", "a".repeat(length - 1));
        let response = raw::exchange(mock.address(), line + "host: mock\r\n\r\n").await;
        is_rejected_without_body(&response, status);
    }
    let longest = format!("GET /{} HTTP/1.1\r\n", "a".repeat(65_533));
    let response = raw::exchange(large.address(), longest + "host: m\r\nconnection: close\r\n\r\n");
    assert_eq!(response.await.status, 404);
}

#[tokio::test]
async fn a_body_with_a_content_length_above_the_limit_is_rejected_before_it_is_sent() {
    for limit in [None, Some(0), Some(10)] {
        let mock =
            started(|mock| limit.map_or(mock.clone(), |limit| mock.max_request_body(limit))).await;
        let limit = limit.unwrap_or(DEFAULT_MAX_REQUEST_BODY);
        mock.add_stub(Stub::post("templates")).unwrap();
        let head = |framing: String| {
            format!(
                "POST /api/v1/templates HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\
                 {framing}\r\n\r\n",
                mock.api_key()
            )
        };
        let mut fits = raw::Connection::open(mock.address()).await;
        fits.send(head(format!("content-length: {limit}")) + &"x".repeat(limit)).await;
        assert_eq!(fits.response().await.status, 200);

        for expect in ["", "\r\nexpect: 100-continue"] {
            let framing = format!("content-length: {}{expect}", limit + 1);
            let response = raw::exchange(mock.address(), head(framing)).await;
            is_refused(&response, 413, "payload_too_large");
        }
        let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", limit + 1, "x".repeat(limit + 1));
        let mut chunked = raw::Connection::open(mock.address()).await;
        chunked.try_send(head("transfer-encoding: chunked".to_owned()) + &chunk).await.unwrap();
        let response = chunked.response().await;
        assert_eq!((response.status, response.error()), (413, "payload_too_large"));
    }
}

#[tokio::test]
async fn a_connection_above_the_limit_gets_503_and_the_others_continue() {
    let mock = started(|mock| mock.max_connections(2)).await;
    let request = format!(
        "GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\r\n",
        mock.api_key()
    );
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut connection = raw::Connection::open(mock.address()).await;
        connection.send(&request).await;
        assert_eq!(connection.response().await.status, 200);
        open.push(connection);
    }
    let refused = raw::exchange(mock.address(), &request).await;
    is_refused(&refused, 503, "too_many_connections");
    for connection in &mut open {
        connection.send(&request).await;
        assert_eq!(connection.response().await.status, 200);
    }
    assert_eq!(mock.requests().len(), 4, "the refused one is not in the journal");

    open.pop().unwrap().end().await;
    // The mock has to notice that it has ended.
    while raw::exchange(mock.address(), &request.replace("host", "connection: close\r\nhost"))
        .await
        .status
        != 200
    {}
}

/// Without a socket, so that the bodies take no memory: all of their frames share a megabyte.
#[tokio::test]
async fn all_bodies_together_are_bounded_and_the_next_one_gets_503_until_there_is_space() {
    const FRAME: usize = 1024 * 1024;
    let mock = started(|mock| mock.max_request_body(MAX_BODIES_BYTES)).await;
    mock.add_stub(Stub::post("messages")).unwrap();
    let frame = Bytes::from(vec![b' '; FRAME]);
    let send = |body: Channel<Bytes>| {
        let request = Request::post("/api/v1/messages")
            .header("authorization", format!("Bearer {}", mock.api_key()))
            .body(body)
            .unwrap();
        mock.service().oneshot(request)
    };

    let (mut sender, body) = Channel::new(1);
    let large = tokio::spawn(send(body));
    for _ in 0..MAX_BODIES_BYTES / FRAME {
        sender.send_data(frame.clone()).await.unwrap();
    }
    let second = || async {
        let (mut sender, body) = Channel::new(1);
        sender.try_send(Frame::data(Bytes::from_static(b"one more"))).unwrap();
        drop(sender);
        send(body).await.unwrap().status().as_u16()
    };
    // The last frame may not have been read yet.
    while second().await != 503 {
        tokio::task::yield_now().await;
    }
    assert_eq!(mock.requests().last().unwrap().disposition, Disposition::TooManyBodies);

    large.abort();
    assert!(large.await.unwrap_err().is_cancelled());
    assert_eq!(second().await, 200);
}
