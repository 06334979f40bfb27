//! The HTTP side: `GET` and no other method, to one address, with limits of time and size.

use std::env;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING};
use reqwest::{Client, NoProxy, Proxy, redirect, retry, tls};

use super::base_url::BaseUrl;
use super::{Answer, Key};
use crate::display::shown;
use crate::error_chain;

/// The largest body that is read, in bytes: 256 MiB, as of a seed. A list of 100,000 companies has
/// 33 MB.
const MAX_BODY: usize = 256 << 20;

const USER_AGENT: &str = concat!("partner-api/", env!("CARGO_PKG_VERSION"));

/// This machine; the port is that of the URL.
const THIS_MACHINE: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

/// A service that can be asked.
#[derive(Debug)]
pub(crate) struct Service {
    client: Client,
    address: BaseUrl,
}

/// No answer came, or not all of it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct RequestError {
    /// No connection could be made, so to ask again is of no use.
    pub(crate) unreachable: bool,
    message: String,
}

impl Service {
    /// No connection is made yet.
    pub(crate) fn new(address: BaseUrl, timeout: Duration) -> Result<Self, Box<dyn Error>> {
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .no_proxy()
            .timeout(timeout)
            .tls_version_min(tls::Version::TLS_1_2); // RFC 8996
        if address.is_https() {
            if let Some(proxy) = proxy(&address)? {
                builder = builder.proxy(proxy);
            }
        } else {
            // Plain http needs nobody's certificate, so those of the system are not read.
            builder = builder.tls_certs_only([]);
        }
        // Not every system keeps `.localhost` to itself, and the key may go in clear to this machine.
        if let Some(name) = address.name_of_this_machine() {
            builder = builder.resolve_to_addrs(name, &THIS_MACHINE);
        }
        // An error says that one is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = builder.build().map_err(|cause| {
            format!("the HTTP client cannot be made: {}", error_chain(&cause.without_url()))
        })?;
        Ok(Self { client, address })
    }

    pub(crate) fn base_url(&self) -> &str {
        self.address.as_str()
    }

    /// Asks for a path of the contract, such as `/wallet`.
    pub(crate) async fn get(&self, path: &str, key: Option<&Key>) -> Result<Answer, RequestError> {
        let mut request =
            self.client.get(self.address.join(path)).header(ACCEPT, "application/json");
        if let Some(key) = key {
            request = request.header(AUTHORIZATION, key.header());
        }
        let mut response = request.send().await.map_err(RequestError::of)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(RequestError::told("the body is compressed, which was not asked for"));
        }
        let announced = response.content_length().unwrap_or_default();
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > MAX_BODY {
            return Err(RequestError::too_large());
        }
        let mut body = Vec::with_capacity(announced);
        while let Some(piece) = response.chunk().await.map_err(RequestError::of)? {
            if body.len() + piece.len() > MAX_BODY {
                return Err(RequestError::too_large());
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, headers, body })
    }
}

impl RequestError {
    fn of(cause: reqwest::Error) -> Self {
        let cause = cause.without_url();
        let what = if cause.is_timeout() {
            "no whole answer in time"
        } else if cause.is_connect() {
            "no connection"
        } else {
            "the connection broke"
        };
        let unreachable = cause.is_connect();
        Self { unreachable, message: format!("{what}: {}", shown(&error_chain(&cause), 300)) }
    }

    fn told(message: &str) -> Self {
        Self { unreachable: false, message: message.to_owned() }
    }

    fn too_large() -> Self {
        Self::told("the body is larger than 256 MiB")
    }
}

/// What the environment says, for https to another machine only: there the proxy sees no header.
fn proxy(address: &BaseUrl) -> Result<Option<Proxy>, String> {
    if address.is_loopback() {
        return Ok(None);
    }
    let set =
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter().find_map(|name| {
            Some((name, env::var(name).ok().filter(|value| !value.trim().is_empty())?))
        });
    let Some((name, url)) = set else { return Ok(None) };
    // The URL may hold a password, so it is not repeated.
    let proxy = Proxy::https(url.trim()).map_err(|_| {
        format!("{name}: expected the URL of an HTTP proxy, such as http://proxy.example.com:3128")
    })?;
    Ok(Some(proxy.no_proxy(NoProxy::from_env())))
}
