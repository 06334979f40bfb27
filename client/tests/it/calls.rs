//! Both documented calls send what the reference specifies and read its sample responses.

use std::collections::BTreeMap;

use partner_api::{Client, QualityRating};
use wiremock::matchers::{bearer_token, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{
    KEY, RawServer, Step, WALLET, builder, client, http_response, json, json_response, received,
    responding,
};

const COMPANIES: &str = r#"{"data":[{"id":"clx123...","name":"Acme Coffee","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[{"id":"clx456...","wabaId":"102290129340398","phoneNumberId":"106540352242922","displayPhoneNumber":"+237 6 90 00 00 00","qualityRating":"GREEN","status":"connected"}],"_count":{"templates":4}}]}"#;

/// A service with both documented calls.
async fn service() -> MockServer {
    let server = MockServer::start().await;
    for (resource, body) in [("wallet", WALLET), ("companies", COMPANIES)] {
        Mock::given(method("GET"))
            .and(path(format!("/api/v1/{resource}")))
            .and(bearer_token(KEY))
            .respond_with(json_response(body))
            .mount(&server)
            .await;
    }
    server
}

#[tokio::test]
async fn the_wallet_is_read() {
    let server = service().await;
    let wallet = client(&server.uri()).wallet().await.unwrap();
    assert_eq!(wallet.balance, 8450);
    assert_eq!(wallet.currency, "XAF");
    assert_eq!(wallet.credit_unit_price.to_string(), "25.0000");
    assert_eq!(wallet.cost_per_message, 1);
}

#[tokio::test]
async fn the_companies_are_read() {
    let server = service().await;
    let companies = client(&server.uri()).companies().await.unwrap();
    assert_eq!(companies.len(), 1);
    assert_eq!(companies[0].name, "Acme Coffee");
    assert_eq!(companies[0].connections[0].quality_rating, QualityRating::Green);
}

#[tokio::test]
async fn a_request_is_a_bare_get_with_the_key_in_its_header() {
    let server = service().await;
    let client = builder(&server.uri()).user_agent("billing/2.1").build().unwrap();
    client.wallet().await.unwrap();
    client.companies().await.unwrap();
    let requests = received(&server).await;
    let paths: Vec<_> = requests.iter().map(|request| request.url.path()).collect();
    assert_eq!(paths, ["/api/v1/wallet", "/api/v1/companies"]);
    for request in requests {
        assert_eq!((request.method, request.url.query()), (http::Method::GET, None));
        assert!(request.body.is_empty());
        let mut headers: BTreeMap<_, _> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap().to_owned()))
            .collect();
        assert_eq!(headers.len(), request.headers.len());
        if cfg!(feature = "gzip") {
            assert_eq!(headers.remove("accept-encoding").unwrap(), "gzip");
        }
        let version = env!("CARGO_PKG_VERSION");
        let expected = [
            ("accept", "application/json".to_owned()),
            ("authorization", format!("Bearer {KEY}")),
            ("host", server.address().to_string()),
            ("user-agent", format!("billing/2.1 partner-api-rust/{version}")),
        ];
        assert_eq!(headers, BTreeMap::from(expected));
    }
}

#[tokio::test]
async fn a_prefix_in_the_base_url_is_kept() {
    let server = responding(json_response(WALLET)).await;
    let base_url = format!("{}/prefix/eu/api/v1/", server.uri());
    Client::new(&base_url, KEY).unwrap().wallet().await.unwrap();
    assert_eq!(received(&server).await[0].url.path(), "/prefix/eu/api/v1/wallet");
}

#[tokio::test]
async fn calls_one_after_the_other_share_a_connection() {
    let server = RawServer::start(|_| {
        [Step::Read, Step::Send(json(WALLET))].into_iter().cycle().take(6).collect()
    })
    .await;
    let client = server.client();
    for _ in 0..3 {
        client.clone().wallet().await.unwrap();
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 3));
}

#[tokio::test]
async fn a_response_may_have_any_framing_that_http_allows() {
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0;last\r\ntrailer: x\r\n\r\n",
        WALLET.len(),
        WALLET
    );
    for response in [
        chunked.into_bytes(),
        format!("HTTP/1.0 200 OK\r\n\r\n{WALLET}").into_bytes(),
        format!("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nconnection: close\r\n\r\n{WALLET}")
            .into_bytes(),
        json(format!("\u{feff}{WALLET}")),
        http_response("203 Non-Authoritative Information", &[], WALLET),
        // Valid JSON is accepted with any content type.
        http_response("200 OK", &["content-type: text/plain"], WALLET),
    ] {
        for steps in [Step::Send(response.clone()), Step::SendByteByByte(response.clone())] {
            let server = RawServer::start(move |_| vec![Step::Read, steps.clone()]).await;
            let result = server.client().wallet().await;
            assert_eq!(result.unwrap().balance, 8450, "{}", String::from_utf8_lossy(&response));
        }
    }
}

#[tokio::test]
async fn with_response_returns_status_headers_and_attempts() {
    let response =
        ResponseTemplate::new(200).insert_header("x-request-id", "req-7").set_body_string(WALLET);
    let server = responding(response).await;
    let response = client(&server.uri()).wallet().with_response().await.unwrap();
    assert_eq!(response.value.balance, 8450);
    assert_eq!(response.status, 200);
    assert_eq!(response.headers["x-request-id"], "req-7");
    assert!(response.failed_attempts.is_empty());
}

#[test]
fn outside_a_runtime_a_call_is_an_error_and_not_a_panic() {
    use std::task::{Context, Poll, Waker};

    let client = Client::new("http://127.0.0.1:9", KEY).unwrap();
    let mut call = client.wallet().into_future();
    let Poll::Ready(Err(error)) = call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("the call is pending");
    };
    assert!(error.to_string().contains("no tokio runtime"), "{error}");
}

#[tokio::test]
async fn a_documented_call_can_carry_another_header_and_no_reserved_one() {
    let server = service().await;
    let client = client(&server.uri());
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    client.wallet().header("traceparent", traceparent).await.unwrap();
    client.companies().header("traceparent", traceparent).await.unwrap();
    // It is a header of that call only.
    client.wallet().await.unwrap();
    let sent: Vec<_> = received(&server)
        .await
        .iter()
        .map(|request| {
            request.headers.get("traceparent").map(|value| value.to_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(sent, [Some(traceparent.to_owned()), Some(traceparent.to_owned()), None]);
    let error = client.companies().header("Authorization", "x").await.unwrap_err();
    assert!(error.to_string().contains("set by the client"), "{error}");
    assert_eq!(received(&server).await.len(), 3);
}
