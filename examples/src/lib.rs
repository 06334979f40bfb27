#![doc = include_str!("../README.md")]

use std::env;
use std::error::Error;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use partner_api::{API_KEY_ENV, BASE_URL_ENV, Client};
use partner_api_mock::{MockServer, Partner};

mod responder;
pub use responder::{Responder, deaf_port, json, response};

/// What an example talks to.
#[derive(Debug)]
pub struct Target {
    /// The client for it.
    pub client: Client,
    /// What it is, in words.
    pub description: String,
    /// Serves until it is dropped.
    _mock: Option<MockServer>,
}

/// The service that the environment names, or an embedded mock where it names nothing at all.
///
/// A half or wrong configuration is an error: whoever means their service must not be shown the
/// mock. `prepare` gives the mock's partner the data that the example needs.
///
/// # Errors
/// If the configuration is wrong, or the mock cannot start.
pub async fn service_or_mock(prepare: impl FnOnce(&Partner)) -> Result<Target, Box<dyn Error>> {
    let is_set = |variable| env::var_os(variable).is_some();
    if is_set(BASE_URL_ENV) || is_set(API_KEY_ENV) {
        let client = Client::from_env().map_err(|error| {
            format!(
                "{error} (set {BASE_URL_ENV} and {API_KEY_ENV} for your service, or \
                 neither for an embedded mock)"
            )
        })?;
        let description = format!("the service at {}", client.base_url());
        return Ok(Target { client, description, _mock: None });
    }
    let mock = MockServer::start().await?;
    prepare(&mock.partner());
    let client = Client::new(mock.url(), &mock.api_key())?;
    let description = format!(
        "an embedded mock at {} ({BASE_URL_ENV} and {API_KEY_ENV} are not set)",
        client.base_url()
    );
    Ok(Target { client, description, _mock: Some(mock) })
}

/// A table with a frame, its columns as wide as what they hold looks on a terminal.
pub fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// An error and its causes in one line. `main() -> Result` would print the `Debug` form instead.
pub fn explain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}
