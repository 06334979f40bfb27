//! Two readers of the same bytes must not see two different requests, and a client that sends
//! malformed bytes must be told. Each row is sent as it is written; section numbers are of RFC 9112
//! unless another is named.

use std::time::Duration;

use partner_api_mock::{Fault, Mock, MockServer, Stub};

use crate::raw;

/// Not a request, or not a request that may be served.
const BAD: &[&str] = &["400"];
/// Closed without a response.
const CLOSED: &[&str] = &[];
const SERVED: &[&str] = &["200"];

/// `$` is replaced by a header line with a valid key, and `@` by a valid Host line.
const HEADS: &[(&str, &[u8], &[&str])] = &[
    // Host: section 3.2.
    ("no host", b"GET /api/v1/wallet HTTP/1.1\r\n$\r\n", BAD),
    ("two hosts", b"GET /api/v1/wallet HTTP/1.1\r\n@@$\r\n", BAD),
    ("an empty host", b"GET /api/v1/wallet HTTP/1.1\r\nhost:\r\n$\r\n", BAD),
    ("a host with a path", b"GET /api/v1/wallet HTTP/1.1\r\nhost: a/b\r\n$\r\n", BAD),
    ("a host with a user", b"GET /api/v1/wallet HTTP/1.1\r\nhost: u@a\r\n$\r\n", BAD),
    ("a list of hosts", b"GET /api/v1/wallet HTTP/1.1\r\nhost: a, b\r\n$\r\n", BAD),
    ("a host, and another in the target", b"GET http://b/api/v1/wallet HTTP/1.1\r\n@$\r\n", SERVED),
    ("no host, but one in the target", b"GET http://b/api/v1/wallet HTTP/1.1\r\n$\r\n", BAD),
    ("no host, CONNECT", b"CONNECT mock:80 HTTP/1.1\r\n$\r\n", BAD),
    ("no host, HTTP/1.0", b"GET /api/v1/wallet HTTP/1.0\r\n$\r\n", SERVED),
    ("two hosts, HTTP/1.0", b"GET /api/v1/wallet HTTP/1.0\r\n@@$\r\n", BAD),
    // Request line: section 3.
    ("no version", b"GET /api/v1/wallet\r\n@$\r\n", BAD),
    ("no target", b"GET HTTP/1.1\r\n@$\r\n", BAD),
    ("no method", b" /api/v1/wallet HTTP/1.1\r\n@$\r\n", BAD),
    ("two spaces before the target", b"GET  /api/v1/wallet HTTP/1.1\r\n@$\r\n", BAD),
    ("two spaces before the version", b"GET /api/v1/wallet  HTTP/1.1\r\n@$\r\n", BAD),
    ("a space after the version", b"GET /api/v1/wallet HTTP/1.1 \r\n@$\r\n", BAD),
    ("a space in the target", b"GET /api/v1/wal let HTTP/1.1\r\n@$\r\n", BAD),
    ("a tab instead of a space", b"GET\t/api/v1/wallet\tHTTP/1.1\r\n@$\r\n", BAD),
    ("a method with a colon", b"G:T /api/v1/wallet HTTP/1.1\r\n@$\r\n", BAD),
    ("a NUL in the method", b"G\0T /api/v1/wallet HTTP/1.1\r\n@$\r\n", BAD),
    ("a NUL in the target", b"GET /api/v1/wal\0let HTTP/1.1\r\n@$\r\n", BAD),
    ("a CR in the target", b"GET /api/v1/wal\rlet HTTP/1.1\r\n@$\r\n", BAD),
    ("a path beyond ASCII", b"GET /api/v1/templates/\xc3\xa9 HTTP/1.1\r\n@$\r\n", BAD),
    ("a query beyond ASCII", b"GET /api/v1/wallet?q=\xc3\xa9 HTTP/1.1\r\n@$\r\n", BAD),
    ("a path that is not UTF-8", b"GET /api/v1/templates/\xff HTTP/1.1\r\n@$\r\n", BAD),
    ("DEL in the target", b"GET /api/v1/wal\x7flet HTTP/1.1\r\n@$\r\n", BAD),
    ("a target that is a word", b"GET wallet HTTP/1.1\r\n@$\r\n", BAD),
    ("a target of a host and a port", b"GET mock:80 HTTP/1.1\r\n@$\r\n", BAD),
    ("an asterisk, and not OPTIONS", b"GET * HTTP/1.1\r\n@$\r\n", BAD),
    ("an asterisk, OPTIONS", b"OPTIONS * HTTP/1.1\r\n@$\r\n", &["404 not_found"]),
    ("CONNECT, a host and a port", b"CONNECT mock:80 HTTP/1.1\r\n@$\r\n", &["501 not_implemented"]),
    ("CONNECT, a path", b"CONNECT /api/v1/wallet HTTP/1.1\r\n@$\r\n", &["405 method_not_allowed"]),
    ("TRACE", b"TRACE /api/v1/wallet HTTP/1.1\r\n@$\r\n", &["405 method_not_allowed"]),
    (
        "a method in small letters",
        b"get /api/v1/wallet HTTP/1.1\r\n@$\r\n",
        &["405 method_not_allowed"],
    ),
    ("a target with a fragment", b"GET /api/v1/wallet#x HTTP/1.1\r\n@$\r\n", SERVED),
    ("another scheme", b"GET ftp://mock/api/v1/wallet HTTP/1.1\r\n@$\r\n", SERVED),
    // Versions: section 2.3, and RFC 9110, section 15.6.6.
    ("HTTP/0.9", b"GET /api/v1/wallet HTTP/0.9\r\n@$\r\n", BAD),
    ("HTTP/1.2", b"GET /api/v1/wallet HTTP/1.2\r\n@$\r\n", BAD),
    ("HTTP/2.0", b"GET /api/v1/wallet HTTP/2.0\r\n@$\r\n", BAD),
    ("HTTP/9.9", b"GET /api/v1/wallet HTTP/9.9\r\n@$\r\n", BAD),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", CLOSED),
    ("half the preface of HTTP/2", b"PRI * HTTP/2", BAD),
    ("HTTP/2", b"GET /api/v1/wallet HTTP/2\r\n@$\r\n", BAD),
    ("HTTP/11", b"GET /api/v1/wallet HTTP/11\r\n@$\r\n", BAD),
    ("HTTP/1", b"GET /api/v1/wallet HTTP/1\r\n@$\r\n", BAD),
    ("HTTP/1.10", b"GET /api/v1/wallet HTTP/1.10\r\n@$\r\n", BAD),
    ("http/1.1", b"GET /api/v1/wallet http/1.1\r\n@$\r\n", BAD),
    ("HTTPS/1.1", b"GET /api/v1/wallet HTTPS/1.1\r\n@$\r\n", BAD),
    (
        "chunks, HTTP/1.0",
        b"POST /api/v1/wallet HTTP/1.0\r\n@transfer-encoding: chunked\r\n$\r\n0\r\n\r\n",
        BAD,
    ),
    // Field lines: section 5.
    ("a space before a colon", b"GET /api/v1/wallet HTTP/1.1\r\n@x-a : 1\r\n$\r\n", BAD),
    ("a tab before a colon", b"GET /api/v1/wallet HTTP/1.1\r\n@x-a\t: 1\r\n$\r\n", BAD),
    ("a space before the first line", b"GET /api/v1/wallet HTTP/1.1\r\n x-a: 1\r\n@$\r\n", BAD),
    ("a folded line", b"GET /api/v1/wallet HTTP/1.1\r\n@x-a: 1\r\n 2\r\n$\r\n", BAD),
    ("a line without a colon", b"GET /api/v1/wallet HTTP/1.1\r\n@x-a\r\n$\r\n", BAD),
    ("a line without a name", b"GET /api/v1/wallet HTTP/1.1\r\n@: 1\r\n$\r\n", BAD),
    ("a name with a parenthesis", b"GET /api/v1/wallet HTTP/1.1\r\n@x(a: 1\r\n$\r\n", BAD),
    ("a name beyond ASCII", b"GET /api/v1/wallet HTTP/1.1\r\n@x-\xe9: 1\r\n$\r\n", BAD),
    ("a NUL in a value", b"GET /api/v1/wallet HTTP/1.1\r\n@x-a: 1\x002\r\n$\r\n", BAD),
    ("a NUL in a name", b"GET /api/v1/wallet HTTP/1.1\r\n@x\x00a: 1\r\n$\r\n", BAD),
    ("a CR in a value", b"GET /api/v1/wallet HTTP/1.1\r\n@x-a: 1\r2\r\n$\r\n", BAD),
    ("a CR before CRLF", b"GET /api/v1/wallet HTTP/1.1\r\n@x-a: 1\r\r\n$\r\n", BAD),
    ("ESC in a value", b"GET /api/v1/wallet HTTP/1.1\r\n@x-a: \x1b[31m\r\n$\r\n", BAD),
    ("a value beyond ASCII", b"GET /api/v1/wallet HTTP/1.1\r\n@x-a: \xff\r\n$\r\n", SERVED),
    ("an empty value", b"GET /api/v1/wallet HTTP/1.1\r\n@x-a:\r\n$\r\n", SERVED),
    // Line ends: section 2.2.
    ("LF for CRLF", b"GET /api/v1/wallet HTTP/1.1\nhost: mock\n$\n", SERVED),
    ("empty lines first", b"\r\n\r\nGET /api/v1/wallet HTTP/1.1\r\n@$\r\n", SERVED),
    ("CR for CRLF", b"GET /api/v1/wallet HTTP/1.1\rhost: mock\r\r", BAD),
    // Not HTTP at all.
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", BAD),
    ("a word", b"hello\r\n\r\n", BAD),
    ("NULs", b"\0\0\0\0\r\n\r\n", BAD),
    ("HTTP/0.9 as it was", b"GET /\r\n\r\n", BAD),
    ("a response", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", BAD),
];

/// Requests to a stub that returns the length of the body, without their `POST … HTTP/1.1`, Host
/// and key. The bytes after the body show whether the mock read more than the body.
const BODIES: &[(&str, &[u8], &[&str])] = &[
    // Content-Length: sections 6.2 and 6.3.
    ("a length", b"content-length: 3\r\n\r\nabc", &["200 3"]),
    ("no length", b"\r\n", &["200 0"]),
    ("the same length twice", b"content-length: 3\r\ncontent-length: 3\r\n\r\nabc", &["200 3"]),
    ("two lengths", b"content-length: 3\r\ncontent-length: 4\r\n\r\nabcd", BAD),
    ("a list of lengths", b"content-length: 3, 3\r\n\r\nabc", BAD),
    ("a negative length", b"content-length: -1\r\n\r\n", BAD),
    ("a length with a sign", b"content-length: +3\r\n\r\nabc", BAD),
    ("a length in hexadecimal", b"content-length: 0x3\r\n\r\nabc", BAD),
    ("a length with a point", b"content-length: 3.0\r\n\r\nabc", BAD),
    ("a length with a space in it", b"content-length: 3 3\r\n\r\nabc", BAD),
    ("an empty length", b"content-length:\r\n\r\n", BAD),
    ("a word for a length", b"content-length: abc\r\n\r\n", BAD),
    ("a length beyond 64 bits", b"content-length: 18446744073709551616\r\n\r\n", BAD),
    ("the longest length", b"content-length: 18446744073709551615\r\n\r\n", &["431"]),
    ("a length far too long", b"content-length: 9223372036854775807\r\n\r\n", TOO_LARGE),
    // Transfer-Encoding: sections 6.1 and 6.3.
    ("chunks", b"transfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", &["200 3"]),
    ("chunked in capitals", b"transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n", &["200 0"]),
    (
        "a size in capitals",
        b"transfer-encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
        &["200 10"],
    ),
    ("an extension", b"transfer-encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n", &["200 1"]),
    ("trailers", b"transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-a: 1\r\n\r\n", &["200 1"]),
    ("gzip", b"transfer-encoding: gzip\r\n\r\nabc", BAD),
    ("identity", b"transfer-encoding: identity\r\n\r\n", BAD),
    ("chunked, then gzip", b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n", BAD),
    ("an empty coding", b"transfer-encoding:\r\n\r\n", BAD),
    ("xchunked", b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n", BAD),
    ("gzip, then chunked", b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", NO_CODING),
    (
        "gzip, then chunked, in two lines",
        b"transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        NO_CODING,
    ),
    ("chunked twice", b"transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n", NO_CODING),
    // Both: section 6.1. Transfer-Encoding is used, and the connection is closed afterwards.
    ("both", b"content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /x", &["200 0"]),
    (
        "both, the other way round",
        b"transfer-encoding: chunked\r\ncontent-length: 6\r\n\r\n0\r\n\r\nGET /x",
        &["200 0"],
    ),
    // Chunks: section 7.1.
    (
        "a size that is not a number",
        b"transfer-encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
        BAD,
    ),
    ("a negative size", b"transfer-encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n", BAD),
    ("a size with a prefix", b"transfer-encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", BAD),
    ("an empty size", b"transfer-encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n", BAD),
    ("a size beyond 64 bits", b"transfer-encoding: chunked\r\n\r\n10000000000000000\r\nabc", BAD),
    ("more than the size", b"transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", BAD),
    ("LF after a size", b"transfer-encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n", BAD),
    ("LF after a chunk", b"transfer-encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n", BAD),
    ("LF in an extension", b"transfer-encoding: chunked\r\n\r\n1;a\nb\r\na\r\n0\r\n\r\n", BAD),
    ("a CR in a size", b"transfer-encoding: chunked\r\n\r\n1\rx\r\na\r\n0\r\n\r\n", BAD),
];

const TOO_LARGE: &[&str] = &["413 payload_too_large"];
const NO_CODING: &[&str] = &["501 not_implemented"];

/// The status, and the error code or, if the response is not an error, the body.
fn told(response: &raw::Response) -> String {
    if matches!(response.status, 400 | 431)
        || response.status == 200 && response.body.starts_with('{')
    {
        return response.status.to_string();
    }
    let what = if response.status < 400 { response.body.as_str() } else { response.error() };
    format!("{} {what}", response.status)
}

/// All responses to these bytes, after which the client ends its side of the connection.
async fn responses(mock: &MockServer, bytes: &[u8]) -> Vec<String> {
    let mut connection = raw::Connection::open(mock.address()).await;
    let _ = connection.try_send(bytes).await;
    let _ = connection.try_end().await;
    raw::all(&connection.rest().await).iter().map(told).collect()
}

fn filled(mock: &Mock, bytes: &[u8]) -> Vec<u8> {
    let mut filled = Vec::new();
    for byte in bytes {
        match byte {
            b'$' => {
                let key = format!("authorization: Bearer {}\r\n", mock.api_key());
                filled.extend_from_slice(key.as_bytes());
            }
            b'@' => filled.extend_from_slice(b"host: mock\r\n"),
            byte => filled.push(*byte),
        }
    }
    filled
}

#[tokio::test]
async fn a_head_is_served_or_rejected_as_the_standard_says() {
    let mock = MockServer::start().await.unwrap();
    let mut wrong = Vec::new();
    for (name, bytes, expected) in HEADS {
        let told = responses(&mock, &filled(&mock, bytes)).await;
        if told != *expected {
            wrong.push(format!("{name}: {told:?}, expected {expected:?}"));
        }
        assert_eq!(raw::wallet_with(mock.address(), &mock.api_key()).await.status, 200, "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_body_ends_where_the_standard_says_or_is_rejected() {
    let mock = MockServer::start().await.unwrap();
    let length = Stub::post("templates").respond_with(|request| {
        partner_api_mock::ResponseTemplate::json(200, request.body.len().to_string())
    });
    mock.add_stub(length).unwrap();
    let mut wrong = Vec::new();
    for (name, bytes, expected) in BODIES {
        let head = filled(&mock, b"POST /api/v1/templates HTTP/1.1\r\n@$");
        let told = responses(&mock, &[&head, *bytes].concat()).await;
        if told != *expected {
            wrong.push(format!("{name}: {told:?}, expected {expected:?}"));
        }
        assert_eq!(raw::wallet_with(mock.address(), &mock.api_key()).await.status, 200, "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A second request that is hidden in the body of the first must never get a response.
#[tokio::test]
async fn no_request_is_smuggled_in_the_body_of_another() {
    let mock = MockServer::start().await.unwrap();
    let hidden = "GET /hidden HTTP/1.1\r\nhost: mock\r\n\r\n";
    for path in ["/api/v1/wallet", "/api/v1/templates", "/nowhere"] {
        for framing in [
            format!("content-length: {}\r\n\r\n{hidden}", hidden.len()),
            format!(
                "transfer-encoding: chunked\r\n\r\n{:x}\r\n{hidden}\r\n0\r\n\r\n",
                hidden.len()
            ),
            format!("transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n{hidden}"),
            format!("content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
            format!("transfer-encoding: xchunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n{hidden}"),
            format!("transfer-encoding : chunked\r\n\r\n0\r\n\r\n{hidden}"),
            format!("transfer-encoding: chunked\r\n\r\nzz\r\n{hidden}"),
            format!("content-length: 0\r\ncontent-length: 38\r\n\r\n{hidden}"),
            format!("content-length: 99999\r\n\r\n{hidden}"),
            format!(
                "upgrade: h2c\r\nconnection: upgrade\r\ncontent-length: {}\r\n\r\n{hidden}",
                hidden.len()
            ),
        ] {
            for method in ["GET", "POST", "HEAD"] {
                let request = format!("{method} {path} HTTP/1.1\r\nhost: mock\r\n{framing}");
                let mut connection = raw::Connection::open(mock.address()).await;
                let _ = connection.try_send(&request).await;
                let _ = connection.try_end().await;
                connection.rest().await;
            }
        }
    }
    assert!(mock.requests().iter().all(|request| request.path != "/hidden"));
}

#[tokio::test]
async fn expect_100_continue_gets_it_once_and_only_if_the_body_is_wanted() {
    let mock = MockServer::start().await.unwrap();
    mock.add_stub(Stub::post("templates")).unwrap();
    let head = |path: &str| {
        filled(
            &mock,
            format!("POST {path} HTTP/1.1\r\n@$expect: 100-continue\r\ncontent-length: 3\r\n\r\n")
                .as_bytes(),
        )
    };
    let mut wanted = raw::Connection::open(mock.address()).await;
    wanted.send(head("/api/v1/templates")).await;
    wanted.expect("HTTP/1.1 100 Continue\r\n\r\n").await;
    wanted.send("abc").await;
    assert_eq!(wanted.response().await.status, 200);

    let mut unwanted = raw::Connection::open(mock.address()).await;
    unwanted.send(head("/api/v1/wallet")).await;
    assert_eq!(unwanted.response().await.status, 405);
}

#[tokio::test]
async fn a_requested_upgrade_is_ignored() {
    let mock = MockServer::start().await.unwrap();
    let upgrade =
        b"GET /api/v1/wallet HTTP/1.1\r\n@$connection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let mut connection = raw::Connection::open(mock.address()).await;
    for _ in 0..2 {
        connection.send(filled(&mock, upgrade)).await;
        assert_eq!(connection.response().await.status, 200);
    }
}

#[tokio::test]
async fn an_empty_last_response_of_a_stub_is_sent_unchanged() {
    let mock = MockServer::start().await.unwrap();
    mock.add_stub(Stub::get("gone").respond(partner_api_mock::ResponseTemplate::empty(410)))
        .unwrap();
    let request = b"GET /api/v1/gone HTTP/1.1\r\n@$connection: close\r\n\r\n";
    let response = raw::exchange(mock.address(), filled(&mock, request)).await;
    assert_eq!((response.status, response.body.as_str()), (410, ""));
    let nowhere = b"GET /nowhere HTTP/1.1\r\n@connection: close\r\n\r\n";
    mock.fail_next(Fault::passthrough().throttle(Duration::from_millis(5))).unwrap();
    let response = raw::exchange(mock.address(), filled(&mock, nowhere)).await;
    assert_eq!((response.status, response.error()), (404, "not_found"), "the body arrived later");
    let head = b"HEAD /nowhere HTTP/1.1\r\n@connection: close\r\n\r\n";
    let response = raw::exchange(mock.address(), filled(&mock, head)).await;
    assert_eq!((response.status, response.body.as_str()), (404, ""));
}

#[tokio::test]
async fn valid_requests_before_a_malformed_one_get_their_responses_first() {
    let mock = MockServer::start().await.unwrap();
    let good = filled(&mock, b"GET /api/v1/wallet HTTP/1.1\r\n@$\r\n");
    let bytes = [&good[..], &good, b"GET / HTTP/1.1\r\nhost : mock\r\n\r\n"].concat();
    assert_eq!(responses(&mock, &bytes).await, ["200", "200", "400"]);

    // Also while the response before it is still being sent.
    mock.fail_next(Fault::passthrough().pad_to(8_000_000)).unwrap();
    let mut lazy = raw::Connection::open(mock.address()).await;
    lazy.send(bytes).await;
    while mock.requests().len() < 3 {
        tokio::task::yield_now().await;
    }
    let told = String::from_utf8(lazy.rest().await).unwrap();
    assert!(told.len() > 8_000_000 && told.contains("HTTP/1.1 400 Bad Request\r\n"));
}

#[tokio::test]
async fn a_long_method_is_405() {
    let mock = MockServer::start().await.unwrap();
    let request = "A".repeat(60_000) + " /api/v1/wallet HTTP/1.1\r\nhost: mock\r\n\r\n";
    assert_eq!(responses(&mock, request.as_bytes()).await, ["405 method_not_allowed"]);
}
