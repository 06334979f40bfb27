//! At stake: nothing that can happen to an answer leaves a caller without a word, or waiting.
//!
//! Every fault of the mock meets every kind of call, with retries on and off, under a clock that
//! stands still unless something waits: each ends in the error that is named here or in a success,
//! within the deadline.

use std::time::Duration;

use partner_api::{Client, Error, ErrorKind, RetryPolicy};
use partner_api_mock::{Delay, Fault, Mock, ResponseTemplate, Stub};
use partner_api_tests::Checked;
use serde_json::Value;

const DEADLINE: Duration = Duration::from_secs(30);
/// How far the clock may run over the deadline.
const SLACK: Duration = Duration::from_millis(50);
const MAX_BODY: usize = 1 << 20;

/// What becomes of a call that meets a fault, and of its retry, which meets none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It succeeds all the same.
    Good,
    /// It fails, and a retry succeeds.
    Passes(&'static str),
    /// It fails while its body is read: a retry succeeds, but a stream has begun by then.
    Breaks(&'static str),
    /// It fails, and no retry follows.
    Stays(&'static str),
    /// The body passes the limit. A stream has none for the whole of it.
    TooLarge,
}

fn faults() -> Vec<(&'static str, Fault, End)> {
    let seconds = Duration::from_secs;
    let late = |time| Fault::passthrough().delay(Delay::fixed(time));
    let page = || Fault::passthrough().content_type("text/html").body("<html>Sign in</html>");
    let mut faults = vec![
        ("429 with Retry-After", Fault::status(429).retry_after(2), End::Passes("429")),
        ("503 with a long Retry-After", Fault::status(503).retry_after(3600), End::Stays("503")),
        ("page of a proxy", Fault::html_error_page(502), End::Passes("502")),
        (
            "redirect",
            Fault::status(302).header("location", "https://a.invalid/"),
            End::Stays("redirect"),
        ),
        ("late", late(seconds(5)), End::Good),
        ("too late", late(seconds(3600)), End::Passes("timeout")),
        ("slow headers", Fault::passthrough().slow_headers(seconds(5)), End::Good),
        ("drip", Fault::passthrough().throttle(seconds(5)), End::Good),
        ("cut", Fault::passthrough().truncate(40), End::Breaks("connection")),
        (
            "too long a length",
            Fault::passthrough().content_length(9_000),
            End::Breaks("connection"),
        ),
        ("malformed JSON", Fault::passthrough().malformed_json(), End::Stays("decode")),
        ("invalid UTF-8", Fault::passthrough().invalid_utf8(), End::Stays("decode")),
        ("another content type", Fault::passthrough().content_type("text/plain"), End::Good),
        ("page with status 200", page(), End::Stays("protocol")),
        ("oversized", Fault::passthrough().pad_to(MAX_BODY as u64 + 1), End::TooLarge),
        ("malformed chunk", Fault::malformed_chunk(), End::Stays("protocol")),
        ("reset", Fault::reset(), End::Passes("connection")),
        ("reset after the request", Fault::reset_after_request(), End::Passes("connection")),
        ("close", Fault::close(), End::Passes("connection")),
        ("silent", Fault::hang(), End::Passes("timeout")),
        ("garbage", Fault::garbage(), End::Stays("protocol")),
    ];
    for (status, end) in [
        (400, End::Stays("400")),
        (401, End::Stays("401")),
        (403, End::Stays("403")),
        (404, End::Stays("404")),
        (408, End::Passes("408")),
        (500, End::Passes("500")),
        (501, End::Stays("501")),
        (503, End::Passes("503")),
    ] {
        faults.push(("status", Fault::status(status), end));
    }
    faults
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Wallet,
    Companies,
    CompaniesStreamed,
    Get,
    Post,
}

impl Ask {
    const ALL: [Self; 5] =
        [Self::Wallet, Self::Companies, Self::CompaniesStreamed, Self::Get, Self::Post];

    async fn of(self, client: &Client) -> Result<(), Error> {
        match self {
            Self::Wallet => drop(client.wallet().await?),
            Self::Companies => drop(client.companies().await?),
            Self::CompaniesStreamed => {
                let mut companies = client.companies().stream();
                while let Some(company) = companies.next().await {
                    company?;
                }
            }
            Self::Get => drop(client.get("wallet").send::<Value>().await?),
            Self::Post => drop(client.post("messages").json(&1).send::<Value>().await?),
        }
        Ok(())
    }

    /// The error by which it ends, with retries on or off.
    fn expected(self, end: End, retries: bool) -> Option<&'static str> {
        match end {
            End::Good => None,
            End::TooLarge => (self != Self::CompaniesStreamed).then_some("body_too_large"),
            End::Passes(_) if retries && self != Self::Post => None,
            End::Breaks(_) if retries && !matches!(self, Self::Post | Self::CompaniesStreamed) => {
                None
            }
            End::Stays(error) | End::Passes(error) | End::Breaks(error) => Some(error),
        }
    }
}

fn name_of(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Unauthorized(_) => "401".into(),
        ErrorKind::Status(status) => status.as_str().into(),
        ErrorKind::Redirect { .. } => "redirect".into(),
        ErrorKind::Interrupted => "connection".into(),
        ErrorKind::Timeout(_) => "timeout".into(),
        ErrorKind::Protocol(_) => "protocol".into(),
        ErrorKind::Decode(_) | ErrorKind::ListItem(_) => "decode".into(),
        ErrorKind::BodyTooLarge { .. } => "body_too_large".into(),
        other => format!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_on_every_call_ends_as_named_and_in_time() -> Checked {
    let mut cells = 0;
    for (name, fault, end) in faults() {
        for ask in Ask::ALL {
            for retries in [false, true] {
                let mock = Mock::new();
                let reply = mock
                    .add_stub(Stub::post("messages").respond(ResponseTemplate::json(200, "{}")))?;
                mock.fail_next(fault.clone())?;
                let policy = if retries { RetryPolicy::default() } else { RetryPolicy::never() };
                let client = Client::builder()
                    .base_url(mock.url())
                    .api_key(mock.api_key())
                    .timeout(DEADLINE)
                    .max_response_bytes(MAX_BODY)
                    .retry(policy)
                    .http_service(mock.service())
                    .build()?;

                let started = tokio::time::Instant::now();
                let result = ask.of(&client).await;
                let took = started.elapsed();

                let cell = format!("{name} ({end:?}) on {ask:?}, retries {retries}");
                assert!(took <= DEADLINE + SLACK, "{cell}: {took:?}");
                let got = result.as_ref().err().map(name_of);
                assert_eq!(got.as_deref(), ask.expected(end, retries), "{cell}: {result:?}");
                // The client goes on, whatever it met.
                client.wallet().await?;
                drop(reply);
                cells += 1;
            }
        }
    }
    assert_eq!(cells, faults().len() * Ask::ALL.len() * 2);
    Ok(())
}
