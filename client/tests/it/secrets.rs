//! No output contains the key, in any encoding.

use std::error::Error as _;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use partner_api::{ApiKey, Client, Error, RetryPolicy};

use crate::support::{KEY, RawServer, Step, WALLET, http_response, json, key_forms_in};

fn all_text_of(error: &Error) -> String {
    let mut text =
        format!("{error} {error:?} {error:#?} {error:#} {:?} {:?}", error.kind(), error.attempts());
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, "{cause} {cause:?} {cause:#?}").unwrap();
        source = cause.source();
    }
    text
}

#[test]
fn a_planted_key_is_found() {
    assert!(!key_forms_in(&format!("Bearer {KEY}")).is_empty());
    assert!(!key_forms_in(&format!("{:02x?}", KEY.as_bytes()).replace(", ", "")).is_empty());
    assert!(!key_forms_in(&format!("{:?}", KEY.as_bytes())).is_empty());
    for before in ["", "B", "Be", "Bearer ", "Bearer: "] {
        let encoded = BASE64_STANDARD.encode(format!("{before}{KEY}!"));
        assert!(!key_forms_in(&encoded).is_empty(), "{before}");
    }
}

#[tokio::test]
async fn debug_output_of_clients_calls_and_builders_does_not_contain_the_key() {
    let server = RawServer::responding(json(WALLET)).await;
    let builder = server.builder();
    let key = ApiKey::new(KEY).unwrap();
    let client = server.client();
    let call = client.wallet();
    let text = format!(
        "{builder:?} {builder:#?} {key:?} {key:#?} {client:?} {client:#?} {call:?} {call:#?}"
    );
    assert_eq!(key_forms_in(&text), Vec::<String>::new());
    let response = call.with_response().await.unwrap();
    assert_eq!(key_forms_in(&format!("{response:?}")), Vec::<String>::new());
}

#[tokio::test]
async fn no_error_contains_the_key_even_if_the_service_sends_it_back() {
    let echo = format!("{{\"error\":\"no\",\"you_sent\":\"{KEY}\"}}");
    let location = format!("location: https://evil.example/{KEY}?key={KEY}");
    let code = format!("{{\"error\":\"invalid key {KEY}\"}}");
    let named = format!("{{\"{KEY}\":}}");
    let request_id = format!("x-request-id: r-{KEY}");
    let host = format!("location: https://{KEY}.example/");
    let content_type = format!("content-type: text/{KEY}");
    let coding = format!("content-encoding: {KEY}");
    for steps in [
        vec![],
        vec![Step::Read, Step::Send(http_response("401 Unauthorized", &[], &code))],
        vec![Step::Read, Step::Send(http_response("500 Oops", &[&request_id], ""))],
        vec![Step::Read, Step::Send(http_response("302 Found", &[&host], ""))],
        vec![Step::Read, Step::Send(http_response("200 OK", &[&content_type], "x"))],
        vec![Step::Read, Step::Send(http_response("200 OK", &[&coding], "x"))],
        vec![Step::Read, Step::Send(json(&named))],
        vec![Step::Read, Step::Reset],
        vec![Step::Read, Step::Send(http_response("401 Unauthorized", &[], &echo))],
        vec![Step::Read, Step::Send(http_response("500 Oops", &[], &echo))],
        vec![Step::Read, Step::Send(http_response("302 Found", &[&location], &echo))],
        vec![Step::Read, Step::Send(json(&echo))],
        vec![Step::Read, Step::Send(json(WALLET.replace("8450", &format!("\"{KEY}\""))))],
        vec![Step::Read, Step::Send(json(WALLET.replace("\"25.0000\"", &format!("\"{KEY}\""))))],
        vec![Step::Read, Step::Send(b"garbage\r\n\r\n".to_vec())],
    ] {
        let server = RawServer::start(move |_| steps.clone()).await;
        for error in [
            server.client().wallet().await.unwrap_err(),
            server.client().companies().await.unwrap_err(),
            first_error_of(&server).await,
        ] {
            assert_eq!(key_forms_in(&all_text_of(&error)), Vec::<String>::new(), "{error}");
        }
    }
}

async fn first_error_of(server: &RawServer) -> Error {
    let mut companies = server.client().companies().stream();
    companies.next().await.unwrap().unwrap_err()
}

#[tokio::test]
async fn debug_output_of_a_response_does_not_contain_the_key_in_its_headers() {
    let header = format!("x-echo: Bearer {KEY}");
    let server = RawServer::responding(http_response("200 OK", &[&header], WALLET)).await;
    let response = server.client().wallet().with_response().await.unwrap();
    assert_eq!(key_forms_in(&format!("{response:?}")), Vec::<String>::new());
    // The header itself can still be read.
    assert!(response.headers["x-echo"].to_str().unwrap().contains(KEY));
}

#[tokio::test]
async fn no_error_contains_the_query_or_the_body_of_a_request() {
    for steps in [
        vec![],
        vec![Step::Read, Step::Reset],
        vec![Step::Read, Step::Send(http_response("500 Oops", &[], ""))],
    ] {
        let server = RawServer::start(move |_| steps.clone()).await;
        let client = server.client();
        let send = |client: &Client| client.post(["a"]).query("token", KEY).json(&KEY).send_empty();
        let interrupted = send(&client).await.unwrap_err();
        drop(server);
        let refused = send(&client).await.unwrap_err();
        for error in [interrupted, refused] {
            assert_eq!(key_forms_in(&all_text_of(&error)), Vec::<String>::new(), "{error}");
        }
    }
}

#[test]
fn no_configuration_error_contains_the_key() {
    for builder in [
        Client::builder().api_key(KEY),
        Client::builder().base_url(format!("http://{KEY}@app.example.com")).api_key(KEY),
        Client::builder()
            .base_url(format!("https://app.example.com/?key={KEY}"))
            .api_key(format!("{KEY} x")),
        Client::builder().base_url(KEY).api_key(format!("{KEY}\u{e9}")),
        Client::builder()
            .base_url("https://a.example")
            .api_key(KEY)
            .proxy(format!("{KEY}://{KEY}@x:y")),
        Client::builder()
            .base_url("https://a.example")
            .api_key(KEY)
            .retry(RetryPolicy::never())
            .user_agent("a\nb"),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.is_config());
        assert_eq!(key_forms_in(&all_text_of(&error)), Vec::<String>::new(), "{error}");
    }
}
