//! https with a certificate authority of the mock: real clients accept it, everything else works
//! through it, and a client that does not complete the handshake disturbs no other.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use partner_api_mock::{Control, Fault, MockServer, Outage, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::raw;

async fn start() -> MockServer {
    let builder = MockServer::builder().listen(raw::unshared_address());
    builder.tls(Tls::new()).control(Control::new()).start().await.unwrap()
}

/// A client that trusts this authority and no other.
fn connector(ca_pem: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn connect(mock: &MockServer, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(mock.address()).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    connector(mock.ca_pem().unwrap()).connect(name, stream).await
}

fn request(mock: &MockServer, path: &str, headers: &str) -> String {
    let key = mock.api_key();
    format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: Bearer {key}\r\n{headers}\r\n"
    )
}

/// The complete response, and the error that ended the connection, if any.
async fn exchange(mock: &MockServer, request: &str) -> (String, Option<ErrorKind>) {
    let mut stream = connect(mock, "localhost").await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    (String::from_utf8_lossy(&bytes).into_owned(), end.err().map(|error| error.kind()))
}

async fn serves(mock: &MockServer) {
    let (response, end) = exchange(mock, &request(mock, "/api/v1/wallet", "")).await;
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n") && response.ends_with('}'), "{response}");
    assert_eq!(end, None);
}

#[tokio::test]
async fn the_certificate_has_the_names_of_this_machine_and_the_given_ones() {
    let builder = MockServer::builder().listen(raw::unshared_address());
    let tls = Tls::new().name("partner-api-mock").name("192.0.2.7");
    let mock = builder.tls(tls).start().await.unwrap();
    assert_eq!(mock.url(), format!("https://{}", mock.address()));
    let address = mock.address().ip().to_string();
    for name in ["localhost", "127.0.0.1", "::1", "partner-api-mock", "192.0.2.7", &address] {
        connect(&mock, name).await.unwrap();
    }
    for name in ["example.com", "192.0.2.8"] {
        assert!(connect(&mock, name).await.is_err(), "{name}");
    }
    serves(&mock).await;
    assert!(CryptoProvider::get_default().is_none(), "the choice is the program's");
}

#[tokio::test]
async fn each_mock_has_its_own_authority() {
    let (one, other) = (start().await, start().await);
    let stream = TcpStream::connect(one.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    connector(other.ca_pem().unwrap()).connect(name, stream).await.unwrap_err();
    assert_eq!(MockServer::start().await.unwrap().ca_pem(), None);
}

#[tokio::test]
async fn the_control_api_is_there_and_its_page_has_an_https_origin() {
    let mock = start().await;
    for (origin, status) in [("https", "200"), ("http", "403")] {
        let origin = format!("origin: {origin}://localhost\r\n");
        let (response, _) = exchange(&mock, &request(&mock, "/_mock/info", &origin)).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        assert!(status != "200" || response.contains(&format!("\"baseUrl\":\"{}", mock.url())));
    }
}

#[tokio::test]
async fn connection_faults_work_below_and_inside_tls() {
    let mock = start().await;
    let ms = Duration::from_millis;
    for (fault, expected, end) in [
        (Fault::reset(), "", Some(ErrorKind::ConnectionReset)),
        (Fault::reset_after_request(), "", Some(ErrorKind::ConnectionReset)),
        (Fault::close(), "", None),
        (Fault::garbage(), "\u{15}\u{3}\u{1}", None),
        (Fault::passthrough().truncate(5), "\r\n\r\n{\"bal", None),
        (Fault::passthrough().content_length(9), "content-length: 9\r\n", None),
        (Fault::malformed_chunk(), "\r\nthis is no chunk\r\n", None),
        (Fault::passthrough().slow_headers(ms(5)), "\"costPerMessage\":1}", None),
        (Fault::passthrough().throttle(ms(5)), "\"costPerMessage\":1}", None),
        (Fault::status(503), "{\"error\":\"service_unavailable\"}", None),
    ] {
        mock.partner().fail_next(fault.clone()).unwrap();
        let (response, ended) = exchange(&mock, &request(&mock, "/api/v1/wallet", "")).await;
        assert!(response.contains(expected), "{fault:?}: {response}");
        assert_eq!(ended, end, "{fault:?}: {response}");
        assert!(mock.requests().pop().unwrap().fault.is_some(), "{fault:?}");
    }
    mock.partner().fail_next(Fault::hang()).unwrap();
    let mut hanging = connect(&mock, "localhost").await.unwrap();
    hanging.write_all(request(&mock, "/api/v1/wallet", "").as_bytes()).await.unwrap();
    assert!(tokio::time::timeout(ms(50), hanging.read_u8()).await.is_err());
    serves(&mock).await;
}

#[tokio::test]
async fn a_failed_or_slow_handshake_disturbs_no_other_client() {
    let builder = MockServer::builder().listen(raw::unshared_address()).tls(Tls::new());
    let limited = builder.header_read_timeout(Duration::from_millis(100)).max_connections(3);
    let mock = limited.start().await.unwrap();
    let mut silent = raw::Connection::open(mock.address()).await;
    let mut plain = raw::Connection::open(mock.address()).await;
    serves(&mock).await;
    plain.send("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\n\r\n").await;
    let alert = plain.rest().await;
    assert!(!alert.starts_with(b"HTTP/"), "{alert:?}");
    assert_eq!(silent.rest().await, b"", "it is closed within the limit");
    serves(&mock).await;
}

#[tokio::test]
async fn outages_affect_the_port_also_during_a_handshake() {
    let mock = start().await;
    for (outage, end) in [
        (Outage::Refuse, None),
        (Outage::Reset, Some(ErrorKind::ConnectionReset)),
        (Outage::Blackhole, None),
    ] {
        let mut kept = connect(&mock, "localhost").await.unwrap();
        let mut in_handshake = raw::Connection::open(mock.address()).await;
        serves(&mock).await;
        mock.start_outage(outage).unwrap();
        if outage == Outage::Blackhole {
            kept.write_all(request(&mock, "/api/v1/wallet", "").as_bytes()).await.unwrap();
            let silence = Duration::from_millis(50);
            assert!(tokio::time::timeout(silence, kept.read_u8()).await.is_err());
            assert!(in_handshake.is_open());
            mock.end_outage().unwrap();
        }
        assert_eq!(in_handshake.end_of_connection().await, end, "{outage:?}");
        let ended = kept.read_u8().await.unwrap_err().kind();
        let expected = end.unwrap_or(ErrorKind::UnexpectedEof);
        assert!(ended == expected || outage != Outage::Reset, "{outage:?}: {ended}");
        mock.end_outage().unwrap();
        serves(&mock).await;
    }
}

#[test]
fn an_invalid_name_is_rejected() {
    for name in ["", "a b", "https://mock", "mock:443"] {
        let tls = Tls::new().name(name);
        let error = MockServer::builder().tls(tls).start_on_thread().unwrap_err();
        let expected = format!("TLS name `{name}`: expected a DNS name or an IP address");
        assert_eq!(error.to_string(), expected);
    }
}
