//! A client's behaviour on failures is tested against these bytes. Each fault reaches the wire as
//! documented, and nothing else is wrong.

use std::time::Duration;

use http::HeaderMap;
use partner_api_mock::{Disposition, Fault, MockServer, Rule};

use crate::raw;

const WALLET: &str =
    r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

/// The bytes of the response to a request for the wallet with this fault.
async fn bytes(fault: Fault) -> Vec<u8> {
    let mock = MockServer::start().await.unwrap();
    mock.partner().fail_next(fault).unwrap();
    let mut connection = raw::Connection::open(mock.address()).await;
    connection.send(request(&mock, "connection: close\r\n")).await;
    let bytes = connection.rest().await;
    let journal = mock.requests();
    assert_eq!((journal.len(), journal[0].disposition), (1, Disposition::Served));
    assert!(journal[0].fault.is_some());
    let next = raw::wallet_with(mock.address(), &mock.api_key()).await;
    assert_eq!((next.status, next.body.as_str()), (200, WALLET));
    assert_eq!(mock.requests()[1].fault, None);
    bytes
}

fn request(mock: &MockServer, headers: &str) -> String {
    let key = mock.api_key();
    format!(
        "GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n{headers}\r\n"
    )
}

/// Status, headers and body. The body is read to the end of the connection, whatever its length
/// should be.
async fn parts(fault: Fault) -> (u16, HeaderMap, Vec<u8>) {
    let bytes = bytes(fault).await;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.parse().unwrap(), value.parse().unwrap())
    });
    let headers: HeaderMap = headers.collect();
    assert!(headers.contains_key("date"), "{head}");
    (status.parse().unwrap(), headers, bytes[end + 4..].to_vec())
}

fn text(body: Vec<u8>) -> String {
    String::from_utf8(body).unwrap()
}

#[tokio::test]
async fn a_status_has_a_body_of_the_documented_schema_or_any_other() {
    let (status, headers, body) = parts(Fault::status(503).retry_after(7)).await;
    assert_eq!((status, text(body).as_str()), (503, r#"{"error":"service_unavailable"}"#));
    for (status, expected) in [(418, "i_m_a_teapot"), (599, "unknown")] {
        let (_, _, body) = parts(Fault::status(status)).await;
        assert_eq!(text(body), format!(r#"{{"error":"{expected}"}}"#));
    }
    assert_eq!(
        (&headers["content-type"], &headers["retry-after"]),
        (&"application/json".parse().unwrap(), &"7".parse().unwrap())
    );

    let fault = Fault::status(429).body("slow down").content_type("text/plain").header("x-a", "b");
    let (status, headers, body) = parts(fault).await;
    assert_eq!((status, text(body).as_str()), (429, "slow down"));
    assert_eq!(
        (&headers["content-type"], &headers["x-a"]),
        (&"text/plain".parse().unwrap(), &"b".parse().unwrap())
    );

    let slow = Duration::from_millis(5);
    for fault in [Fault::status(204), Fault::status(204).slow_headers(slow)] {
        let (status, headers, body) = parts(fault).await;
        assert_eq!((status, body.len()), (204, 0));
        for name in ["content-type", "content-length", "transfer-encoding"] {
            assert_eq!(headers.get(name), None);
        }
    }
}

#[tokio::test]
async fn a_page_is_the_html_that_a_proxy_sends() {
    for (status, title) in [
        (502, "502 Bad Gateway"),
        (503, "503 Service Temporarily Unavailable"),
        (504, "504 Gateway Time-out"),
    ] {
        let (got, headers, body) = parts(Fault::html_error_page(status)).await;
        assert_eq!((got, &headers["content-type"]), (status, &"text/html".parse().unwrap()));
        let body = text(body);
        let expected = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
             <center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        assert_eq!(body, expected);
        assert_eq!(headers["content-length"], body.len().to_string());
    }
}

#[tokio::test]
async fn retry_after_may_be_a_date_or_nonsense() {
    let date = "2026-11-24T08:30:00Z".parse().unwrap();
    let (_, headers, _) = parts(Fault::status(503).retry_after_date(date)).await;
    assert_eq!(headers["retry-after"], "Tue, 24 Nov 2026 08:30:00 GMT");
    let (_, headers, _) = parts(Fault::status(503).header("Retry-After", "-1, soon")).await;
    assert_eq!(headers["retry-after"], "-1, soon");
}

#[tokio::test]
async fn a_delayed_response_is_the_same() {
    let slow = Duration::from_millis(30);
    for fault in [
        Fault::passthrough().delay(slow),
        Fault::passthrough().throttle(slow),
        Fault::passthrough().slow_headers(slow),
        Fault::passthrough().slow_headers(slow).throttle(slow),
    ] {
        let (status, headers, body) = parts(fault).await;
        assert_eq!((status, text(body).as_str()), (200, WALLET));
        assert_eq!(headers["content-length"], "80");
        assert_eq!(headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn a_successful_response_that_ends_its_connection_says_so() {
    let slow = Fault::passthrough().slow_headers(Duration::from_millis(5));
    let (_, headers, _) = parts(slow).await;
    assert_eq!(headers["connection"], "close");
    // If the fault ends the connection, no `connection: close` announces it.
    let (_, headers, _) = parts(Fault::passthrough().truncate(1)).await;
    assert_eq!(headers.get("connection"), None);
}

#[tokio::test]
async fn the_date_can_be_paused_so_that_a_retry_after_date_has_a_known_distance() {
    let (now, later) = ("Tue, 24 Nov 2026 08:30:00 GMT", "2026-11-24T08:30:05Z");
    let busy = || {
        let fault = Fault::status(503).header("date", now);
        fault.retry_after_date(later.parse().unwrap())
    };
    for fault in [busy(), busy().truncate(1)] {
        let (_, headers, _) = parts(fault).await;
        let dates: Vec<_> = headers.get_all("date").iter().collect();
        assert_eq!(dates, [now]);
        assert_eq!(headers["retry-after"], "Tue, 24 Nov 2026 08:30:05 GMT");
    }
}

#[tokio::test]
async fn a_connection_is_kept_if_only_the_response_is_faulty() {
    let mock = MockServer::start().await.unwrap();
    let mut connection = raw::Connection::open(mock.address()).await;
    for fault in [
        Fault::status(500),
        Fault::passthrough().throttle(Duration::from_millis(5)),
        Fault::passthrough().malformed_json(),
    ] {
        mock.fail_next(fault).unwrap();
        connection.send(request(&mock, "")).await;
        connection.response().await;
        connection.send(request(&mock, "")).await;
        assert_eq!(connection.response().await.body, WALLET);
    }
}

#[tokio::test]
async fn a_body_can_be_truncated_with_an_unchanged_content_length() {
    for (cut, comes) in [(0, 0), (1, 1), (40, 40), (79, 79), (80, 79), (1000, 79)] {
        let (status, headers, body) = parts(Fault::passthrough().truncate(cut)).await;
        assert_eq!((status, &headers["content-length"]), (200, &"80".parse().unwrap()));
        assert_eq!(text(body), WALLET[..comes]);
    }
}

#[tokio::test]
async fn a_length_may_be_wrong_either_way() {
    for length in [0, 10, 79, 81, 1_000_000] {
        let (_, headers, body) = parts(Fault::passthrough().content_length(length)).await;
        assert_eq!(headers["content-length"], length.to_string());
        assert_eq!(text(body), WALLET, "all of it comes, whatever the length says");
    }
}

#[tokio::test]
async fn a_body_can_be_corrupted_with_correct_framing() {
    let (_, headers, body) = parts(Fault::passthrough().malformed_json()).await;
    assert_eq!(
        (headers["content-length"].as_bytes(), text(body).as_str()),
        (&b"79"[..], &WALLET[..79])
    );

    let (_, headers, body) = parts(Fault::passthrough().invalid_utf8()).await;
    assert_eq!(headers["content-length"], "81");
    let error = std::str::from_utf8(&body).unwrap_err();
    assert_eq!(&body[..error.valid_up_to()], br#"{"balance":8450,"currency":""#);

    let (_, headers, body) = parts(Fault::passthrough().content_type("text/html")).await;
    assert_eq!(
        (&headers["content-type"], text(body).as_str()),
        (&"text/html".parse().unwrap(), WALLET)
    );

    let (_, headers, body) = parts(Fault::passthrough().pad_to(1_000_000)).await;
    assert_eq!(headers["content-length"], "1000000");
    let body = text(body);
    assert_eq!((body.len(), body.trim_end_matches(' ')), (1_000_000, WALLET));
}

#[tokio::test]
async fn a_chunk_can_be_invalid() {
    let (status, headers, body) = parts(Fault::malformed_chunk()).await;
    assert_eq!((status, &headers["transfer-encoding"]), (200, &"chunked".parse().unwrap()));
    assert!(!headers.contains_key("content-length"));
    let expected = format!("28\r\n{}\r\nthis is no chunk\r\n", &WALLET[..40]);
    assert_eq!(text(body), expected);
}

#[tokio::test]
async fn a_response_to_head_has_no_body_with_any_fault() {
    let mock = MockServer::start().await.unwrap();
    let slow = Duration::from_millis(5);
    for fault in [
        Fault::status(503),
        Fault::passthrough().slow_headers(slow),
        Fault::passthrough().truncate(10),
        Fault::passthrough().throttle(slow),
    ] {
        mock.fail_next(fault).unwrap();
        let request = request(&mock, "connection: close\r\n").replace("GET", "HEAD");
        let response = raw::exchange(mock.address(), request).await;
        assert_eq!(response.body, "");
        assert!(response.header("content-length").is_some());
    }
}

#[tokio::test]
async fn a_connection_can_end_without_a_response_in_several_ways() {
    assert_eq!(bytes(Fault::close()).await, b"");
    let garbage = bytes(Fault::garbage()).await;
    assert!(!garbage.is_empty() && !garbage.starts_with(b"HTTP"));

    for fault in [Fault::reset(), Fault::reset_after_request()] {
        let mock = MockServer::start().await.unwrap();
        mock.fail_next(fault).unwrap();
        let mut connection = raw::Connection::open(mock.address()).await;
        connection.send(request(&mock, "")).await;
        assert_eq!(connection.end_of_connection().await, Some(std::io::ErrorKind::ConnectionReset));
    }
    let mock = MockServer::start().await.unwrap();
    mock.fail_next(Fault::close()).unwrap();
    let mut connection = raw::Connection::open(mock.address()).await;
    connection.send(request(&mock, "")).await;
    assert_eq!(
        connection.end_of_connection().await,
        None,
        "closed without an error, unlike a reset"
    );
}

#[tokio::test]
async fn a_reset_after_the_request_waits_for_the_whole_request() {
    let mock = MockServer::start().await.unwrap();
    mock.faults().add(Fault::reset_after_request()).unwrap();
    let mut connection = raw::Connection::open(mock.address()).await;
    connection.send(request(&mock, "content-length: 5\r\n")).await;
    connection.send("1234").await;
    // The other request is reset; this one is not, because its last byte is missing.
    let mut other = raw::Connection::open(mock.address()).await;
    other.send(request(&mock, "")).await;
    assert!(other.end_of_connection().await.is_some());
    assert!(connection.is_open());
    connection.send("5").await;
    assert_eq!(connection.end_of_connection().await, Some(std::io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_hang_lasts_until_the_client_or_the_mock_ends() {
    let mock =
        MockServer::builder().drain_timeout(Duration::from_secs(3600)).start().await.unwrap();
    mock.faults().add(Fault::hang()).unwrap();
    let (mut waiting, mut leaving) =
        (raw::Connection::open(mock.address()).await, raw::Connection::open(mock.address()).await);
    for connection in [&mut waiting, &mut leaving] {
        connection.send(request(&mock, "")).await;
    }
    while mock.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    leaving.end().await;
    assert_eq!(leaving.rest().await, b"", "a client that leaves is let go");
    assert!(waiting.is_open());
    mock.shutdown().await;
    assert_eq!(waiting.rest().await, b"", "shutting down waits for no silence");
}

#[tokio::test]
async fn shutdown_completes_a_slow_response() {
    let mock = MockServer::start().await.unwrap();
    mock.fail_next(Fault::passthrough().slow_headers(Duration::from_millis(100))).unwrap();
    let mut connection = raw::Connection::open(mock.address()).await;
    connection.send(request(&mock, "")).await;
    while mock.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let shutdown = tokio::spawn(mock.shutdown());
    assert_eq!(connection.response().await.body, WALLET);
    shutdown.await.unwrap();
}

#[tokio::test]
async fn a_drop_ends_slow_and_hanging_responses() {
    let hour = Duration::from_secs(3600);
    for fault in [
        Fault::passthrough().delay(hour),
        Fault::passthrough().slow_headers(hour),
        Fault::passthrough().throttle(hour),
        Fault::hang(),
    ] {
        let mock = MockServer::start().await.unwrap();
        mock.fail_next(fault).unwrap();
        let mut connection = raw::Connection::open(mock.address()).await;
        connection.send(request(&mock, "")).await;
        while mock.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        drop(mock);
        let rest = text(connection.rest().await);
        assert!(!rest.contains(WALLET), "{rest}");
    }
}

#[tokio::test]
async fn a_fault_on_a_pipelined_request_leaves_earlier_responses_whole() {
    let mock = MockServer::start().await.unwrap();
    mock.partner().faults().add(Rule::new(Fault::close()).after(1)).unwrap();
    let mut connection = raw::Connection::open(mock.address()).await;
    connection.send(request(&mock, "").repeat(3)).await;
    assert_eq!(connection.response().await.body, WALLET);
    assert_eq!(connection.rest().await, b"");
    assert_eq!(mock.requests().len(), 2);
}

#[tokio::test]
async fn the_journal_has_the_status_that_was_sent_and_the_disposition() {
    let mock = MockServer::start().await.unwrap();
    mock.faults().add(Fault::html_error_page(502)).unwrap();
    assert_eq!(raw::wallet_with(mock.address(), &mock.api_key()).await.status, 502);
    assert_eq!(raw::wallet_with(mock.address(), "pk_live_x").await.status, 502);
    let [served, refused] = &mock.requests()[..] else { panic!("two requests") };
    assert_eq!((served.status.as_u16(), served.disposition), (502, Disposition::Served));
    assert_eq!(refused.status.as_u16(), 502);
    assert_eq!(refused.disposition.to_string(), "unknown key");
    let fault = served.fault.as_ref().unwrap();
    assert_eq!(fault.to_string(), "rule 1 (status=502 htmlErrorPage), request 1");
}
