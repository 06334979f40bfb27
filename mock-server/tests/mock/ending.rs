//! What is at stake: a mock that lingers answers the next test. Dropped, its port is closed and no
//! request is answered; shut down, what is under way is answered first.

use std::error::Error as _;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use partner_api_mock::{Company, MockServer, Seed};

use crate::raw;

fn is_refused(mock: SocketAddr) -> bool {
    match TcpStream::connect(mock) {
        // A connection to a port where nobody listens meets itself if it was given that very port.
        Ok(stream) => stream.local_addr().unwrap() == mock,
        Err(error) => error.kind() == ErrorKind::ConnectionRefused,
    }
}

/// A mock whose port nobody else takes when it is free again.
async fn start_at(address: SocketAddr) -> MockServer {
    MockServer::builder().listen(address).start().await.unwrap()
}

#[tokio::test]
async fn when_drop_returns_the_port_is_closed() {
    let own = raw::address_of_its_own();
    for _ in 0..50 {
        let mock = start_at(own).await;
        let address = mock.address();
        assert!(TcpStream::connect(address).is_ok());
        drop(mock);
        assert!(is_refused(address), "before the runtime could do anything");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_holds_where_the_runtime_has_threads_of_its_own() {
    let own = raw::address_of_its_own();
    for _ in 0..50 {
        let mock = start_at(own).await;
        let address = mock.address();
        assert_eq!(raw::wallet_with(address, &mock.api_key()).await.status, 200);
        drop(mock);
        assert!(is_refused(address));
    }
}

#[tokio::test]
async fn a_kept_connection_is_answered_no_more_once_the_mock_is_dropped() {
    let mock = MockServer::start().await.unwrap();
    let request = format!(
        "GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\r\n",
        mock.api_key()
    );
    let mut connection = raw::Connection::open(mock.address()).await;
    connection.send(&request).await;
    assert_eq!(connection.answer().await.status, 200);

    connection.send(&request).await;
    let partner = mock.partner();
    drop(mock);
    assert_eq!(connection.rest().await, b"");
    assert_eq!(partner.requests().len(), 1, "the second was not even read");
}

#[tokio::test]
async fn shutdown_answers_what_is_under_way_and_then_nothing() {
    let mock = start_at(raw::address_of_its_own()).await;
    let (address, key) = (mock.address(), mock.api_key());
    let mut begun = raw::Connection::open(address).await;
    begun.send("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\n").await;
    // Answered after the other was accepted, so that one is under way now.
    assert_eq!(raw::wallet_with(address, &key).await.status, 200);

    let shutdown = tokio::spawn(mock.shutdown());
    while !is_refused(address) {
        tokio::task::yield_now().await;
    }
    begun.send(format!("authorization: Bearer {key}\r\n\r\n")).await;
    let answer = String::from_utf8(begun.rest().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    shutdown.await.unwrap();
}

#[tokio::test]
async fn shutdown_lets_a_long_answer_come_to_its_end() {
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
    let answer = connection.answer().await;
    assert!(answer.body.len() > 4_000_000 && answer.body.ends_with("]}"));
    shutdown.await.unwrap();
}

#[tokio::test]
async fn shutdown_does_not_wait_for_those_who_ask_nothing() {
    let mock = MockServer::builder().drain_timeout(Duration::MAX).start().await.unwrap();
    let _silent = raw::Connection::open(mock.address()).await;
    let mut idle = raw::Connection::open(mock.address()).await;
    let key = mock.api_key();
    idle.send(format!("GET / HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\r\n")).await;
    idle.answer().await;
    mock.shutdown().await;
    assert_eq!(idle.rest().await, b"");
}

#[tokio::test]
async fn shutdown_waits_no_longer_than_it_is_told() {
    let mock =
        MockServer::builder().drain_timeout(Duration::from_millis(20)).start().await.unwrap();
    let mut stuck = raw::Connection::open(mock.address()).await;
    stuck.send("GET / HTTP/1.1\r\nhost:").await;
    raw::wallet(mock.address(), "").await;
    mock.shutdown().await;
    assert_eq!(stuck.rest().await, b"");
}

#[tokio::test]
async fn many_mocks_live_in_one_process_and_do_not_meet() {
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
async fn a_port_can_be_taken_again_at_once() {
    let first = start_at(raw::address_of_its_own()).await;
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
    let mock = runtime.block_on(start_at(raw::address_of_its_own()));
    let address = mock.address();
    drop(runtime);
    drop(mock);
    assert!(is_refused(address));
}

#[test]
fn a_mock_without_a_runtime_is_an_error_and_no_panic() {
    let mut start = std::pin::pin!(MockServer::start());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = start.as_mut().poll(&mut context) else {
        panic!("it should have said no at once");
    };
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("no reactor running"), "{cause}");
}
