//! The client over the mock without a socket, with a paused clock: a `Retry-After` of a minute
//! takes no time.
//!
//! ```sh
//! cargo run --example without_a_socket
//! ```
//!
//! In a test, write `#[tokio::test(start_paused = true)]`. Tokio then advances its clock to the
//! next timer when all tasks are idle. With a real socket the clock would run ahead of the network,
//! and timeouts would expire. It needs tokio's feature `test-util`.

use std::error::Error;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use partner_api::Client;
use partner_api_mock::{Fault, Mock};

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = Mock::new();
    mock.fail_next(Fault::status(503).retry_after(60))?;
    let client = Client::builder()
        .base_url(mock.url())
        .api_key(mock.api_key())
        .http_service(mock.service())
        .build()?;

    let started = Instant::now();
    let response = client
        .wallet()
        .timeout(Duration::from_secs(120)) // by default it would not wait so long
        .with_response()
        .await?;

    let mut out = io::stdout();
    writeln!(out, "The client over the mock without a socket, with a paused clock\n")?;
    for attempt in &response.failed_attempts {
        let wait = attempt.backoff.unwrap_or_default().as_secs();
        writeln!(out, "failed   {}", attempt.kind)?;
        writeln!(out, "waited   {wait} s, as Retry-After requires")?;
    }
    let wallet = &response.value;
    writeln!(out, "then     {}: {} credits", response.status, wallet.balance)?;
    writeln!(out, "requests {}, received by the mock", mock.requests().len())?;
    let (paused, real) = (response.elapsed.as_secs(), started.elapsed().as_secs());
    writeln!(out, "took     {paused} s of tokio's clock, {real} s of real time")?;
    Ok(())
}
