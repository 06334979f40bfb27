//! Causes each kind of error, and shows its text, its kind and what a caller does about it.
//!
//! ```sh
//! cargo run --example errors
//! ```
//!
//! It runs against an embedded mock, and small servers that behave as proxies and wrong addresses
//! do. The part to copy is `what_to_do`.

use std::error::Error as StdError;
use std::io::{self, Write as _};
use std::time::Duration;

use partner_api::{Client, Error, ErrorKind, NotRetried, RetryPolicy, UnauthorizedCode};
use partner_api_examples::{Responder, deaf_port, json, response};
use partner_api_mock::MockServer;

/// What a program can do about an error, once the client's own retries are over.
enum Step {
    /// Stop and alert the operator: the settings, or a proxy in front of the service, are wrong.
    FixSettings,
    /// Stop and alert the owner of the key. Every further call would fail also.
    CheckKey,
    /// Check whether the request was processed before you send it again: it may have been.
    CheckFirst,
    /// Stop and fix the call in the program; nothing was sent.
    FixProgram,
    /// Keep the work, and make the same call later: after this time, if the service asked for one.
    RetryLater(Option<Duration>),
    /// Report it to the crate or the service, with the text of the error and its request id.
    Report,
}

fn what_to_do(error: &Error) -> Step {
    match error.kind() {
        // Only with retries enabled. Without them, the caller has to know which calls are
        // idempotent.
        _ if error.not_retried() == Some(NotRetried::NotIdempotent) => Step::CheckFirst,
        // Failed connections, timeouts, and transient statuses.
        _ if error.is_retryable() => Step::RetryLater(error.retry_after()),
        ErrorKind::Request(_) => Step::FixProgram,
        ErrorKind::Config(_)
        // The client always sends the key, so a proxy removed it.
        | ErrorKind::Unauthorized(UnauthorizedCode::MissingBearerToken)
        | ErrorKind::Redirect { .. }
        | ErrorKind::Tls
        // Usually the page of another server at this address.
        | ErrorKind::Protocol(_)
        | ErrorKind::BodyTooLarge { .. } => Step::FixSettings,
        ErrorKind::Status(status) if status.as_u16() == 404 => Step::FixSettings,
        ErrorKind::Unauthorized(_) => Step::CheckKey,
        ErrorKind::Status(status) if status.as_u16() == 403 => Step::CheckKey,
        // An unexpected status, a body with another schema, and future kinds.
        _ => Step::Report,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    writeln!(io::stdout(), "Each kind of error, and what a caller does about it\n")?;
    rejected_keys().await?;
    wrong_addresses().await?;
    transient_errors().await?;
    invalid_responses().await?;
    custom_requests().await?;

    show(
        "Several invalid settings, all of which are reported",
        Client::builder()
            .base_url("http://app.example.com")
            .api_key("two words")
            .timeout(Duration::ZERO)
            .build(),
    )
}

async fn rejected_keys() -> Result<(), Box<dyn StdError>> {
    let mock = MockServer::start().await?;
    let client = Client::new(mock.url(), &mock.api_key())?;
    mock.partner().revoke_key(&mock.api_key())?;
    show("The key was revoked", client.wallet().await)?;

    let body = r#"{ "error": "missing_bearer_token" }"#;
    let stripping_proxy = Responder::start(Some(json("401 Unauthorized", body))).await?;
    show(
        "A proxy removed the Authorization header",
        client_for(stripping_proxy.url())?.wallet().await,
    )
}

async fn wrong_addresses() -> Result<(), Box<dyn StdError>> {
    let moved = "HTTP/1.1 302 Found\r\nlocation: https://login.example.com/?next=secret\r\n\
                 content-length: 0\r\n\r\n";
    let moved = Responder::start(Some(moved.to_owned())).await?;
    show(
        "A redirect to another host, which does not receive the key",
        client_for(moved.url())?.wallet().await,
    )?;

    let page = response("200 OK", "text/html", "<h1>Please log in</h1>");
    let page = Responder::start(Some(page)).await?;
    show("An HTML page with status 200", client_for(page.url())?.wallet().await)?;

    let mock = MockServer::start().await?;
    let elsewhere = format!("{}/some/prefix", mock.url());
    show("The base URL has a wrong prefix", client_for(&elsewhere)?.wallet().await)?;

    show(
        "The server supports http only, not https",
        client_for(&mock.url().replace("http://", "https://"))?.wallet().await,
    )?;

    let (url, _held) = deaf_port()?;
    show("No server listens on this port", client_for(&url)?.wallet().await)
}

async fn transient_errors() -> Result<(), Box<dyn StdError>> {
    let html = response("502 Bad Gateway", "text/html", "<h1>Bad gateway</h1>");
    let broken_upstream = Responder::start(Some(html)).await?;
    let mut twice = RetryPolicy::default();
    twice.max_attempts = 2;
    twice.base_delay = Duration::from_millis(1);
    show(
        "A proxy cannot reach the service: 502 with an HTML page, after one retry",
        client_for(broken_upstream.url())?.wallet().retry(twice).await,
    )?;

    let throttled = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 3600\r\ncontent-length: 0\r\n\
                     x-request-id: 7f3a\r\n\r\n";
    let throttled = Responder::start(Some(throttled.to_owned())).await?;
    show(
        "The service asks for a longer wait than the client's policy allows",
        client_for(throttled.url())?.wallet().retry(RetryPolicy::default()).await,
    )?;

    let silent = Responder::start(None).await?;
    let deadline = Duration::from_millis(100);
    show(
        "No response within the timeout",
        client_for(silent.url())?.wallet().timeout(deadline).await,
    )?;

    let half = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 80\r\n\r\n{";
    let half = Responder::start(Some(half.to_owned())).await?;
    show(
        "The connection was interrupted in the middle of the response",
        client_for(half.url())?.wallet().await,
    )
}

async fn invalid_responses() -> Result<(), Box<dyn StdError>> {
    let not_json = Responder::start(Some(json("200 OK", "all is well"))).await?;
    show("A body that is not JSON", client_for(not_json.url())?.wallet().await)?;

    let body = r#"{"data":[{"id":"c1","name":"Acme Coffee","onboardedAt":"2026-06-01T10:12:00Z",
                   "connections":[{"id":"c2"}],"_count":{"templates":4}}]}"#;
    let no_waba_id = Responder::start(Some(json("200 OK", body))).await?;
    show("A documented field is missing", client_for(no_waba_id.url())?.companies().await)?;

    let mock = MockServer::start().await?;
    let narrow = Client::builder()
        .base_url(mock.url())
        .api_key(mock.api_key())
        .max_response_bytes(16)
        .build()?;
    show("A body larger than the limit", narrow.companies().await)
}

/// Requests to endpoints that the client does not know. This endpoint is invented.
async fn custom_requests() -> Result<(), Box<dyn StdError>> {
    let silent = Responder::start(None).await?;
    let client = client_for(silent.url())?;
    show(
        "A POST without a response, which is not sent twice",
        client
            .post("campaigns")
            .send_empty()
            .retry(RetryPolicy::default())
            .timeout(Duration::from_millis(100))
            .await,
    )?;
    show("A path that would leave the API", client.get("campaigns/../..").send_empty().await)
}

/// Makes a client without retries, since none of these servers recovers.
fn client_for(url: &str) -> Result<Client, Error> {
    Client::builder()
        .base_url(url)
        .api_key("pk_live_of_no_account")
        .retry(RetryPolicy::never())
        .build()
}

/// Prints an error. A call that succeeds is a failure of this example.
fn show<T>(title: &str, result: Result<T, Error>) -> Result<(), Box<dyn StdError>> {
    let Err(error) = result else {
        return Err(format!("there was no error: {title}").into());
    };
    let mut out = io::stdout();
    writeln!(out, "{title}")?;
    writeln!(out, "  message    {error}")?;
    writeln!(out, "  kind       {:?}", error.kind())?;
    writeln!(
        out,
        "  retryable  {}, outcome {:?}, attempts {}",
        error.is_retryable(),
        error.outcome(),
        error.attempts().len()
    )?;
    let step = match what_to_do(&error) {
        Step::FixSettings => "stop; fix the settings".to_owned(),
        Step::CheckKey => "stop; check the key in the dashboard".to_owned(),
        Step::CheckFirst => "check whether it was processed before you retry".to_owned(),
        Step::FixProgram => "stop; fix the program".to_owned(),
        Step::RetryLater(Some(wait)) => format!("retry in {wait:?}"),
        Step::RetryLater(None) => "retry in a minute".to_owned(),
        Step::Report => "report it".to_owned(),
    };
    writeln!(out, "  action     {step}\n")?;
    Ok(())
}
