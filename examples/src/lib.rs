#![doc = include_str!("../README.md")]

use std::env;
use std::error::Error;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use partner_api::{API_KEY_ENV, BASE_URL_ENV, Client};
use partner_api_mock::{MockServer, Partner};

mod responder;
pub use responder::{Responder, deaf_port, json, response};

/// The service or mock that an example calls.
#[derive(Debug)]
pub struct Target {
    /// The client for it.
    pub client: Client,
    /// Its description.
    pub description: String,
    /// The mock, which runs until it is dropped.
    pub mock: Option<MockServer>,
}

/// Returns the service that the environment names, or an embedded mock if no variable is set.
///
/// An incomplete or invalid configuration is an error, so that the mock is not mistaken for the
/// service.
/// `prepare` adds the data that the example needs to the mock.
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
        return Ok(Target { client, description, mock: None });
    }
    let mock = MockServer::start().await?;
    prepare(&mock.partner());
    let client = Client::new(mock.url(), &mock.api_key())?;
    let description = format!(
        "an embedded mock at {} ({BASE_URL_ENV} and {API_KEY_ENV} are not set)",
        client.base_url()
    );
    Ok(Target { client, description, mock: Some(mock) })
}

/// Returns a table with a frame, whose columns are as wide as their content.
pub fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// Returns an error and its causes in one line. `main() -> Result` would print the `Debug` form.
pub fn explain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}
