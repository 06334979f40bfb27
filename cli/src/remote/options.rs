//! The options that both commands take from the command line and the environment.

use std::env::{self, VarError};
use std::error::Error;
use std::ffi::OsString;
use std::time::Duration;

use partner_api::{API_KEY_ENV, ApiKey, BASE_URL_ENV, Client, ErrorKind};

use super::Service;
use super::redact::Redactor;
use super::service::setting_message;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// What the command line says of the service.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// The URL of the service: https, or http on this machine; /api/v1 is added unless it is there
    /// [default: PARTNER_API_BASE_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<OsString>,
    /// The service has no /api/v1 before its paths, as a Prism mock server
    #[arg(long)]
    pub(crate) no_prefix: bool,
    /// How long a response may take, such as 30s or 500ms [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
}

impl Options {
    /// The service; nothing is sent yet. The key comes from the environment only, since the command
    /// lines of a machine can be read by its other users.
    pub(crate) fn service(self) -> Result<Service, Box<dyn Error>> {
        let (source, base_url) = match self.base_url {
            Some(given) => ("--base-url", Some(in_utf8("--base-url", given)?)),
            None => (BASE_URL_ENV, variable(BASE_URL_ENV)?),
        };
        let base_url =
            base_url.ok_or("no base URL: pass --base-url, or set PARTNER_API_BASE_URL")?;
        let key = variable(API_KEY_ENV)?.ok_or("no key: set PARTNER_API_KEY")?;
        let redactor = Redactor::new(&key);
        let key = ApiKey::new(&key).map_err(|problem| format!("{API_KEY_ENV}: {problem}"))?;
        let builder = Client::builder()
            .base_url(base_url)
            .api_key(key)
            .timeout(self.timeout.unwrap_or(DEFAULT_TIMEOUT));
        Service::new(builder, !self.no_prefix, redactor).map_err(|error| match error.kind() {
            ErrorKind::Config(settings) => {
                let settings = settings.iter().map(|invalid| {
                    let setting =
                        if invalid.setting == "base_url" { source } else { invalid.setting };
                    format!("{setting}: {}", setting_message(&invalid.message))
                });
                settings.collect::<Vec<_>>().join("; ").into()
            }
            _ => error.into(),
        })
    }
}

/// A variable of the environment. An empty one is ignored.
fn variable(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.trim_ascii().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name}: it is not UTF-8")),
    }
}

fn in_utf8(name: &str, value: OsString) -> Result<String, String> {
    value.into_string().map_err(|_| format!("{name}: it is not UTF-8"))
}

/// A time such as `30s`, `500ms` or `2m`.
fn time(text: &str) -> Result<Duration, String> {
    let parse = |text: &str| {
        let digits = text.find(|char: char| !char.is_ascii_digit())?;
        let (number, unit) = text.split_at(digits);
        let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
        match unit {
            "ms" => Some(Duration::from_millis(number.into())),
            "s" => Some(Duration::from_secs(number.into())),
            "m" => Some(Duration::from_secs(u64::from(number) * 60)),
            _ => None,
        }
    };
    parse(text).ok_or_else(|| "expected a time above zero, such as 30s, 500ms or 2m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        for (text, milliseconds) in [("30s", 30_000), ("500ms", 500), ("2m", 120_000)] {
            assert_eq!(time(text), Ok(Duration::from_millis(milliseconds)));
        }
        for text in ["", "30", "s", "0s", "-1s", "1.5s", "30 s", "1h", "99999999999s"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
