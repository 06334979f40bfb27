//! Requests to paths that the crate does not know are sent as the documented calls are: with key,
//! timeouts and retries, and only below the base URL.

use partner_api::{Client, ErrorKind, NotRetried, RequestBuilder, RequestOutcome, RetryPolicy};
use serde::Deserialize;
use serde_json::json as value;
use wiremock::{Request, ResponseTemplate};

use crate::support::{
    KEY, RawServer, Step, builder, client, closed_port, json, json_response, received, responding,
};

#[derive(Debug, Deserialize, PartialEq)]
struct Template {
    id: String,
}

const TEMPLATE: &str = r#"{"id":"t-1","status":"APPROVED"}"#;

/// Sends a request, and returns it as it was received.
async fn sent(make: impl FnOnce(&Client) -> RequestBuilder) -> Request {
    let server = responding(json_response(TEMPLATE)).await;
    let template: Template = make(&client(&server.uri())).send().await.unwrap();
    assert_eq!(template.id, "t-1");
    received(&server).await.remove(0)
}

#[tokio::test]
async fn any_method_can_be_sent_to_any_path_with_the_key() {
    type Make = fn(&Client, [&str; 2]) -> RequestBuilder;
    let methods: [(&str, Make); 5] = [
        ("GET", |client, path| client.get(path)),
        ("POST", |client, path| client.post(path)),
        ("PUT", |client, path| client.put(path)),
        ("PATCH", |client, path| client.patch(path)),
        ("DELETE", |client, path| client.delete(path)),
    ];
    for (method, make) in methods {
        let request = sent(|client| make(client, ["templates", "a/b c?d#é%"])).await;
        assert_eq!(request.method.as_str(), method);
        assert_eq!(request.url.path(), "/api/v1/templates/a%2Fb%20c%3Fd%23%C3%A9%25");
        assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
    }
}

#[tokio::test]
async fn a_query_a_header_and_a_body_are_sent_as_they_are_given() {
    let request = sent(|client| {
        client.get("stats").query("from", "2026-06-01").query("q", "a&b=c é").header("x-team", "7")
    })
    .await;
    assert_eq!(request.url.path(), "/api/v1/stats");
    assert_eq!(request.url.query(), Some("from=2026-06-01&q=a%26b%3Dc+%C3%A9"));
    assert_eq!(request.headers["x-team"], "7");

    let body = value!({"name": "welcome"});
    let request = sent(|client| client.post("templates").json(&body)).await;
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["content-length"], body.to_string().len().to_string());
    assert_eq!(request.body_json::<serde_json::Value>().unwrap(), body);
}

#[tokio::test]
async fn a_document_a_list_or_nothing_can_be_returned() {
    let server = responding(json_response(format!(r#"{{"data":[{TEMPLATE},{TEMPLATE}]}}"#))).await;
    let request = client(&server.uri()).get("templates");
    let list = request.send_list::<Template>().await.unwrap();
    assert_eq!(list.len(), 2);
    let mut stream = client(&server.uri()).get("templates").send_list::<Template>().stream();
    assert_eq!(stream.next().await.unwrap().unwrap().id, "t-1");

    let server = responding(ResponseTemplate::new(204)).await;
    client(&server.uri()).delete("templates/t-1").send_empty().await.unwrap();

    let not_found = ResponseTemplate::new(404).set_body_json(value!({"error": "not_found"}));
    let server = responding(not_found).await;
    let error = client(&server.uri()).get("nowhere").send::<Template>().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 404);
}

#[tokio::test]
async fn an_invalid_request_fails_when_it_is_awaited_and_is_not_sent() {
    let server = responding(json_response(TEMPLATE)).await;
    let client = client(&server.uri());
    let unwritable = std::collections::HashMap::from([(vec![1], 1)]);
    for (request, reason) in [
        (client.get(""), "empty"),
        (client.get("a/../../b"), "leave the base URL"),
        (client.get("a?b=c"), "query()"),
        (client.get("a").header("authorization", "x"), "set by the client"),
        (client.get("a").header("Host", "evil.example"), "set by the client"),
        (client.get("a").header("no name", "x"), "header name"),
        (client.get("a").header("x-a", "b\r\nc: d"), "x-a"),
        (client.post("a").idempotency_key("a\u{7f}"), "idempotency-key"),
        (client.post("a").idempotency_key(""), "idempotency key must not be empty"),
        (client.post("a").header("Idempotency-Key", " "), "idempotency key must not be empty"),
        (client.post("a").json(&unwritable), "JSON"),
        (client.get("a").query("q", "x".repeat(1 << 17)), "query"),
        (client.request(http::Method::TRACE, "a"), "TRACE"),
        (client.request(http::Method::CONNECT, "a"), "CONNECT"),
        // The first problem is reported, whatever follows it.
        (client.get("").header("x-a", "b").json(&1).query("a", "b"), "empty"),
    ] {
        let error = request.send_empty().await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Request(problem) if problem.contains(reason)),
            "{error:?}"
        );
        assert_eq!(error.outcome(), RequestOutcome::NotSent);
    }
    assert!(received(&server).await.is_empty());
}

#[tokio::test]
async fn a_post_is_retried_only_with_an_idempotency_key_or_if_it_was_not_sent() {
    let unavailable = ResponseTemplate::new(503).insert_header("retry-after", "0");
    let server = responding(unavailable).await;
    let client = builder(&server.uri()).retry(RetryPolicy::default()).build().unwrap();
    let error = client.post("messages").json(&1).send_empty().await.unwrap_err();
    assert_eq!(error.not_retried(), Some(NotRetried::NotIdempotent));
    assert_eq!(received(&server).await.len(), 1);

    let error =
        client.post("messages").idempotency_key("k").json(&1).send_empty().await.unwrap_err();
    assert_eq!((received(&server).await.len(), error.attempts().len()), (4, 3));
    let error = client.put("messages/1").json(&1).send_empty().await.unwrap_err();
    assert_eq!((received(&server).await.len(), error.attempts().len()), (7, 3));

    let client = builder(&format!("http://{}", closed_port()))
        .retry(RetryPolicy::default())
        .build()
        .unwrap();
    let error = client.post("messages").send_empty().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (&ErrorKind::Connect, 3));
}

#[tokio::test]
async fn a_post_on_a_pooled_connection_that_was_closed_is_not_sent_twice() {
    let server =
        RawServer::start(|_| vec![Step::Read, Step::Send(json(TEMPLATE)), Step::Read]).await;
    let client = server.builder().retry(RetryPolicy::default()).build().unwrap();
    client.get("templates/t-1").send::<Template>().await.unwrap();
    let error = client.post("templates").send_empty().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (&ErrorKind::Interrupted, RequestOutcome::Unknown));
    assert_eq!(error.not_retried(), Some(NotRetried::NotIdempotent));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn debug_output_of_a_request_contains_no_secret() {
    let client = Client::new("https://app.example.com", KEY).unwrap();
    let request =
        client.post("a").query("token", "hunter2").header("x-secret", "hunter2").json(&"hunter2");
    assert!(!format!("{request:?}").contains("hunter2"));
    let call = request.send_empty();
    assert!(!format!("{call:?}").contains("hunter2"));
}
