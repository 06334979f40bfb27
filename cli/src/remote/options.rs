//! What both commands take from the command line and the environment.

use std::env::{self, VarError};
use std::error::Error;
use std::ffi::OsString;
use std::time::Duration;

use super::base_url::BaseUrl;
use super::{Key, Service};

const BASE_URL: &str = "PARTNER_API_BASE_URL";
const API_KEY: &str = "PARTNER_API_KEY";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// What the command line says of the service.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// The URL of the service: https, or http on this machine; /api/v1 is added unless it is there
    /// [default: PARTNER_API_BASE_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<OsString>,
    /// How long a response may take, such as 30s or 500ms [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
}

impl Options {
    /// The service, which is not asked yet, and the key for it. The key comes from the environment
    /// only: whoever lists the processes of a machine sees their command lines.
    pub(crate) fn service(self) -> Result<(Service, Key), Box<dyn Error>> {
        let (source, base_url) = match self.base_url {
            Some(given) => ("--base-url", Some(in_utf8("--base-url", given)?)),
            None => (BASE_URL, variable(BASE_URL)?),
        };
        let base_url =
            base_url.ok_or("no base URL: say --base-url, or set PARTNER_API_BASE_URL")?;
        let address =
            BaseUrl::parse(&base_url).map_err(|problem| format!("{source}: {problem}"))?;
        let key = variable(API_KEY)?.ok_or("no key: set PARTNER_API_KEY")?;
        let key = Key::new(&key).map_err(|problem| format!("{API_KEY}: {problem}"))?;
        let service = Service::new(address, self.timeout.unwrap_or(DEFAULT_TIMEOUT))?;
        Ok((service, key))
    }
}

/// A variable of the environment. An empty one says nothing.
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
