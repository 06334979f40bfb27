//! Compressed responses: only if the client asks for them, and always with the same content.

use std::io::Read as _;
use std::net::SocketAddr;
use std::time::Duration;

use flate2::read::GzDecoder;
use partner_api_mock::{Fault, MockServer, ResponseTemplate, Stub};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn exchange(address: SocketAddr, request: String) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let body = bytes.split_off(end);
    (String::from_utf8(bytes).unwrap(), body)
}

/// The head of a response and its content. HTTP/1.0 has no chunks, so the rest is the body.
async fn asked(mock: &MockServer, method: &str, path: &str, coding: &str) -> (String, String) {
    let key = mock.api_key();
    let request = format!(
        "{method} /api/v1/{path} HTTP/1.0\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\
         accept-encoding: {coding}\r\n\r\n"
    );
    let (head, body) = exchange(mock.address(), request).await;
    let mut text = String::new();
    if head.contains("content-encoding: gzip\r\n") && method != "HEAD" {
        GzDecoder::new(body.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(body).unwrap();
    }
    (head, text)
}

fn is_compressed(head: &str) -> bool {
    assert_eq!(head.contains("content-encoding: gzip\r\n"), !head.contains("content-length: "));
    head.contains("content-encoding: gzip\r\n")
}

#[tokio::test]
async fn a_response_is_compressed_if_client_and_mock_allow_it() {
    let plain = MockServer::start().await.unwrap();
    let (head, _) = asked(&plain, "GET", "companies", "gzip").await;
    assert!(!is_compressed(&head) && !head.contains("vary: "), "{head}");

    let mock = MockServer::builder().gzip(true).start().await.unwrap();
    let (head, companies) = asked(&mock, "GET", "companies", "identity").await;
    assert!(!is_compressed(&head), "{head}");
    for coding in ["gzip", "br, gzip;q=0.5"] {
        let (head, text) = asked(&mock, "GET", "companies", coding).await;
        assert!(is_compressed(&head) && head.contains("vary: accept-encoding\r\n"), "{head}");
        assert_eq!(text, companies);
        let (head, nothing) = asked(&mock, "HEAD", "companies", coding).await;
        assert!(is_compressed(&head) && nothing.is_empty(), "{head}");
    }
    let (head, _) = asked(&mock, "GET", "companies", "gzip;q=0").await;
    assert!(!is_compressed(&head), "{head}");
    let response = mock.requests().pop().unwrap().response.unwrap();
    assert_eq!(response.body.as_deref(), Some(companies.as_bytes()), "the journal has the content");
}

#[tokio::test]
async fn an_empty_or_short_body_is_not_compressed() {
    let mock = MockServer::builder().gzip(true).start().await.unwrap();
    mock.add_stub(Stub::get("gone").respond(ResponseTemplate::empty(204))).unwrap();
    let (head, body) = asked(&mock, "GET", "gone", "gzip").await;
    assert!(head.contains(" 204 ") && !head.contains("content-encoding"), "{head}");
    assert_eq!(body, "");
    let (head, body) = asked(&mock, "GET", "nowhere", "gzip").await;
    assert!(!head.contains("content-encoding"), "{head}");
    assert_eq!(body, r#"{"error":"not_found"}"#);
}

#[tokio::test]
async fn a_faulty_body_is_compressed_or_sent_uncompressed() {
    let mock = MockServer::builder().gzip(true).start().await.unwrap();
    let (_, companies) = asked(&mock, "GET", "companies", "identity").await;
    let shorter = &companies[..companies.len() - 1];
    for (fault, is_gzip, expected) in [
        (Fault::passthrough().malformed_json(), true, shorter),
        (Fault::passthrough().throttle(Duration::from_millis(3)), true, companies.as_str()),
        (Fault::html_error_page(502), true, "<html>"),
        (Fault::passthrough().truncate(40), false, &companies[..40]),
        (Fault::passthrough().slow_headers(Duration::from_millis(3)), false, companies.as_str()),
    ] {
        mock.partner().fail_next(fault.clone()).unwrap();
        let (head, text) = asked(&mock, "GET", "companies", "gzip").await;
        assert_eq!(head.contains("content-encoding: gzip"), is_gzip, "{fault:?}: {head}");
        assert!(text.starts_with(expected), "{fault:?}: {text}");
    }
    mock.partner().fail_next(Fault::passthrough().pad_to(100_000)).unwrap();
    let (_, text) = asked(&mock, "GET", "companies", "gzip").await;
    assert_eq!(text.len(), 100_000);
}
