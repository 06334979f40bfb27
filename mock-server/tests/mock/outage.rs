//! A client's behaviour in an outage is tested with one mock, at one address. The mock does not
//! respond during an outage, fails in the way that was asked for, and is back when the outage ends.

use std::io::ErrorKind;
use std::time::Duration;

use partner_api_mock::{Fault, MockServer, Outage};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::raw;

async fn start() -> MockServer {
    MockServer::builder().listen(raw::unshared_address()).start().await.unwrap()
}

fn request(mock: &MockServer) -> String {
    let key = mock.api_key();
    format!("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\r\n")
}

async fn kept(mock: &MockServer) -> raw::Connection {
    let mut kept = raw::Connection::open(mock.address()).await;
    kept.send(request(mock)).await;
    assert_eq!(kept.response().await.status, 200);
    kept
}

async fn serves(mock: &MockServer) {
    assert_eq!(raw::wallet_with(mock.address(), &mock.api_key()).await.status, 200);
}

/// Connects and sends a request. Returns the received bytes or the error.
async fn asked(mock: &MockServer) -> Result<Vec<u8>, ErrorKind> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = TcpStream::connect(mock.address()).await.map_err(|error| error.kind())?;
    let _ = stream.write_all(request(mock).as_bytes()).await;
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes).await {
        Ok(_) => Ok(bytes),
        Err(error) => Err(error.kind()),
    }
}

#[tokio::test]
async fn a_refusing_outage_refuses_and_closes_connections() {
    let mock = start().await;
    let mut kept = kept(&mock).await;
    mock.start_outage(Outage::Refuse).unwrap();
    assert_eq!(asked(&mock).await, Err(ErrorKind::ConnectionRefused));
    let _ = kept.try_send(request(&mock)).await;
    assert_eq!(kept.rest().await, b"");
    assert_eq!(mock.requests().len(), 1, "no request got a response during the outage");
    mock.end_outage().unwrap();
    serves(&mock).await;
}

#[tokio::test]
async fn a_resetting_outage_accepts_and_resets_connections_before_a_byte() {
    let mock = start().await;
    let mut kept = kept(&mock).await;
    mock.start_outage(Outage::Reset).unwrap();
    assert_eq!(asked(&mock).await, Err(ErrorKind::ConnectionReset));
    assert_eq!(kept.end_of_connection().await, Some(ErrorKind::ConnectionReset));
    assert_eq!(mock.requests().len(), 1, "no request got a response during the outage");
    mock.end_outage().unwrap();
    serves(&mock).await;
}

#[tokio::test]
async fn a_blackhole_outage_sends_nothing_until_it_ends() {
    let mock = start().await;
    let mut kept = kept(&mock).await;
    let mut dripping = raw::Connection::open(mock.address()).await;
    mock.partner().fail_next(Fault::passthrough().slow_headers(Duration::from_secs(5))).unwrap();
    dripping.send(request(&mock)).await;
    assert_eq!(dripping.some(1).await, 1);

    mock.start_outage(Outage::Blackhole).unwrap();
    let mut fresh = raw::Connection::open(mock.address()).await;
    fresh.send(request(&mock)).await;
    kept.send(request(&mock)).await;
    // Bytes that were already sent may still arrive, and then nothing more.
    let silence = Duration::from_millis(100);
    while tokio::time::timeout(silence, dripping.some(1000)).await.is_ok_and(|count| count > 0) {}
    assert!(kept.is_open() && fresh.is_open() && dripping.is_open());

    mock.end_outage().unwrap();
    for connection in [&mut kept, &mut fresh, &mut dripping] {
        assert_eq!(connection.rest().await, b"", "no response comes late");
    }
    assert_eq!(mock.requests().len(), 2);
    serves(&mock).await;
}

#[tokio::test]
async fn one_outage_may_follow_another() {
    let mock = start().await;
    let all = [Outage::Refuse, Outage::Reset, Outage::Blackhole];
    for first in all {
        for second in all {
            mock.start_outage(first).unwrap();
            mock.start_outage(first).unwrap();
            mock.start_outage(second).unwrap();
            let met = match second {
                Outage::Blackhole => {
                    let asked = tokio::time::timeout(Duration::from_millis(20), asked(&mock)).await;
                    asked.map_err(|_| "silence")
                }
                _ => Ok(asked(&mock).await),
            };
            let expected = match second {
                Outage::Refuse => Ok(Err(ErrorKind::ConnectionRefused)),
                Outage::Reset => Ok(Err(ErrorKind::ConnectionReset)),
                _ => Err("silence"),
            };
            assert_eq!(met, expected, "{first:?}, {second:?}");
            mock.end_outage().unwrap();
            mock.end_outage().unwrap();
            serves(&mock).await;
        }
    }
}

#[tokio::test]
async fn no_other_program_gets_the_address_during_an_outage() {
    for is_used in [false, true] {
        let mock = start().await;
        // The rest of a closed connection may make the address harder to bind.
        let left = if is_used { Some(kept(&mock).await) } else { None };
        for outage in [Outage::Refuse, Outage::Reset, Outage::Blackhole] {
            mock.start_outage(outage).unwrap();
            let taken = TcpListener::bind(mock.address()).await.map(|_| ());
            assert_eq!(taken.unwrap_err().kind(), ErrorKind::AddrInUse, "{outage:?}, {is_used}");
            let plain = TcpSocket::new_v4().unwrap();
            assert!(plain.bind(mock.address()).is_err(), "{outage:?}, {is_used}");
        }
        mock.end_outage().unwrap();
        serves(&mock).await;
        drop(left);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_thread_outside_of_the_runtime_can_start_and_end_an_outage() {
    let mock = std::sync::Arc::new(start().await);
    let told = std::sync::Arc::clone(&mock);
    let outside = std::thread::spawn(move || {
        for outage in [Outage::Refuse, Outage::Reset, Outage::Blackhole] {
            told.start_outage(outage).unwrap();
            told.end_outage().unwrap();
        }
    });
    outside.join().unwrap();
    serves(&mock).await;
}

#[test]
fn an_outage_without_the_runtime_is_an_error_and_no_panic() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mock = runtime.block_on(start());
    drop(runtime);
    mock.start_outage(Outage::Refuse).unwrap();
    mock.end_outage().unwrap_err();
    mock.start_outage(Outage::Reset).unwrap_err();
}

#[tokio::test]
async fn a_mock_dropped_or_shut_down_in_an_outage_stays_closed() {
    for outage in [Outage::Refuse, Outage::Reset, Outage::Blackhole] {
        let mock = start().await;
        let address = mock.address();
        mock.start_outage(outage).unwrap();
        drop(mock);
        assert!(std::net::TcpStream::connect(address).is_err(), "{outage:?}");
        drop(TcpListener::bind(address).await.unwrap());

        let mock = MockServer::builder()
            .listen(address)
            .drain_timeout(Duration::from_secs(3600))
            .start()
            .await
            .unwrap();
        let mut kept = kept(&mock).await;
        mock.start_outage(outage).unwrap();
        mock.shutdown().await;
        assert_eq!(kept.rest().await, b"");
        assert!(std::net::TcpStream::connect(address).is_err(), "{outage:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outages_under_load_start_and_end() {
    let mock = std::sync::Arc::new(start().await);
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let mock = std::sync::Arc::clone(&mock);
            tokio::spawn(async move {
                let mut responses = 0;
                while responses < 50 {
                    if let Ok(bytes) = poll_once(&mock).await
                        && !bytes.is_empty()
                    {
                        assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n") && bytes.ends_with(b"}"));
                        responses += 1;
                    }
                }
            })
        })
        .collect();
    for round in 0..30 {
        let outage = [Outage::Refuse, Outage::Reset, Outage::Blackhole][round % 3];
        mock.start_outage(outage).unwrap();
        tokio::task::yield_now().await;
        mock.end_outage().unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for client in clients {
        client.await.unwrap();
    }
}

async fn poll_once(mock: &MockServer) -> Result<Vec<u8>, ErrorKind> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = TcpStream::connect(mock.address()).await.map_err(|error| error.kind())?;
    let request = request(mock).replace("host", "connection: close\r\nhost");
    let _ = stream.write_all(request.as_bytes()).await;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.map_err(|error| error.kind())?;
    Ok(bytes)
}
