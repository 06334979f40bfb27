//! A wrong path, method or head gets a response that says so, as JSON, and an unusual request does
//! not disturb the next one.

use partner_api_mock::{Disposition, MockServer};

use crate::raw;

/// Sends a request line and header lines, with Host and a valid key.
async fn ask(mock: &MockServer, line: &str, headers: &str) -> raw::Response {
    let key = mock.api_key();
    let head =
        format!("host: mock\r\nconnection: close\r\nauthorization: Bearer {key}\r\n{headers}");
    raw::exchange(mock.address(), format!("{line} HTTP/1.1\r\n{head}\r\n")).await
}

#[tokio::test]
async fn an_unknown_path_is_404_with_and_without_a_key() {
    let mock = MockServer::start().await.unwrap();
    for path in [
        "/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/wallet/",
        "//api/v1/wallet",
        "/api/v1//wallet",
        "/wallet",
        "/api/v1/Wallet",
        "/api/v1/%77allet",
        "/api/v1/wallet/x",
        "/api/v2/wallet",
        "/api/v1/templates",
        "/api/v1/../v1/wallet",
        "*",
    ] {
        let method = if path == "*" { "OPTIONS" } else { "GET" };
        let response = ask(&mock, &format!("{method} {path}"), "").await;
        assert_eq!((response.status, response.error()), (404, "not_found"), "{path}");
        assert_eq!(response.header("content-type"), Some("application/json"), "{path}");
    }
    let request = "GET /nowhere HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\r\n";
    assert_eq!(raw::exchange(mock.address(), request).await.error(), "not_found");
    assert!(mock.requests().iter().all(|request| request.disposition == Disposition::UnknownPath));
}

#[tokio::test]
async fn another_method_is_405_with_the_allowed_methods() {
    let mock = MockServer::start().await.unwrap();
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "BREW"] {
        let response = ask(&mock, &format!("{method} /api/v1/companies"), "").await;
        assert_eq!((response.status, response.error()), (405, "method_not_allowed"), "{method}");
        assert_eq!(response.header("allow"), Some("GET, HEAD"), "{method}");
    }
    assert_eq!(mock.requests().pop().unwrap().disposition, Disposition::WrongMethod);
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let mock = MockServer::start().await.unwrap();
    for path in ["/api/v1/wallet", "/api/v1/companies", "/nowhere"] {
        let (get, head) = (
            ask(&mock, &format!("GET {path}"), "").await,
            ask(&mock, &format!("HEAD {path}"), "").await,
        );
        let but_the_date = |response: &raw::Response| {
            let mut headers = response.headers.clone();
            headers.retain(|(name, _)| name != "date");
            headers.sort();
            (response.status, headers)
        };
        assert_eq!(but_the_date(&get), but_the_date(&head), "{path}");
        assert_eq!(get.header("content-length"), Some(get.body.len().to_string().as_str()));
        assert_eq!(head.body, "");
    }
    let refused = "HEAD /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\r\n";
    let refused = raw::exchange(mock.address(), refused).await;
    assert_eq!((refused.status, refused.body.as_str()), (401, ""));
}

#[tokio::test]
async fn a_query_is_ignored() {
    let mock = MockServer::start().await.unwrap();
    for query in ["?", "?a=1", "?access_token=x&/../"] {
        assert_eq!(ask(&mock, &format!("GET /api/v1/wallet{query}"), "").await.status, 200);
    }
}

/// A client that is not told would send its next request on a connection that is closed.
#[tokio::test]
async fn a_body_that_no_stub_reads_is_ignored_and_the_connection_is_closed_and_says_so() {
    let mock = MockServer::start().await.unwrap();
    let key = mock.api_key();
    let chunk = format!("186a0\r\n{}\r\n0\r\n\r\n", "x".repeat(100_000));
    let requests = [
        ("GET /api/v1/wallet", 200),
        ("HEAD /api/v1/wallet", 200),
        ("POST /api/v1/wallet", 405),
        ("POST /api/v1/templates", 404),
    ];
    for (request, status) in requests {
        for body in [
            "content-length: 11\r\n\r\nGET / HTTP/".to_owned(),
            format!("content-length: 100000\r\n\r\n{}", "x".repeat(100_000)),
            "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_owned(),
            format!("transfer-encoding: chunked\r\n\r\n{chunk}"),
        ] {
            let mut connection = raw::Connection::open(mock.address()).await;
            let head = format!("{request} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}");
            connection.send(format!("{head}\r\n{body}")).await;
            let response = connection.last_response().await;
            assert_eq!(response.status, status, "{request}");
            assert_eq!(response.header("connection"), Some("close"), "{request}");
        }
    }
    assert_eq!(mock.requests().len(), 16, "no body was taken for a request");
}

#[tokio::test]
async fn a_body_that_never_arrives_does_not_delay_the_response() {
    let mock = MockServer::start().await.unwrap();
    for headers in ["content-length: 1000000\r\n", "expect: 100-continue\r\ncontent-length: 5\r\n"]
    {
        assert_eq!(ask(&mock, "GET /api/v1/wallet", headers).await.status, 200, "{headers}");
    }
}

#[tokio::test]
async fn an_invalid_host_header_is_400() {
    let mock = MockServer::start().await.unwrap();
    let rest = format!("connection: close\r\nauthorization: Bearer {}\r\n\r\n", mock.api_key());
    let odd = [
        "",
        "host:\r\n",
        "host: a\r\nhost: a\r\n",
        "host: a b\r\n",
        "host: a/b\r\n",
        "host: a,b\r\n\
               host: c\r\n",
        "host: u@a\r\n",
        "host: a:port\r\n",
        "host: \u{e9}\r\n",
        "host: [::1\r\n",
        "host: :80\r\n",
        "host: a:80:80\r\n",
        "host: ::1\r\n",
        "host: [a]\r\n",
        "host: a%2\r\n",
        "host: a%zz\r\n",
    ];
    for host in odd {
        for target in ["/api/v1/wallet", "http://mock/api/v1/wallet"] {
            let request = format!("GET {target} HTTP/1.1\r\n{host}{rest}");
            let response = raw::exchange(mock.address(), request).await;
            assert_eq!(
                (response.status, response.error()),
                (400, "bad_request"),
                "{target} {host:?}"
            );
        }
    }
    assert!(mock.requests().iter().all(|request| request.disposition == Disposition::BadHost));
}

#[tokio::test]
async fn http_1_0_and_absolute_requests_are_served() {
    let mock = MockServer::start().await.unwrap();
    let key = format!("connection: close\r\nauthorization: Bearer {}\r\n\r\n", mock.api_key());
    for head in [
        "GET /api/v1/wallet HTTP/1.0\r\n",
        "GET http://elsewhere/api/v1/wallet HTTP/1.1\r\nhost: mock\r\n",
        "GET /api/v1/wallet HTTP/1.1\r\nhost: [::1]:80\r\n",
        "GET /api/v1/wallet HTTP/1.1\r\nhost: [::1]\r\n",
        "GET /api/v1/wallet HTTP/1.1\r\nhost: a.b:\r\n",
        "GET /api/v1/wallet HTTP/1.1\r\nhost: a%20b\r\n",
        "GET /api/v1/wallet HTTP/1.1\r\nhost: x_y\r\n",
    ] {
        assert_eq!(
            raw::exchange(mock.address(), format!("{head}{key}")).await.status,
            200,
            "{head}"
        );
    }
}

#[tokio::test]
async fn pipelined_requests_get_responses_in_order() {
    let mock = MockServer::start().await.unwrap();
    let rest = format!("host: mock\r\nauthorization: Bearer {}\r\n\r\n", mock.api_key());
    let mut connection = raw::Connection::open(mock.address()).await;
    connection
        .send(format!("GET /api/v1/wallet HTTP/1.1\r\n{rest}GET /x HTTP/1.1\r\n{rest}"))
        .await;
    assert_eq!(connection.response().await.status, 200);
    assert_eq!(connection.response().await.status, 404);
}

#[tokio::test]
async fn a_client_that_has_ended_its_side_still_gets_its_response() {
    let mock = MockServer::start().await.unwrap();
    for _ in 0..100 {
        let mut connection = raw::Connection::open(mock.address()).await;
        connection.send("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\n\r\n").await;
        connection.end().await;
        assert_eq!(connection.response().await.status, 401);
        assert_eq!(connection.rest().await, b"");
    }
}
