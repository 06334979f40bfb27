//! The default HTTP service: reqwest, without its own redirects, retries, referer and proxy
//! detection.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Uri};
use url::Url;

use super::base_url::BaseUrl;
use super::error::{SendError, chain};
use super::pools::{PoolId, Pools};
use super::proxy::ProxyChoice;
use super::tls::{self, Identity, RootCertificate};
use super::{HttpExecutor, HttpService, RequestBody, SentRequest, wrap_response};
use crate::error::InvalidSetting;

/// The default timeout of making a connection, TLS included.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a pooled connection may be idle: less than the usual 60 s of servers and load
/// balancers, so that the client closes it first.
pub const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// The default of how long the server is silent, while calls wait, before an HTTP/2 ping is sent.
pub const DEFAULT_HTTP2_KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(3);
/// The default of how long the server may take to respond to an HTTP/2 ping. Together with the
/// interval it is half of the default attempt timeout.
pub const DEFAULT_HTTP2_KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(2);

/// The settings of the default service.
#[derive(Debug)]
pub(crate) struct TransportSettings {
    pub(crate) base_url: BaseUrl,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_connection_age: Option<Duration>,
    pub(crate) http2_keep_alive_interval: Option<Duration>,
    pub(crate) http2_keep_alive_timeout: Duration,
    pub(crate) proxy: ProxyChoice,
    pub(crate) root_certificates: Vec<RootCertificate>,
    pub(crate) identity: Option<Identity>,
}

/// Makes the service. No connection is made yet.
pub(crate) fn connect(settings: &TransportSettings) -> Result<HttpService, InvalidSetting> {
    let proxy = settings.proxy.resolve(&settings.base_url)?;
    let proxy_peer = proxy.as_ref().and_then(|url| {
        Some(format!("the proxy {}:{}", url.host_str()?, url.port_or_known_default()?))
    });
    let proxy = proxy.map(reqwest::Proxy::https).transpose().map_err(|_| InvalidSetting {
        setting: "proxy",
        message: "the URL of the proxy is not usable".into(),
    })?;
    let tls = tls::configure(
        settings.base_url.is_https(),
        &settings.root_certificates,
        settings.identity.as_ref(),
    )?;
    let TransportSettings {
        connect_timeout,
        http2_keep_alive_interval,
        http2_keep_alive_timeout,
        max_connection_age,
        ..
    } = *settings;
    let build = move || {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never().max_retries_per_request(0)) // with none, it keeps no copy
            .no_proxy()
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT);
        if let Some(proxy) = &proxy {
            builder = builder.proxy(proxy.clone());
        }
        #[cfg(feature = "http2")]
        {
            builder = builder
                .http2_keep_alive_interval(http2_keep_alive_interval)
                .http2_keep_alive_timeout(http2_keep_alive_timeout);
        }
        #[cfg(not(feature = "http2"))]
        let _ = (http2_keep_alive_interval, http2_keep_alive_timeout);
        tls.apply(builder).build()
    };
    let pools = Pools::new(max_connection_age, build).map_err(|cause| InvalidSetting {
        setting: "tls",
        message: format!("the HTTP client cannot be made: {}", chain(&cause)),
    })?;
    Ok(HttpService(Arc::new(ReqwestService { pools, proxy_peer, uris: UriCache::default() })))
}

/// reqwest as an HTTP service over `http` types.
struct ReqwestService {
    pools: Pools,
    /// The proxy in words, for the text of errors.
    proxy_peer: Option<String>,
    uris: UriCache,
}

impl HttpExecutor for ReqwestService {
    fn execute(&self, request: Request<RequestBody>) -> SentRequest {
        let (client, pool) = match self.pools.current() {
            Ok(pool) => pool,
            Err(cause) => {
                let cause = SendError::NotSent(cause);
                let response = Box::pin(std::future::ready(Err(cause.into())));
                return SentRequest { response, pool: PoolId::NONE };
            }
        };
        let (head, body) = request.into_parts();
        let sent = self.uris.url(&head.uri).map(|url| {
            let mut request = reqwest::Request::new(head.method, url);
            *request.headers_mut() = head.headers;
            *request.body_mut() = body.0.map(Into::into);
            client.execute(request)
        });
        let proxy_peer = self.proxy_peer.clone();
        let response = Box::pin(async move {
            match sent?.await {
                Ok(response) => Ok(wrap_response(response.into())),
                Err(cause) => {
                    let cause = cause.without_url().into();
                    Err(SendError::Failed { cause, proxy_peer }.into())
                }
            }
        });
        SentRequest { response, pool }
    }

    fn pool(&self) -> PoolId {
        self.pools.current().map_or(PoolId::NONE, |(_, pool)| pool)
    }

    fn retire(&self, pool: PoolId) {
        self.pools.retire(pool);
    }
}

/// The last few URIs, parsed: reqwest needs a [`Url`], and to parse one is a fifth of a call.
#[derive(Debug, Default)]
struct UriCache(Mutex<VecDeque<(Uri, Url)>>);

impl UriCache {
    const SIZE: usize = 4;

    fn url(&self, uri: &Uri) -> Result<Url, url::ParseError> {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, url)) = cached.iter().find(|(known, _)| known == uri) {
            return Ok(url.clone());
        }
        let url: Url = uri.to_string().parse()?;
        cached.truncate(Self::SIZE - 1);
        cached.push_front((uri.clone(), url.clone()));
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_the_same_whether_it_is_cached_or_not() {
        let uris = UriCache::default();
        for _ in 0..2 {
            for count in 0..2 * UriCache::SIZE {
                let text = format!("https://a.example/api/v1/templates/{count}?q=a%20b");
                assert_eq!(uris.url(&text.parse().unwrap()).unwrap().as_str(), text);
            }
        }
        assert_eq!(uris.0.lock().unwrap().len(), UriCache::SIZE);
    }
}
