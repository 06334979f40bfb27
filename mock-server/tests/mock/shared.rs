//! One mock that several tests share, each with its own runtime or with none.

use std::error::Error as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

use partner_api_mock::{Delay, Fault, MockServer, Outage};

use crate::raw;

static MOCK: LazyLock<MockServer> = LazyLock::new(|| MockServer::start_on_thread().unwrap());

async fn independent_test(name: &str) {
    let partner = MOCK.add_partner(name);
    let key = partner.issue_key();
    for _ in 0..3 {
        assert_eq!(raw::wallet_with(MOCK.address(), &key).await.status, 200);
    }
    partner.fail_next(Fault::status(503)).unwrap();
    assert_eq!(raw::wallet_with(MOCK.address(), &key).await.status, 503);
    assert_eq!(partner.requests().len(), 4);
}

#[tokio::test]
async fn the_first_of_four_tests() {
    independent_test("first").await;
}

#[tokio::test]
async fn the_second_of_four_tests() {
    independent_test("second").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_third_of_four_tests() {
    independent_test("third").await;
}

#[tokio::test]
async fn the_last_of_four_tests() {
    independent_test("last").await;
}

fn blocking_wallet(address: SocketAddr, key: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\
         authorization: Bearer {key}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_test_without_a_runtime() {
    let key = MOCK.add_partner("blocking").issue_key();
    assert!(blocking_wallet(MOCK.address(), &key).starts_with("HTTP/1.1 200 OK\r\n"));
}

/// With a paused clock, an idle runtime skips every wait. A wait of the mock must not depend on it.
#[tokio::test(start_paused = true)]
async fn a_paused_tokio_clock_does_not_affect_a_shared_mock() {
    let partner = MOCK.add_partner("paused");
    let key = partner.issue_key();
    let delay = Duration::from_millis(20);
    partner.fail_next(Fault::passthrough().delay(Delay::fixed(delay))).unwrap();
    let started = std::time::Instant::now();
    let asking = tokio::task::spawn_blocking(move || blocking_wallet(MOCK.address(), &key));
    assert!(asking.await.unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(started.elapsed() >= delay);
}

#[test]
fn a_dropped_shared_mock_has_closed_its_port() {
    let listen = raw::unshared_address();
    let mock = MockServer::builder().listen(listen).start_on_thread().unwrap();
    let (address, key) = (mock.address(), mock.api_key());
    assert!(blocking_wallet(address, &key).starts_with("HTTP/1.1 200"));
    drop(mock);
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_shared_mock_can_be_shut_down_from_any_runtime() {
    let builder = MockServer::builder().listen(raw::unshared_address());
    let mock = builder.drain_timeout(Duration::from_millis(50)).start_on_thread().unwrap();
    let address = mock.address();
    mock.partner().fail_next(Fault::passthrough().delay(Duration::from_secs(3600))).unwrap();
    let mut waiting = raw::Connection::open(address).await;
    let key = mock.api_key();
    let head = format!("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}");
    waiting.send(head + "\r\n\r\n").await;
    while mock.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    mock.shutdown().await;
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn outages_of_a_shared_mock_need_no_runtime() {
    let listen = raw::unshared_address();
    let mock = MockServer::builder().listen(listen).start_on_thread().unwrap();
    mock.start_outage(Outage::Refuse).unwrap();
    assert!(TcpStream::connect(mock.address()).is_err());
    mock.end_outage().unwrap();
    mock.start_outage_for(Outage::Refuse, Duration::from_millis(1)).unwrap();
    while TcpStream::connect(mock.address()).is_err() {
        std::thread::yield_now();
    }
    assert!(blocking_wallet(mock.address(), &mock.api_key()).starts_with("HTTP/1.1 200"));
}

#[test]
fn the_error_says_that_a_shared_mock_cannot_listen() {
    let first = MockServer::start_on_thread().unwrap();
    let error = MockServer::builder().listen(first.address()).start_on_thread().unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {}", first.address()));
    assert!(error.source().is_some());
}
