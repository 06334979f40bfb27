//! A mock that serves for a long time does not grow: when the journal is full, memory is the same
//! after many requests as before them, to the byte that was requested from the allocator.
//!
//! This is a separate test program because its allocator counts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test reports a failure by a panic"
)]

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use partner_api_mock::{MAX_JOURNAL_ENTRIES, Mock, MockServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::ServiceExt as _;

/// Requested in turn: one is served, the others are rejected for their path, method or key.
const KINDS: usize = 4;
/// More than fill the journal of the partner and the journal of requests without a partner.
const UNTIL_FULL: usize = KINDS * (MAX_JOURNAL_ENTRIES + 1000);
/// The most that the size of a ring of entries of several lengths may vary.
const MAX_VARIATION: i64 = 4096;

struct Asked {
    method: &'static str,
    target: &'static str,
    has_key: bool,
    status: u16,
}

const ASKED: [Asked; KINDS] = [
    Asked { method: "GET", target: "/api/v1/wallet?a=1", has_key: true, status: 200 },
    Asked { method: "GET", target: "/api/v1/companies", has_key: true, status: 200 },
    Asked { method: "POST", target: "/api/v1/wallet", has_key: true, status: 405 },
    Asked { method: "GET", target: "/api/v1/wallet", has_key: false, status: 401 },
];

/// By how many bytes memory grew with these requests, and the peak above the start.
fn grown(runtime: &tokio::runtime::Runtime, asking: impl Future<Output = ()>) -> (i64, u64) {
    let info = allocation_counter::measure(|| runtime.block_on(asking));
    assert!(info.count_total > 0, "nothing was counted");
    (info.bytes_current, info.bytes_max)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn ask_in_process(mock: &Mock, count: usize) {
    let bearer = format!("Bearer {}", mock.api_key());
    for number in 0..count {
        let asked = &ASKED[number % KINDS];
        let mut request = Request::builder().method(asked.method).uri(asked.target);
        if asked.has_key {
            request = request.header("authorization", &bearer);
        }
        let response = mock.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), asked.status);
        response.into_body().collect().await.unwrap();
    }
}

/// On one connection, and every thousandth time on a new one.
async fn ask_on_sockets(mock: &MockServer, count: usize) {
    let requests = ASKED.map(|asked| {
        let Asked { method, target, has_key, .. } = asked;
        let key = if has_key { mock.api_key() } else { "unknown".to_owned() };
        format!("{method} {target} HTTP/1.1\r\nhost: m\r\nauthorization: Bearer {key}\r\n\r\n")
    });
    let mut stream = TcpStream::connect(mock.address()).await.unwrap();
    let mut bytes = vec![0; 4096];
    for number in 0..count {
        if number % 1000 == 0 {
            stream = TcpStream::connect(mock.address()).await.unwrap();
        }
        let kind = number % KINDS;
        stream.write_all(requests[kind].as_bytes()).await.unwrap();
        let mut length = 0;
        while !bytes[..length].ends_with(b"}") {
            length += stream.read(&mut bytes[length..]).await.unwrap();
        }
        let status = ASKED[kind].status.to_string();
        assert!(bytes[..length].starts_with(format!("HTTP/1.1 {status}").as_bytes()));
    }
}

#[track_caller]
fn is_flat((more, meanwhile): (i64, u64), max_peak: u64) {
    let grown = format!("{more} bytes more at the end, {meanwhile} meanwhile");
    assert!(more.abs() <= MAX_VARIATION && meanwhile <= max_peak, "{grown}");
}

#[test]
fn without_a_socket_memory_is_flat_once_the_journal_is_full() {
    let runtime = runtime();
    let mock = Mock::new();
    runtime.block_on(ask_in_process(&mock, UNTIL_FULL));
    assert!(mock.evicted_requests().total() > 0);
    is_flat(grown(&runtime, ask_in_process(&mock, 100_000)), 64 * 1024);
}

#[test]
fn over_sockets_memory_is_flat_once_the_journal_is_full() {
    let runtime = runtime();
    let mock = runtime.block_on(MockServer::start()).unwrap();
    runtime.block_on(ask_on_sockets(&mock, UNTIL_FULL));
    assert!(mock.evicted_requests().total() > 0);
    is_flat(grown(&runtime, ask_on_sockets(&mock, 40_000)), 128 * 1024);
}
