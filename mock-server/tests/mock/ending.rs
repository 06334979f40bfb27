//! A mock that outlives its test would respond to the next one. When it is dropped, its port is
//! closed and no request gets a response; when it is shut down, requests in progress are finished
//! first.

use std::error::Error as _;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use partner_api_mock::{Company, MockServer, Seed};

use crate::raw;

fn is_refused(mock: SocketAddr) -> bool {
    match TcpStream::connect(mock) {
        // A connection to a port without a listener connects to itself if the system gave it that
        // port.
        Ok(stream) => stream.local_addr().unwrap() == mock,
        Err(error) => error.kind() == ErrorKind::ConnectionRefused,
    }
}

/// A mock whose port no other test takes when it is free again.
async fn start_at(address: SocketAddr) -> MockServer {
    MockServer::builder().listen(address).start().await.unwrap()
}

#[tokio::test]
async fn when_drop_returns_the_port_is_closed() {
    let own = raw::unshared_address();
    for _ in 0..50 {
        let mock = start_at(own).await;
        let address = mock.address();
        assert!(TcpStream::connect(address).is_ok());
        drop(mock);
        assert!(is_refused(address), "before the runtime could do anything");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_multi_threaded_runtime_the_port_is_closed_also() {
    let own = raw::unshared_address();
    for _ in 0..50 {
        let mock = start_at(own).await;
        let address = mock.address();
        assert_eq!(raw::wallet_with(address, &mock.api_key()).await.status, 200);
        drop(mock);
        assert!(is_refused(address));
    }
}

#[tokio::test]
async fn a_kept_connection_gets_no_response_after_the_mock_is_dropped() {
    let mock = MockServer::start().await.unwrap();
    let request = format!(
        "GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\r\n",
        mock.api_key()
    );
    let mut connection = raw::Connection::open(mock.address()).await;
    connection.send(&request).await;
    assert_eq!(connection.response().await.status, 200);

    connection.send(&request).await;
    let partner = mock.partner();
    drop(mock);
    assert_eq!(connection.rest().await, b"");
    assert_eq!(partner.requests().len(), 1, "the second was not even read");
}

#[tokio::test]
async fn shutdown_finishes_requests_in_progress_and_accepts_no_more() {
    let mock = start_at(raw::unshared_address()).await;
    let (address, key) = (mock.address(), mock.api_key());
    let mut begun = raw::Connection::open(address).await;
    begun.send("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\n").await;
    // This response comes after the other connection was accepted, so that request is in progress
    // now.
    assert_eq!(raw::wallet_with(address, &key).await.status, 200);

    let shutdown = tokio::spawn(mock.shutdown());
    while !is_refused(address) {
        tokio::task::yield_now().await;
    }
    begun.send(format!("authorization: Bearer {key}\r\n\r\n")).await;
    let response = String::from_utf8(begun.rest().await).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(response.contains("connection: close\r\n"), "{response}");
    shutdown.await.unwrap();
}

#[tokio::test]
async fn shutdown_completes_a_long_response() {
    let mock = MockServer::builder().seed(Seed::empty()).start().await.unwrap();
    let many = (0..20_000).map(|number| Company::new(format!("c-{number}"), "x".repeat(200)));
    mock.partner().set_companies(many);
    let mut connection = raw::Connection::open(mock.address()).await;
    let key = mock.api_key();
    let head = format!("host: mock\r\nauthorization: Bearer {key}\r\n\r\n");
    connection.send(format!("GET /api/v1/companies HTTP/1.1\r\n{head}")).await;
    let partner = mock.partner();
    while partner.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let shutdown = tokio::spawn(mock.shutdown());
    let response = connection.response().await;
    assert!(response.body.len() > 4_000_000 && response.body.ends_with("]}"));
    shutdown.await.unwrap();
}

#[tokio::test]
async fn shutdown_does_not_wait_for_idle_connections() {
    let mock = MockServer::builder().drain_timeout(Duration::MAX).start().await.unwrap();
    let _silent = raw::Connection::open(mock.address()).await;
    let mut idle = raw::Connection::open(mock.address()).await;
    let key = mock.api_key();
    idle.send(format!("GET / HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\r\n")).await;
    idle.response().await;
    mock.shutdown().await;
    assert_eq!(idle.rest().await, b"");
}

#[tokio::test]
async fn shutdown_waits_no_longer_than_its_limit() {
    let mock =
        MockServer::builder().drain_timeout(Duration::from_millis(20)).start().await.unwrap();
    let mut stuck = raw::Connection::open(mock.address()).await;
    stuck.send("GET / HTTP/1.1\r\nhost:").await;
    raw::wallet(mock.address(), "").await;
    mock.shutdown().await;
    assert_eq!(stuck.rest().await, b"");
}

#[tokio::test]
async fn many_mocks_in_one_process_are_independent() {
    let mut mocks = Vec::new();
    for balance in 0..50 {
        let mock = MockServer::start().await.unwrap();
        mock.partner().update_wallet(|wallet| wallet.balance = balance);
        mocks.push(mock);
    }
    for (balance, mock) in mocks.iter().enumerate() {
        let body = raw::wallet_with(mock.address(), &mock.api_key()).await.body;
        assert!(body.starts_with(&format!("{{\"balance\":{balance},")), "{body}");
        assert_eq!(mock.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_port_can_be_bound_again_immediately() {
    let first = start_at(raw::unshared_address()).await;
    let address = first.address();
    let busy = MockServer::builder().listen(address).start().await.unwrap_err();
    assert_eq!(busy.to_string(), format!("cannot listen on {address}"));
    let cause = busy.source().unwrap().downcast_ref::<std::io::Error>();
    assert_eq!(cause.unwrap().kind(), ErrorKind::AddrInUse);
    drop(first);
    let second = start_at(address).await;
    assert_eq!(raw::wallet_with(address, &second.api_key()).await.status, 200);
}

#[test]
fn a_mock_that_outlives_its_runtime_closes_its_port_all_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mock = runtime.block_on(start_at(raw::unshared_address()));
    let address = mock.address();
    drop(runtime);
    drop(mock);
    assert!(is_refused(address));
}

#[test]
fn starting_a_mock_without_a_runtime_is_an_error_and_no_panic() {
    let mut start = std::pin::pin!(MockServer::start());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = start.as_mut().poll(&mut context) else {
        panic!("it should have failed immediately");
    };
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("no reactor running"), "{cause}");
}
