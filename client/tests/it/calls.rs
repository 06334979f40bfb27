//! At stake: both documented calls send what the reference asks for and read what it shows.

use crate::support::{KEY, RawServer, Step, WALLET, answer, json};
use partner_api::{Client, QualityRating};

const COMPANIES: &str = r#"{"data":[{"id":"clx123...","name":"Acme Coffee","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[{"id":"clx456...","wabaId":"102290129340398","phoneNumberId":"106540352242922","displayPhoneNumber":"+237 6 90 00 00 00","qualityRating":"GREEN","status":"connected"}],"_count":{"templates":4}}]}"#;

#[tokio::test]
async fn the_wallet_is_read() {
    let server = RawServer::answering(json(WALLET)).await;
    let wallet = server.client().wallet().await.unwrap();
    assert_eq!(wallet.balance, 8450);
    assert_eq!(wallet.currency, "XAF");
    assert_eq!(wallet.credit_unit_price.to_string(), "25.0000");
    assert_eq!(wallet.cost_per_message, 1);
}

#[tokio::test]
async fn the_companies_are_read() {
    let server = RawServer::answering(json(COMPANIES)).await;
    let companies = server.client().companies().await.unwrap();
    assert_eq!(companies.len(), 1);
    assert_eq!(companies[0].name, "Acme Coffee");
    assert_eq!(companies[0].connections[0].quality_rating, QualityRating::Green);
}

#[tokio::test]
async fn a_request_is_a_bare_get_with_the_key_in_its_header() {
    let server = RawServer::answering(json(WALLET)).await;
    server.builder().user_agent("billing/2.1").build().unwrap().wallet().await.unwrap();
    let request = server.requests().remove(0);
    let (line, headers) = request.split_once("\r\n").unwrap();
    assert_eq!(line, "GET /api/v1/wallet HTTP/1.1");
    let mut headers: Vec<_> =
        headers.trim_end().split("\r\n").map(str::to_ascii_lowercase).collect();
    headers.sort();
    if cfg!(feature = "gzip") {
        assert_eq!(headers.remove(0), "accept-encoding: gzip");
    }
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        headers,
        [
            "accept: application/json".to_owned(),
            format!("authorization: bearer {KEY}"),
            format!("host: {}", server.address),
            format!("user-agent: billing/2.1 partner-api-rust/{version}"),
        ]
    );
}

#[tokio::test]
async fn a_prefix_in_the_base_url_is_kept() {
    let server = RawServer::answering(json(WALLET)).await;
    let base_url = format!("{}/tenants/eu/api/v1/", server.url());
    Client::new(&base_url, KEY).unwrap().wallet().await.unwrap();
    assert!(server.requests()[0].starts_with("GET /tenants/eu/api/v1/wallet HTTP/1.1\r\n"));
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
async fn an_answer_may_come_in_any_form_that_http_has() {
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0;last\r\ntrailer: x\r\n\r\n",
        WALLET.len(),
        WALLET
    );
    for whole in [
        chunked.into_bytes(),
        format!("HTTP/1.0 200 OK\r\n\r\n{WALLET}").into_bytes(),
        format!("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nconnection: close\r\n\r\n{WALLET}")
            .into_bytes(),
        json(format!("\u{feff}{WALLET}")),
        answer("203 Non-Authoritative Information", &[], WALLET),
        // Valid JSON counts, whatever a careless server calls it.
        answer("200 OK", &["content-type: text/plain"], WALLET),
    ] {
        for steps in [Step::Send(whole.clone()), Step::Drip(whole.clone())] {
            let server = RawServer::start(move |_| vec![Step::Read, steps.clone()]).await;
            let result = server.client().wallet().await;
            assert_eq!(result.unwrap().balance, 8450, "{}", String::from_utf8_lossy(&whole));
        }
    }
}

#[tokio::test]
async fn what_is_known_of_the_answer_comes_on_request() {
    let server = RawServer::answering(answer("200 OK", &["x-request-id: req-7"], WALLET)).await;
    let response = server.client().wallet().with_response().await.unwrap();
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
        panic!("the call waits for something");
    };
    assert!(error.to_string().contains("no tokio runtime"), "{error}");
}

#[tokio::test]
async fn a_documented_call_can_carry_another_header_and_no_reserved_one() {
    let server = RawServer::start(|_| {
        [Step::Read, Step::Send(json(WALLET))].into_iter().cycle().take(4).collect()
    })
    .await;
    let client = server.client();
    let call = client
        .wallet()
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    call.await.unwrap();
    assert!(server.requests()[0].contains("traceparent: 00-0af7651916cd43dd8448eb211c80319c"));
    // It is a header of that call only.
    client.wallet().await.unwrap();
    assert!(!server.requests()[1].contains("traceparent"));
    let error = client.companies().header("Authorization", "x").await.unwrap_err();
    assert!(error.to_string().contains("set by the client"), "{error}");
}
