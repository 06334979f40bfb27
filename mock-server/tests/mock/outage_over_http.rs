//! An outage that a test in any language starts. It ends after its duration, because no request
//! could end it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use partner_api_mock::{Control, MockServer, Outage};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::asking::{ask, told};
use crate::raw;

const KINDS: [&str; 3] = ["refuse", "reset", "blackhole"];

async fn start() -> MockServer {
    let builder = MockServer::builder().listen(raw::unshared_address());
    builder.control(Control::new()).start().await.unwrap()
}

/// The bytes of a response, or the error of a new connection.
async fn health(address: SocketAddr) -> Result<String, ErrorKind> {
    let mut stream = TcpStream::connect(address).await.map_err(|error| error.kind())?;
    let request =
        format!("GET /_mock/health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| error.kind())?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.map_err(|error| error.kind())?;
    Ok(text)
}

async fn serves_again(address: SocketAddr) {
    while !health(address).await.is_ok_and(|text| text.starts_with("HTTP/1.1 200")) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn an_outage_starts_after_its_response_and_ends_by_itself() {
    let mock = start().await;
    for kind in KINDS {
        let mut kept = raw::Connection::open(mock.address()).await;
        kept.send("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\n\r\n").await;
        assert_eq!(kept.response().await.status, 401);
        let body = format!(r#"{{"kind":"{kind}","duration":"100ms"}}"#);
        let shown = told(mock.address(), "POST", "/outage", &body, 202).await;
        assert_eq!(shown.to_string(), format!(r#"{{"duration":"100ms","kind":"{kind}"}}"#));
        // An open connection is ended by the outage, or after its response.
        assert_eq!(kept.rest().await, b"", "{kind}");
        serves_again(mock.address()).await;
    }
    assert_eq!(mock.requests().len(), KINDS.len());
}

#[tokio::test]
async fn during_an_outage_the_whole_port_is_down() {
    let mock = start().await;
    for (kind, error) in
        [("refuse", ErrorKind::ConnectionRefused), ("reset", ErrorKind::ConnectionReset)]
    {
        let body = format!(r#"{{"kind":"{kind}","duration":"10m"}}"#);
        told(mock.address(), "POST", "/outage", &body, 202).await;
        // The outage starts when the connection of its request has ended.
        while health(mock.address()).await != Err(error) {
            tokio::task::yield_now().await;
        }
        mock.end_outage().unwrap();
        serves_again(mock.address()).await;
    }
}

#[tokio::test]
async fn an_outage_without_an_end_is_refused() {
    let mock = start().await;
    for (body, field) in [
        (r#"{"kind":"refuse"}"#, "duration"),
        (r#"{"kind":"refuse","duration":"0s"}"#, "duration"),
        (r#"{"kind":"refuse","duration":"601s"}"#, "duration"),
        (r#"{"kind":"silent","duration":"1s"}"#, "kind"),
        (r#"{"duration":"1s"}"#, "kind"),
        (r#"{"kind":"reset","duration":"1s","for":1}"#, "for"),
    ] {
        let response = ask(mock.address(), "POST", "/outage", body).await;
        assert_eq!(
            (response.status, response.error().1),
            (400, field),
            "{body}: {}",
            response.text
        );
    }
    serves_again(mock.address()).await;
}

#[tokio::test]
async fn in_rust_an_outage_may_have_a_duration_also() {
    let mock = start().await;
    for outage in [Outage::Refuse, Outage::Reset, Outage::Blackhole] {
        mock.start_outage_for(outage, Duration::from_millis(10)).unwrap();
        serves_again(mock.address()).await;
    }
}

#[tokio::test]
async fn the_last_outage_decides_when_it_ends() {
    let mock = start().await;
    for second in [Outage::Refuse, Outage::Reset] {
        mock.start_outage_for(Outage::Refuse, Duration::from_millis(1)).unwrap();
        mock.start_outage(second).unwrap();
        // Timers of one runtime fire in order.
        tokio::time::sleep(Duration::from_millis(20)).await;
        health(mock.address()).await.unwrap_err();
    }
    mock.start_outage_for(Outage::Refuse, Duration::from_millis(1)).unwrap();
    serves_again(mock.address()).await;
}

#[tokio::test]
async fn a_mock_that_has_ended_does_not_come_back() {
    let mock = start().await;
    let address = mock.address();
    mock.start_outage_for(Outage::Refuse, Duration::from_millis(1)).unwrap();
    drop(mock);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(health(address).await, Err(ErrorKind::ConnectionRefused));
}
