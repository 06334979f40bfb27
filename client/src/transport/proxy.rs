//! Chooses the proxy: the one that is set, or the one of the environment.

use std::borrow::Cow;
use std::env;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::base_url::BaseUrl;
use crate::error::InvalidSetting;

const NOT_HTTP: &str = "not the URL of an HTTP proxy; expected for example http://proxy.example.com:3128, or use \
                        no_proxy()";

/// Which proxy to use.
#[derive(Clone, Default)]
pub(crate) enum ProxyChoice {
    /// The proxy of the environment, for `https` to another machine only.
    #[default]
    Environment,
    None,
    Url(String),
}

impl ProxyChoice {
    /// Checks a proxy that is set. A proxy of the environment is checked only if it is used.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Url(url) if proxy_url(url).is_none() => Err(NOT_HTTP.to_owned()),
            _ => Ok(()),
        }
    }

    /// The proxy for requests below the base URL, if they go through one.
    pub(super) fn resolve(&self, base_url: &BaseUrl) -> Result<Option<Url>, InvalidSetting> {
        let invalid =
            |setting, message: &str| InvalidSetting { setting, message: message.to_owned() };
        let (setting, url) = match self {
            Self::None => return Ok(None),
            Self::Environment => match environment_proxy(base_url) {
                Some(set) => set,
                None => return Ok(None),
            },
            Self::Url(_) if !base_url.is_https() => {
                return Err(invalid(
                    "proxy",
                    "the base URL is http, so a proxy would see the key; use https",
                ));
            }
            Self::Url(url) => ("proxy", url.clone()),
        };
        // The text may hold a password, so the message does not repeat it.
        proxy_url(&url).map(Some).ok_or_else(|| invalid(setting, NOT_HTTP))
    }
}

impl std::fmt::Debug for ProxyChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Environment => "Environment",
            Self::None => "None",
            Self::Url(_) => "Url(redacted)", // it may hold a password
        })
    }
}

/// The variable that names the proxy for the base URL, and its value.
fn environment_proxy(base_url: &BaseUrl) -> Option<(&'static str, String)> {
    if !base_url.is_https() || base_url.is_loopback() {
        return None;
    }
    let value_of = |name| Some((name, env::var(name).ok().filter(|value| !value.is_empty())?));
    let proxy =
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter().find_map(value_of)?;
    let no_proxy = ["NO_PROXY", "no_proxy"].into_iter().find_map(value_of);
    let is_excluded = no_proxy.is_some_and(|(_, list)| excludes(&list, base_url));
    (!is_excluded).then_some(proxy)
}

/// Returns true if a `NO_PROXY` list contains the host of the base URL.
///
/// An entry is `*`, a domain with its subdomains (`example.com`, `.example.com`, `*.example.com`),
/// an IP address or a range of them; each may have a port.
fn excludes(list: &str, base_url: &BaseUrl) -> bool {
    let port = base_url.port();
    let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let entries: Vec<&str> = entries
        .filter_map(|entry| match split_port(entry) {
            (host, Some(entry_port)) => (entry_port == port).then_some(host),
            (host, None) => Some(host),
        })
        .map(|host| host.strip_prefix("*.").unwrap_or(host))
        .map(|host| host.trim_matches(['[', ']']))
        .collect();
    if entries.contains(&"*") {
        return true;
    }
    let matcher = Matcher::builder().https("http://proxy.invalid").no(entries.join(",")).build();
    let uri = base_url.as_str().parse::<Uri>();
    uri.is_ok_and(|uri| matcher.intercept(&uri).is_none())
}

/// The port of an entry. An IPv6 address has one only behind brackets.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

/// Environment variables often leave the scheme out.
fn proxy_url(text: &str) -> Option<Url> {
    let with_scheme = if text.contains("://") {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("http://{text}"))
    };
    Url::parse(&with_scheme)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_url(text: &str) -> BaseUrl {
        BaseUrl::parse(text, false).unwrap()
    }

    #[test]
    fn no_proxy_lists_name_hosts_domains_addresses_and_ports() {
        let app = base_url("https://app.example.com");
        for list in [
            "*",
            " * ",
            "other.example, *",
            "app.example.com",
            "example.com",
            ".example.com",
            "*.example.com",
            "APP.example.com",
            "app.example.com:443",
            "*.example.com:443",
            "example.com:443,",
        ] {
            assert!(excludes(list, &app), "{list}");
        }
        for list in
            ["", ",", "example.org", "pp.example.com", "app.example.com:8443", "10.0.0.0/8", "*x"]
        {
            assert!(!excludes(list, &app), "{list}");
        }
        let address = base_url("https://10.1.2.3:8443");
        for list in ["10.1.2.3", "10.0.0.0/8", "10.1.2.3:8443", "a,10.1.2.3"] {
            assert!(excludes(list, &address), "{list}");
        }
        assert!(!excludes("10.1.2.3:443", &address));
        let v6 = base_url("https://[2001:db8::1]:8443");
        for list in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:8443", "2001:db8::/32"] {
            assert!(excludes(list, &v6), "{list}");
        }
        assert!(!excludes("[2001:db8::1]:443", &v6));
    }

    #[test]
    fn a_proxy_must_be_an_http_proxy() {
        for text in ["proxy.example.com:3128", "http://p:1", "https://u:p@p.example.com"] {
            assert!(proxy_url(text).is_some(), "{text}");
        }
        for text in ["socks5h://127.0.0.1:1080", "ftp://p", "http://", ""] {
            assert!(proxy_url(text).is_none(), "{text}");
        }
    }
}
