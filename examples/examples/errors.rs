//! Provokes each kind of error, and shows what is known of it and what a caller does about it.
//!
//! ```sh
//! cargo run --example errors
//! ```
//!
//! It always runs against this machine: an embedded mock, and small servers that behave as proxies
//! and wrong addresses do. The part to copy is `what_to_do`.

use std::error::Error as StdError;
use std::io::{self, Write as _};
use std::time::Duration;

use partner_api::{Client, Error, ErrorKind, NotRetried, RetryPolicy, UnauthorizedCode};
use partner_api_examples::{Responder, deaf_port, json, response};
use partner_api_mock::MockServer;

/// What a program can do about an error, once the client's own retries are over.
enum Step {
    /// Stop and tell whoever runs the program: its settings are wrong, or what stands between it
    /// and the service.
    MendSettings,
    /// Stop and tell whoever owns the key. Every further call would fail as well.
    CheckKey,
    /// Find out whether it was done before you ask for it again: it may have been.
    LookFirst,
    /// Stop and mend the call itself; nothing was sent.
    MendProgram,
    /// Keep the work, and make the same call again in a while: after this time, if one was asked.
    TryLater(Option<Duration>),
    /// Tell us or the service, with the error's text and request id: it is nobody's setting.
    Report,
}

fn what_to_do(error: &Error) -> Step {
    match error.kind() {
        // Only where retries are on. Without them it is on you to know which calls do something.
        _ if error.not_retried() == Some(NotRetried::NotIdempotent) => Step::LookFirst,
        // Connection faults, time-outs, and the statuses that pass.
        _ if error.is_retryable() => Step::TryLater(error.retry_after()),
        ErrorKind::Request(_) => Step::MendProgram,
        ErrorKind::Config(_)
        // The client always sends the key, so something on the way took it off.
        | ErrorKind::Unauthorized(UnauthorizedCode::MissingBearerToken)
        | ErrorKind::Redirect { .. }
        | ErrorKind::Tls
        // Mostly the page of something else that answers at this address.
        | ErrorKind::Protocol(_)
        | ErrorKind::BodyTooLarge { .. } => Step::MendSettings,
        ErrorKind::Status(status) if status.as_u16() == 404 => Step::MendSettings,
        ErrorKind::Unauthorized(_) => Step::CheckKey,
        ErrorKind::Status(status) if status.as_u16() == 403 => Step::CheckKey,
        // An unexpected status, a body of another shape, and kinds that are yet to come.
        _ => Step::Report,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    writeln!(
        io::stdout(),
        "Each kind of error, provoked on this machine, and what a caller does about it\n"
    )?;
    refused_keys().await?;
    wrong_addresses().await?;
    faults_that_pass().await?;
    unreadable_answers().await?;
    calls_of_your_own().await?;

    show(
        "Settings that are wrong, all named at once",
        Client::builder()
            .base_url("http://app.example.com")
            .api_key("two words")
            .timeout(Duration::ZERO)
            .build(),
    )
}

async fn refused_keys() -> Result<(), Box<dyn StdError>> {
    let mock = MockServer::start().await?;
    let client = Client::new(mock.url(), &mock.api_key())?;
    mock.partner().revoke_key(&mock.api_key())?;
    show("The key was revoked", client.wallet().await)?;

    let body = r#"{ "error": "missing_bearer_token" }"#;
    let stripping_proxy = Responder::start(Some(json("401 Unauthorized", body))).await?;
    show(
        "A proxy took the Authorization header off",
        client_for(stripping_proxy.url())?.wallet().await,
    )
}

async fn wrong_addresses() -> Result<(), Box<dyn StdError>> {
    let moved = "HTTP/1.1 302 Found\r\nlocation: https://login.example.com/?next=secret\r\n\
                 content-length: 0\r\n\r\n";
    let moved = Responder::start(Some(moved.to_owned())).await?;
    show("A redirect to another host, which gets no key", client_for(moved.url())?.wallet().await)?;

    let page = response("200 OK", "text/html", "<h1>Please log in</h1>");
    let page = Responder::start(Some(page)).await?;
    show("An HTML page with status 200", client_for(page.url())?.wallet().await)?;

    let mock = MockServer::start().await?;
    let elsewhere = format!("{}/some/prefix", mock.url());
    show("There is no API below this prefix", client_for(&elsewhere)?.wallet().await)?;

    show(
        "It speaks plain http, not https",
        client_for(&mock.url().replace("http://", "https://"))?.wallet().await,
    )?;

    let (url, _held) = deaf_port()?;
    show("Nothing listens there", client_for(&url)?.wallet().await)
}

async fn faults_that_pass() -> Result<(), Box<dyn StdError>> {
    let html = response("502 Bad Gateway", "text/html", "<h1>Bad gateway</h1>");
    let broken_upstream = Responder::start(Some(html)).await?;
    let mut twice = RetryPolicy::default();
    twice.max_attempts = 2;
    twice.base_delay = Duration::from_millis(1);
    show(
        "The proxy has lost the service: 502 with an HTML page, tried twice",
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
        "No answer before the deadline",
        client_for(silent.url())?.wallet().timeout(deadline).await,
    )?;

    let half = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 80\r\n\r\n{";
    let half = Responder::start(Some(half.to_owned())).await?;
    show("The connection broke in the middle of the answer", client_for(half.url())?.wallet().await)
}

async fn unreadable_answers() -> Result<(), Box<dyn StdError>> {
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
    show("More than this client takes", narrow.companies().await)
}

/// For endpoints that the service has and the client does not know; this one is invented.
async fn calls_of_your_own() -> Result<(), Box<dyn StdError>> {
    let silent = Responder::start(None).await?;
    let client = client_for(silent.url())?;
    show(
        "A POST without an answer, which is not sent twice",
        client
            .post("campaigns")
            .send_empty()
            .retry(RetryPolicy::default())
            .timeout(Duration::from_millis(100))
            .await,
    )?;
    show("A path that would leave the API", client.get("campaigns/../..").send_empty().await)
}

/// Retries are off but where they are shown: none of these servers gets better.
fn client_for(url: &str) -> Result<Client, Error> {
    Client::builder()
        .base_url(url)
        .api_key("pk_live_of_no_account")
        .retry(RetryPolicy::never())
        .build()
}

/// Prints what an error says of itself. A call that went well is the failure of this example.
fn show<T>(title: &str, result: Result<T, Error>) -> Result<(), Box<dyn StdError>> {
    let Err(error) = result else {
        return Err(format!("there was no error: {title}").into());
    };
    let mut out = io::stdout();
    writeln!(out, "{title}")?;
    writeln!(out, "  says       {error}")?;
    writeln!(out, "  kind       {:?}", error.kind())?;
    writeln!(
        out,
        "  retryable  {}, outcome {:?}, attempts {}",
        error.is_retryable(),
        error.outcome(),
        error.attempts().len()
    )?;
    let step = match what_to_do(&error) {
        Step::MendSettings => "stop; mend the settings".to_owned(),
        Step::CheckKey => "stop; check the key in the dashboard".to_owned(),
        Step::LookFirst => "find out whether it was done before you try again".to_owned(),
        Step::MendProgram => "stop; mend the program".to_owned(),
        Step::TryLater(Some(wait)) => format!("try again in {wait:?}"),
        Step::TryLater(None) => "try again in a minute or so".to_owned(),
        Step::Report => "report it".to_owned(),
    };
    writeln!(out, "  so         {step}\n")?;
    Ok(())
}
