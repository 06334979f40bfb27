//! The default service: reqwest, with what it does by itself switched off.
//!
//! Only this file and that of TLS name reqwest, and none of its types leaves this folder.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Extensions, Request, Uri};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpInfo;
use url::Url;

use super::error::{SendError, chain, sources};
use super::tls::{self, RootCertificate};
use super::{Exchange, Exchanging, HttpService, RequestBody, received};
use crate::error::ConfigProblem;

/// The time limit for making a connection, TLS included.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a pooled connection may idle: below the usual 60 s of servers and load balancers, so
/// that it is the client that closes it.
pub const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);

const NO_HTTP_PROXY: &str = "it is not the URL of an HTTP proxy; expected one such as http://proxy.example.com:3128, \
                             or say no_proxy()";

/// Which proxy to use.
#[derive(Clone, Default)]
pub(crate) enum ProxyChoice {
    /// What the environment says, for `https` to another machine only.
    #[default]
    Environment,
    None,
    Url(String),
}

impl ProxyChoice {
    /// What is wrong with a proxy that was named. What the environment says is looked at only where
    /// it is used.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Url(url) if proxy_url(url).is_none() => Err(NO_HTTP_PROXY.to_owned()),
            _ => Ok(()),
        }
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

/// What the default service needs to know.
#[derive(Debug)]
pub(crate) struct TransportSettings {
    pub(crate) https: bool,
    pub(crate) loopback: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) proxy: ProxyChoice,
    pub(crate) root_certificates: Vec<RootCertificate>,
}

/// The service over a connection pool of its own. No connection is made yet.
pub(crate) fn connect(settings: &TransportSettings) -> Result<HttpService, ConfigProblem> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never().max_retries_per_request(0)) // with none, it keeps no copy
        .no_proxy()
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT);
    if let Some(proxy) = proxy(settings)? {
        builder = builder.proxy(proxy);
    }
    if let Some(problem) = tls::missing(settings.https) {
        return Err(problem);
    }
    let client = tls::secure(builder, settings.https, &settings.root_certificates)
        .build()
        .map_err(|cause| ConfigProblem {
            setting: "tls",
            problem: format!("the HTTP client cannot be made: {}", chain(&cause)),
        })?;
    Ok(HttpService(Arc::new(ReqwestService {
        client,
        answered: Answered::default(),
        addresses: Addresses::default(),
    })))
}

fn proxy(settings: &TransportSettings) -> Result<Option<reqwest::Proxy>, ConfigProblem> {
    let problem = |setting, problem: &str| ConfigProblem { setting, problem: problem.to_owned() };
    let (setting, url) = match &settings.proxy {
        ProxyChoice::None => return Ok(None),
        ProxyChoice::Environment if !settings.https || settings.loopback => return Ok(None),
        ProxyChoice::Environment => {
            let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
            let value_of =
                |name| Some((name, std::env::var(name).ok().filter(|value| !value.is_empty())?));
            match names.into_iter().find_map(value_of) {
                Some(set) => set,
                None => return Ok(None),
            }
        }
        ProxyChoice::Url(_) if !settings.https => {
            return Err(problem(
                "proxy",
                "the base URL is http, and a proxy would see the key; use https",
            ));
        }
        ProxyChoice::Url(url) => ("proxy", url.clone()),
    };
    // The text may hold a password, so the problem does not repeat it.
    let proxy = proxy_url(&url)
        .and_then(|url| reqwest::Proxy::https(url).ok())
        .ok_or_else(|| problem(setting, NO_HTTP_PROXY))?;
    let exceptions = match settings.proxy {
        ProxyChoice::Environment => reqwest::NoProxy::from_env(),
        _ => None,
    };
    Ok(Some(proxy.no_proxy(exceptions)))
}

/// Variables of the environment often leave the scheme out.
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

/// The connections that have answered, by their address on this side. A request that fails on one of
/// them went out on a connection of the pool.
#[derive(Clone, Debug, Default)]
struct Answered(Arc<Mutex<HashSet<SocketAddr>>>);

impl Answered {
    /// Connections end unseen, so now and then all are forgotten. One that lives is soon known again.
    const MOST: usize = 1024;

    fn note(&self, response: &reqwest::Response) {
        if let Some(connection) = response.extensions().get::<HttpInfo>() {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= Self::MOST {
                known.clear();
            }
            known.insert(connection.local_addr());
        }
    }

    /// Whether this error ended one of them.
    fn lost(&self, error: &reqwest::Error) -> bool {
        let mut of_connection = Extensions::new();
        for cause in sources(error) {
            if let Some(info) = cause.downcast_ref().and_then(legacy::Error::connect_info) {
                info.get_extras(&mut of_connection);
            }
        }
        of_connection.get::<HttpInfo>().is_some_and(|connection| {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.remove(&connection.local_addr())
        })
    }
}

/// reqwest over `http` types.
struct ReqwestService {
    client: reqwest::Client,
    answered: Answered,
    addresses: Addresses,
}

impl Exchange for ReqwestService {
    fn exchange(&self, request: Request<RequestBody>) -> Exchanging {
        let answered = self.answered.clone();
        let (head, body) = request.into_parts();
        let sent = self.addresses.url(&head.uri).map(|url| {
            let mut request = reqwest::Request::new(head.method, url);
            *request.headers_mut() = head.headers;
            *request.body_mut() = body.0.map(Into::into);
            self.client.execute(request)
        });
        Box::pin(async move {
            match sent?.await {
                Ok(response) => {
                    answered.note(&response);
                    Ok(received(response.into()))
                }
                Err(cause) => {
                    let reused = answered.lost(&cause);
                    Err(SendError { reused, cause: cause.without_url().into() }.into())
                }
            }
        })
    }
}

/// The last few addresses, parsed: reqwest wants a [`Url`], and to make it costs a fifth of a call.
#[derive(Debug, Default)]
struct Addresses(Mutex<VecDeque<(Uri, Url)>>);

impl Addresses {
    const KEPT: usize = 4;

    fn url(&self, uri: &Uri) -> Result<Url, url::ParseError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, url)) = kept.iter().find(|(known, _)| known == uri) {
            return Ok(url.clone());
        }
        let url: Url = uri.to_string().parse()?;
        kept.truncate(Self::KEPT - 1);
        kept.push_front((uri.clone(), url.clone()));
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_whether_it_is_kept_or_new() {
        let addresses = Addresses::default();
        for _ in 0..2 {
            for count in 0..2 * Addresses::KEPT {
                let text = format!("https://a.example/api/v1/templates/{count}?q=a%20b");
                assert_eq!(addresses.url(&text.parse().unwrap()).unwrap().as_str(), text);
            }
        }
        assert_eq!(addresses.0.lock().unwrap().len(), Addresses::KEPT);
    }
}
