//! The client joined to the mock with no socket between them, under a clock that does not wait: a
//! minute that the service asks for takes no time.
//!
//! ```sh
//! cargo run --example without_a_socket
//! ```
//!
//! In a test, write `#[tokio::test(start_paused = true)]`. Tokio then moves its clock to the next
//! timer whenever all else is at rest; with a real socket in between it would run ahead of the
//! network, into every time limit.

use std::error::Error;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use partner_api::Client;
use partner_api_mock::MockServer;
use tower::ServiceBuilder;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockServer::start().await?; // it has a port as well, which stays unused
    let client = Client::builder()
        .base_url(mock.url()) // any would do: nobody connects to it
        .api_key(mock.api_key())
        .http_service(
            ServiceBuilder::new()
                .map_response(busy_at_first())
                .service(mock.router()),
        )
        .build()?;

    let started = Instant::now();
    let response = client
        .wallet()
        .deadline(Duration::from_secs(120)) // by default it would not wait so long
        .with_response()
        .await?;

    let mut out = io::stdout();
    writeln!(
        out,
        "The client joined to the mock's router, its clock paused\n"
    )?;
    for attempt in &response.failed_attempts {
        let wait = attempt.wait.unwrap_or_default().as_secs();
        writeln!(out, "failed   {}", attempt.cause)?;
        writeln!(out, "waited   {wait} s, as the service asked")?;
    }
    let wallet = &response.value;
    writeln!(
        out,
        "then     {}: {} credits",
        response.status, wallet.balance
    )?;
    writeln!(
        out,
        "asked    {} times, says the mock",
        mock.requests().len()
    )?;
    let (paused, real) = (response.elapsed.as_secs(), started.elapsed().as_secs());
    writeln!(
        out,
        "took     {paused} s by tokio's clock, {real} s by the wall's"
    )?;
    Ok(())
}

/// What a layer makes of answers: a 503 of the first one, with the wish to be left alone for a
/// minute.
fn busy_at_first<B>() -> impl Fn(Response<B>) -> Response<B> + Clone {
    let answered = Arc::new(AtomicBool::new(false));
    move |mut answer| {
        if !answered.swap(true, Ordering::Relaxed) {
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            answer
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("60"));
        }
        answer
    }
}
