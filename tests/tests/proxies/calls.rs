//! Every use of the client's and the mock's API in these tests, each in one place only.

use std::collections::BTreeMap;
use std::error::Error as _;

use http::Method;
use http::header::{CONTENT_ENCODING, HeaderValue};
use partner_api::{Attempt, Client, ClientBuilder, Error, ErrorKind, RequestOutcome, RetryPolicy};
use partner_api_mock::{Fault, MockServer, Outage, ResponseTemplate, Rule, Stub};
use serde_json::{Value, json};

use crate::load::CallResult;
use crate::pki::PKI;
use crate::proxy::{Proxy, Settings};

/// A mock with a stub for POSTs, and a proxy before it. `None` if the program is not installed.
pub(crate) async fn start(settings: Settings) -> Option<(MockServer, Proxy)> {
    let mock = MockServer::start().await.unwrap();
    mock.add_stub(Stub::post("messages").respond(ResponseTemplate::json(201, r#"{"id":"m-1"}"#)))
        .unwrap();
    let proxy = Proxy::start(settings, &mock).await?;
    Some((mock, proxy))
}

/// A client with the default settings and its own connection pool.
pub(crate) fn client(mock: &MockServer, proxy: &Proxy) -> Client {
    client_at(mock, &proxy.url())
}

pub(crate) fn client_at(mock: &MockServer, base_url: &str) -> Client {
    builder(mock).base_url(base_url).build().unwrap()
}

pub(crate) fn client_without_retries(mock: &MockServer, proxy: &Proxy) -> Client {
    builder(mock).base_url(proxy.url()).retry(RetryPolicy::never()).build().unwrap()
}

fn builder(mock: &MockServer) -> ClientBuilder {
    let authority = PKI.authority.as_bytes();
    Client::builder().api_key(mock.api_key()).add_root_certificate_pem(authority)
}

pub(crate) async fn get(client: &Client) -> CallResult {
    let response = client.wallet().with_response().await?;
    assert_eq!(response.value.balance, 8450);
    Ok(response.failed_attempts)
}

/// As [`get`]. The number tells this POST from all others of the test.
pub(crate) async fn post(client: &Client, number: usize) -> CallResult {
    let call = client.post("messages").json(&json!({ "number": number })).send::<Value>();
    let response = call.with_response().await?;
    assert_eq!(response.value["id"], "m-1");
    Ok(response.failed_attempts)
}

pub(crate) async fn delete(client: &Client) -> Result<(), Error> {
    client.delete("messages").send_empty().await
}

/// Adds the stub for [`delete`].
pub(crate) fn stub_empty_delete_labelled_gzip(mock: &MockServer, status: u16) {
    let gzip = HeaderValue::from_static("gzip");
    let response = ResponseTemplate::empty(status).header(CONTENT_ENCODING, gzip);
    mock.add_stub(Stub::new(Method::DELETE, "messages").respond(response)).unwrap();
}

/// The mock reads this many requests, and resets the connection instead of sending a response.
pub(crate) fn reset_requests(mock: &MockServer, times: u64) {
    mock.faults().add(Rule::new(Fault::reset_after_request()).times(times)).unwrap();
}

/// Nothing listens at the mock's address.
pub(crate) fn start_outage(mock: &MockServer) {
    mock.start_outage(Outage::Refuse).unwrap();
}

pub(crate) fn end_outage(mock: &MockServer) {
    mock.end_outage().unwrap();
}

/// How often the mock received each POST, by its number.
pub(crate) fn received_posts(mock: &MockServer) -> BTreeMap<usize, usize> {
    let mut received = BTreeMap::new();
    for request in mock.received_requests().method("POST").all() {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let number = body["number"].as_u64().unwrap().try_into().unwrap();
        *received.entry(number).or_default() += 1;
    }
    received
}

/// Returns true if the client waited after the attempt, and so paid for the retry from the budget.
pub(crate) fn had_backoff(attempt: &Attempt) -> bool {
    attempt.backoff.is_some_and(|wait| !wait.is_zero())
}

pub(crate) fn is_timeout(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Timeout(_))
}

pub(crate) fn had_status(attempt: &Attempt, status: u16) -> bool {
    attempt.status.is_some_and(|got| got == status)
}

pub(crate) fn describe_attempt(attempt: &Attempt) -> String {
    format!("{:?} {:?}", attempt.kind, attempt.outcome)
}

/// Returns true if the peer had closed the connection without an error before this request.
pub(crate) fn is_orderly_end(error: &Error) -> bool {
    std::iter::successors(error.source(), |cause| (*cause).source())
        .filter_map(|cause| cause.downcast_ref::<h2::Error>())
        .any(|cause| {
            cause.is_go_away() && cause.is_remote() && cause.reason() == Some(h2::Reason::NO_ERROR)
        })
}

/// Returns true if the service may have processed the failed call.
pub(crate) fn is_ambiguous(error: &Error) -> bool {
    error.outcome() == RequestOutcome::Unknown
}
