//! A client that sends nothing, sends half a request or does not read must not occupy the mock for
//! ever or keep other clients from it. A client that is only slow is not disconnected, and neither
//! is a fault that takes its time.

use std::time::Duration;

use partner_api_mock::{Fault, MockServer, MockServerBuilder, Stub};

use crate::raw;

const SHORT: Duration = Duration::from_millis(50);
/// A limit so long that a test which reaches it would never end.
const LONG: Duration = Duration::from_secs(3600);

/// Without a limit that a test could reach by accident.
fn builder_with_long_limits() -> MockServerBuilder {
    MockServer::builder().header_read_timeout(LONG).body_read_timeout(LONG).write_timeout(LONG)
}

fn request(mock: &MockServer) -> String {
    let key = mock.api_key();
    format!("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\r\n")
}

async fn assert_others_are_served(mock: &MockServer) {
    assert_eq!(raw::wallet_with(mock.address(), &mock.api_key()).await.status, 200);
}

#[track_caller]
fn is_too_slow(response: &raw::Response) {
    assert_eq!((response.status, response.error()), (408, "request_timeout"));
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(response.header("x-partner-api-mock"), Some("limit"));
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_a_response() {
    let mock = builder_with_long_limits().header_read_timeout(SHORT).start().await.unwrap();
    let mut fresh = raw::Connection::open(mock.address()).await;
    let mut kept = raw::Connection::open(mock.address()).await;
    for _ in 0..3 {
        kept.send(request(&mock)).await;
        assert_eq!(kept.response().await.status, 200);
    }
    assert_others_are_served(&mock).await;
    assert_eq!(fresh.end_of_connection().await, None);
    assert_eq!(kept.end_of_connection().await, None);
}

#[tokio::test]
async fn a_connection_with_half_a_head_is_closed() {
    let mock = builder_with_long_limits().header_read_timeout(SHORT).start().await.unwrap();
    let whole = request(&mock);
    for begun in ["G", &whole[..40], &whole[..whole.len() - 1], "PRI * HTTP/", "\r\n"] {
        let mut slow = raw::Connection::open(mock.address()).await;
        slow.send(begun).await;
        assert_others_are_served(&mock).await;
        assert_eq!(slow.rest().await, b"");
    }
    let mut second = raw::Connection::open(mock.address()).await;
    second.send(&whole).await;
    assert_eq!(second.response().await.status, 200);
    second.send(&whole[..40]).await;
    assert_eq!(second.rest().await, b"");

    let mut pipelined = raw::Connection::open(mock.address()).await;
    pipelined.send(whole + "GET /").await;
    assert_eq!(pipelined.response().await.status, 200);
    assert_eq!(pipelined.rest().await, b"");
}

#[tokio::test]
async fn single_bytes_do_not_prolong_the_limit() {
    let mock = builder_with_long_limits().header_read_timeout(SHORT).start().await.unwrap();
    let mut slow = raw::Connection::open(mock.address()).await;
    slow.send("GET / HTTP/1.1\r\nhost: mock\r\nx-a: ").await;
    // Far more bytes than the limit allows time for.
    while slow.is_open() && slow.try_send("a").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(slow.rest().await, b"");
}

#[tokio::test]
async fn a_body_that_is_not_complete_in_time_is_408() {
    let mock = builder_with_long_limits().body_read_timeout(SHORT).start().await.unwrap();
    mock.add_stub(Stub::post("templates")).unwrap();
    let head = format!(
        "POST /api/v1/templates HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n",
        mock.api_key()
    );
    for half in ["content-length: 5\r\n\r\nab", "transfer-encoding: chunked\r\n\r\n5\r\nab"] {
        let mut slow = raw::Connection::open(mock.address()).await;
        slow.send(format!("{head}{half}")).await;
        assert_others_are_served(&mock).await;
        is_too_slow(&slow.last_response().await);
    }
}

#[tokio::test]
async fn a_reset_after_the_request_waits_no_longer_for_its_body() {
    let mock = builder_with_long_limits().body_read_timeout(SHORT).start().await.unwrap();
    mock.partner().fail_next(Fault::reset_after_request()).unwrap();
    let mut slow = raw::Connection::open(mock.address()).await;
    slow.send(request(&mock).replace("host", "content-length: 5\r\nhost")).await;
    let end = slow.end_of_connection().await;
    assert_eq!(end, Some(std::io::ErrorKind::ConnectionReset));
}

/// More than sockets can buffer.
const LONG_RESPONSE: u64 = 32 * 1024 * 1024;

/// A connection with a response that is larger than its buffers.
async fn asked_for_much(mock: &MockServer, fault: Fault) -> raw::Connection {
    mock.partner().fail_next(fault.pad_to(LONG_RESPONSE)).unwrap();
    let mut connection = raw::Connection::open(mock.address()).await;
    connection.send(request(mock).replace("host", "connection: close\r\nhost")).await;
    while mock.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    connection
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected() {
    // The second response is written by the mock itself, not by hyper.
    for fault in [Fault::passthrough(), Fault::passthrough().slow_headers(Duration::from_millis(1))]
    {
        let mock = builder_with_long_limits().write_timeout(SHORT).start().await.unwrap();
        let lazy = asked_for_much(&mock, fault).await;
        assert_others_are_served(&mock).await;
        lazy.wait_for_reset().await;
    }
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_not_disconnected() {
    let limit = Duration::from_millis(500);
    let mock = builder_with_long_limits().write_timeout(limit).start().await.unwrap();
    let mut slow = asked_for_much(&mock, Fault::passthrough()).await;
    let begun = tokio::time::Instant::now();
    let mut read = 0;
    while begun.elapsed() < limit * 2 {
        tokio::time::sleep(limit / 20).await;
        read += slow.some(300_000).await;
    }
    read += slow.rest().await.len();
    assert!(read as u64 > LONG_RESPONSE, "{read}");
}

#[tokio::test]
async fn no_limit_ends_a_slow_fault() {
    let limit = Duration::from_millis(20);
    let long = limit * 6;
    let mock = MockServer::builder()
        .header_read_timeout(limit)
        .body_read_timeout(limit)
        .write_timeout(limit)
        .start()
        .await
        .unwrap();
    for fault in [
        Fault::passthrough().delay(long),
        Fault::passthrough().throttle(long),
        Fault::passthrough().slow_headers(long),
        Fault::passthrough().slow_headers(long).throttle(long),
        Fault::passthrough().delay(long).throttle(long),
    ] {
        mock.partner().fail_next(fault).unwrap();
        let mut connection = raw::Connection::open(mock.address()).await;
        connection.send(request(&mock)).await;
        assert_eq!(connection.response().await.status, 200);
    }
    mock.partner().fail_next(Fault::hang()).unwrap();
    let mut silent = raw::Connection::open(mock.address()).await;
    silent.send(request(&mock)).await;
    tokio::time::sleep(long).await;
    assert!(silent.is_open());
}

#[tokio::test]
async fn shutdown_waits_for_a_client_that_does_not_read_no_longer_than_its_limit() {
    for (write, drain) in [(SHORT, LONG), (LONG, SHORT)] {
        let mock = builder_with_long_limits()
            .write_timeout(write)
            .drain_timeout(drain)
            .start()
            .await
            .unwrap();
        let mut lazy = asked_for_much(&mock, Fault::passthrough()).await;
        mock.shutdown().await;
        assert!((lazy.rest().await.len() as u64) < LONG_RESPONSE);
    }
}

#[tokio::test]
async fn the_longest_limits_do_not_panic() {
    let mock = MockServer::builder()
        .header_read_timeout(Duration::MAX)
        .body_read_timeout(Duration::MAX)
        .write_timeout(Duration::MAX)
        .max_connections(usize::MAX)
        .max_head_bytes(usize::MAX)
        .max_request_body(usize::MAX)
        .start()
        .await
        .unwrap();
    mock.add_stub(Stub::get("stats")).unwrap();
    let mut connection = raw::Connection::open(mock.address()).await;
    connection.send(&request(&mock)[..30]).await;
    assert_others_are_served(&mock).await;
    connection.send(&request(&mock)[30..]).await;
    assert_eq!(connection.response().await.status, 200);
}
