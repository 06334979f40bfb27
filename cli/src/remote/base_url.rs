//! Where the service is: a base URL, and nothing that could send the key elsewhere.

use std::net::IpAddr;

use reqwest::Url;

/// What the path of every base URL ends in (reference, Base URL).
const API_PATH: &str = "/api/v1";

/// A checked base URL. Its path ends in `/api/v1`.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    /// Reads the app's origin or any prefix, with or without `/api/v1`. The problem repeats no user
    /// info and no query, which can be secret.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut url = Url::parse(text.trim_ascii()).map_err(|cause| {
            format!("it is not a URL ({cause}); expected one such as https://app.example.com")
        })?;
        let loopback = is_loopback(&url);
        let problem = match url.scheme() {
            _ if !url.username().is_empty() || url.password().is_some() => {
                "it has user info before the host; the key is given on its own"
            }
            _ if url.query().is_some() || url.fragment().is_some() => {
                "it has a query or a fragment; give the origin and at most a path"
            }
            "http" if !loopback => "http would send the key unencrypted; use https",
            "http" | "https" => {
                let path = url.path().trim_end_matches('/');
                let path = path.strip_suffix(API_PATH).unwrap_or(path).to_owned();
                url.set_path(&format!("{path}{API_PATH}"));
                return Ok(Self(url));
            }
            _ => "expected a URL of https, such as https://app.example.com",
        };
        Err(problem.to_owned())
    }

    /// The address of a path of the contract, such as `/wallet`.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", url.path()));
        url
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The host, if it is a name that means this machine.
    pub(crate) fn name_of_this_machine(&self) -> Option<&str> {
        let name = self.0.domain()?;
        self.is_loopback().then_some(name)
    }
}

/// Hosts that never leave this machine (RFC 6761, RFC 5735, RFC 4291).
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match address {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_path_is_added_unless_it_is_there() {
        for (base, wallet) in [
            ("https://app.example.com", "https://app.example.com/api/v1/wallet"),
            ("https://app.example.com/api/v1/", "https://app.example.com/api/v1/wallet"),
            (" https://app.example.com/eu\n", "https://app.example.com/eu/api/v1/wallet"),
            ("http://127.0.0.1:4010", "http://127.0.0.1:4010/api/v1/wallet"),
            ("http://[::1]:4010", "http://[::1]:4010/api/v1/wallet"),
            ("http://localhost/", "http://localhost/api/v1/wallet"),
        ] {
            assert_eq!(BaseUrl::parse(base).unwrap().join("/wallet").as_str(), wallet);
        }
    }

    #[test]
    fn what_is_not_a_safe_base_is_refused_without_its_secrets() {
        for (base, reason) in [
            ("", "not a URL"),
            ("app.example.com", "not a URL"),
            ("http://app.example.com", "unencrypted"),
            ("http://localhost.example.com", "unencrypted"),
            ("http://127.0.0.1.example.com", "unencrypted"),
            ("ftp://app.example.com", "https"),
            ("https://user:hunter2@app.example.com", "user info"),
            ("https://app.example.com?token=hunter2", "query"),
            ("https://app.example.com/#hunter2", "fragment"),
        ] {
            let problem = BaseUrl::parse(base).unwrap_err();
            assert!(problem.contains(reason) && !problem.contains("hunter2"), "{base}: {problem}");
        }
    }
}
