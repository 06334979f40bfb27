//! The base URL, and the URIs of requests below it.

use std::net::IpAddr;

use http::Uri;
use url::{Host, Url};

use crate::transport::path::{API_PATH, ApiPath};

/// A valid base URL. Its path ends in [`API_PATH`], without a trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    /// Parses a base URL: the app's origin or any prefix, to which [`API_PATH`] is added unless it
    /// ends in it. Messages contain scheme and host only, since user info and query may be secret.
    pub(crate) fn parse(text: &str, plain_http: bool) -> Result<Self, Vec<String>> {
        let mut url = Url::parse(text.trim_ascii()).map_err(|cause| {
            vec![format!("not a URL ({cause}); expected for example https://app.example.com")]
        })?;
        let mut problems = Vec::new();
        match url.scheme() {
            "https" => {}
            "http" if plain_http || is_loopback(&url) => {}
            "http" => problems.push(format!(
                "http://{} would send the API key unencrypted; use https, or call danger_allow_plain_http() in a \
                 network that you trust",
                url.host_str().unwrap_or_default()
            )),
            other => problems.push(format!("the scheme {other} is not supported; use https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            problems.push(
                "user info before the host is not supported; set the key with api_key()".into(),
            );
        }
        if url.query().is_some() {
            problems.push("a query is not supported; use the origin and at most a path".into());
        }
        if url.fragment().is_some() {
            problems.push("a fragment is not supported; use the origin and at most a path".into());
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let prefix = url.path().trim_end_matches('/');
        let path = if prefix.ends_with(API_PATH) {
            prefix.to_owned()
        } else {
            format!("{prefix}{API_PATH}")
        };
        url.set_path(&path);
        // Not every URL is a valid request target: a host may contain a backtick, for instance.
        url.as_str().parse::<Uri>().map_err(|cause| {
            vec![format!(
                "not usable as a request URL ({cause}); use the origin and at most a path"
            )]
        })?;
        Ok(Self(url))
    }

    /// Returns the URI of a path below the base URL, with each segment escaped. No accepted path
    /// leads outside the base URL.
    pub(crate) fn join(&self, path: &ApiPath) -> Result<Uri, String> {
        let segments = path.segments()?;
        let mut url = self.0.clone();
        url.path_segments_mut()
            .map_err(|()| "the base URL has no path".to_owned())?
            .extend(segments);
        url.as_str()
            .parse()
            .map_err(|cause| format!("the path is not usable in a request URL ({cause})"))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

/// Returns the part of a path that is below [`API_PATH`].
pub(crate) fn below_api_path(path: &str) -> Option<&str> {
    path.rsplit_once(API_PATH).and_then(|(_, below)| below.strip_prefix('/'))
}

/// Returns true for hosts that are always this machine: RFC 6761 (`localhost`), RFC 5735 and RFC
/// 4291. Subdomains of `localhost` are excluded, because some resolvers look them up elsewhere.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str, segments: &[&str]) -> Result<String, String> {
        BaseUrl::parse(base, false)
            .map_err(|problems| problems.join("; "))?
            .join(&ApiPath::from(segments))
            .map(|address| address.to_string())
    }

    #[test]
    fn the_api_path_is_added_unless_it_is_there() {
        for (base, expected) in [
            ("https://app.example.com", "https://app.example.com/api/v1/wallet"),
            ("https://app.example.com/", "https://app.example.com/api/v1/wallet"),
            ("https://app.example.com/api/v1", "https://app.example.com/api/v1/wallet"),
            ("https://app.example.com/api/v1/", "https://app.example.com/api/v1/wallet"),
            ("https://app.example.com/eu", "https://app.example.com/eu/api/v1/wallet"),
            (
                "https://app.example.com:8443/eu/api/v1",
                "https://app.example.com:8443/eu/api/v1/wallet",
            ),
            ("http://127.0.0.1:4010", "http://127.0.0.1:4010/api/v1/wallet"),
            ("http://[::1]:4010", "http://[::1]:4010/api/v1/wallet"),
            ("http://localhost", "http://localhost/api/v1/wallet"),
            (" https://app.example.com\n", "https://app.example.com/api/v1/wallet"),
        ] {
            assert_eq!(joined(base, &["wallet"]).as_deref(), Ok(expected), "{base}");
        }
    }

    #[test]
    fn an_unsafe_base_url_is_an_error_with_the_reason_and_without_secrets() {
        for (base, reason) in [
            ("", "not a URL"),
            ("app.example.com", "not a URL"),
            ("http://app.example.com", "danger_allow_plain_http"),
            ("http://localhost.example.com", "danger_allow_plain_http"),
            ("http://mock.localhost", "danger_allow_plain_http"),
            ("http://127.0.0.1.example.com", "danger_allow_plain_http"),
            ("ftp://app.example.com", "scheme ftp"),
            ("https://user:hunter2@app.example.com", "user info"),
            ("https://app.example.com?token=hunter2", "query"),
            ("https://app.example.com/#hunter2", "fragment"),
            ("https://a`b.example.com", "not usable as a request URL"),
            ("https://{host}.example.com", "not usable as a request URL"),
        ] {
            let problem = BaseUrl::parse(base, false).unwrap_err().join("; ");
            assert!(problem.contains(reason), "{base}: {problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
        assert_eq!(BaseUrl::parse("http://u:p@app.example.com?q#f", false).unwrap_err().len(), 4);
        assert!(BaseUrl::parse("http://app.example.com", true).is_ok());
    }

    #[test]
    fn a_segment_is_escaped_and_cannot_leave_the_base_url() {
        assert_eq!(
            joined("https://a.example", &["templates", "a/b?c#d e%2F"]).as_deref(),
            Ok("https://a.example/api/v1/templates/a%2Fb%3Fc%23d%20e%252F")
        );
        for segment in ["", ".", "..", "%2e", "%2E%2e", ".%2e"] {
            assert!(joined("https://a.example", &["templates", segment]).is_err(), "{segment}");
        }
        assert!(joined("https://a.example", &[]).is_err());
    }
}
