//! The page at `/_mock/`, in a real browser. Without a browser the tests are skipped, with a
//! message. `tests/browser/set-up` installs one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test reports a failure by a panic"
)]

mod driver;
mod files;
mod hostile;
mod keyboard;
mod looks;
mod requests;
mod states;
mod tasks;
mod token;

use std::net::SocketAddr;

use partner_api::{Client, RetryPolicy};
use partner_api_mock::{Control, MockServer};

use self::driver::Browser;

/// A mock with its control API, and a browser that shows this view of its page. `None` if no
/// browser is installed.
async fn shown(place: &str) -> Option<(MockServer, Browser)> {
    let browser = Browser::start()?;
    let mock = served(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    browser.open(&format!("{}/_mock/{place}", mock.url()));
    Some((mock, browser))
}

async fn served(address: SocketAddr) -> MockServer {
    MockServer::builder().listen(address).control(Control::new()).start().await.unwrap()
}

/// A client with a key of the first partner, without retries.
fn client(mock: &MockServer) -> Client {
    let builder = Client::builder().base_url(mock.url()).api_key(mock.api_key());
    builder.retry(RetryPolicy::never()).build().unwrap()
}
