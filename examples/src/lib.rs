#![doc = include_str!("../README.md")]

use std::env;
use std::error::Error;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use partner_api::{API_KEY_VARIABLE, BASE_URL_VARIABLE, Client};
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
    if is_set(BASE_URL_VARIABLE) || is_set(API_KEY_VARIABLE) {
        let client = Client::from_env().map_err(|error| {
            format!(
                "{error} (set {BASE_URL_VARIABLE} and {API_KEY_VARIABLE} for your service, or \
                 neither for an embedded mock)"
            )
        })?;
        let description = format!("the service at {}", client.base_url());
        return Ok(Target {
            client,
            description,
            _mock: None,
        });
    }
    let mock = MockServer::start().await?;
    prepare(&mock.partner());
    let client = Client::new(mock.url(), mock.api_key())?;
    let description = format!(
        "an embedded mock at {} ({BASE_URL_VARIABLE} and {API_KEY_VARIABLE} are not set)",
        client.base_url()
    );
    Ok(Target {
        client,
        description,
        _mock: Some(mock),
    })
}

/// A table with a frame, its columns as wide as what they hold looks on a terminal.
pub fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// Text of the service as a terminal may see it: what could drive the terminal or hide is escaped,
/// and what is longer than a line is cut.
pub fn clean(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut start = text.chars();
    let mut cut: String = start.by_ref().take(LONGEST).collect();
    if start.next().is_some() {
        cut.push('…');
    }
    // `escape_debug` escapes quotes as well, which are harmless here.
    cut.escape_debug()
        .to_string()
        .replace("\\'", "'")
        .replace("\\\"", "\"")
}

/// An error and its causes in one line. `main() -> Result` would print the `Debug` form instead.
pub fn explain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_escaped_and_letters_are_not() {
        let harmless = "Café d'Étoile \"Zoë\" 你好 e\u{301}";
        assert_eq!(clean(harmless), harmless);
        assert_eq!(
            clean("a\u{1b}[2J\r\n\u{202e}b\u{9b}"),
            "a\\u{1b}[2J\\r\\n\\u{202e}b\\u{9b}"
        );
        assert_eq!(clean(&"x".repeat(1000)).chars().count(), 61);
    }
}
