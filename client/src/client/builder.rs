//! How a client is built: settings, the environment, and every problem said at once.

use std::env::{self, VarError};
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;

use crate::auth::api_key::ApiKey;
use crate::auth::credentials::{KeyRing, KeySource};
use crate::error::{BoxError, ConfigProblem};
use crate::models::drift::Drift;
use crate::pipeline::drift_reporter::DriftWatch;
use crate::pipeline::retry::RetryPolicy;
use crate::pipeline::timeouts::Limits;
use crate::transport::base_url::BaseUrl;
use crate::transport::{HttpService, ProxyChoice, RequestBody, RootCertificate};

/// The environment variable that names the service. Read by [`Client::from_env`](crate::Client::from_env).
pub const BASE_URL_VARIABLE: &str = "PARTNER_API_BASE_URL";
/// The environment variable that holds the key. Read by [`Client::from_env`](crate::Client::from_env).
pub const API_KEY_VARIABLE: &str = "PARTNER_API_KEY";

/// The largest body of a good answer in bytes, counted after decompression: 64 MiB, which is room
/// for some 170,000 companies.
pub const DEFAULT_MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
pub(super) const USER_AGENT: &str = concat!("partner-api-rust/", env!("CARGO_PKG_VERSION"));

/// Builds a [`Client`](crate::Client). Only base URL and key are required.
///
/// ```
/// use std::time::Duration;
///
/// let client = partner_api::Client::builder()
///     .base_url("https://app.example.com")
///     .api_key("pk_live_0123456789abcdef")
///     .deadline(Duration::from_secs(10))
///     .attempt_timeout(Duration::from_secs(3))
///     .user_agent("billing/2.1")
///     .build()?;
/// # Ok::<(), partner_api::Error>(())
/// ```
#[derive(Default)]
#[must_use = "a builder does nothing until build()"]
pub struct ClientBuilder {
    pub(super) base_url: Option<String>,
    pub(super) api_key: Option<Result<ApiKey, String>>,
    pub(super) key_source: Option<KeySource>,
    pub(super) drift: Option<DriftWatch>,
    pub(super) plain_http: bool,
    pub(super) deadline: Option<Duration>,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) max_body_bytes: Option<usize>,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) user_agent: Option<String>,
    pub(super) proxy: ProxyChoice,
    pub(super) root_certificates: Vec<RootCertificate>,
    pub(super) http_service: Option<HttpService>,
    pub(super) from_env: bool,
    /// What was already wrong when it was set.
    pub(super) problems: Vec<ConfigProblem>,
}

/// What was checked: nothing of it can fail later for a reason that could have been found.
pub(crate) struct Config {
    pub(crate) base_url: BaseUrl,
    pub(crate) keys: KeyRing,
    pub(crate) drift: Option<DriftWatch>,
    pub(crate) http: HttpService,
    pub(crate) limits: Limits,
    pub(crate) max_body_bytes: usize,
    pub(crate) user_agent: HeaderValue,
}

impl ClientBuilder {
    /// The app's origin, such as `https://app.example.com`, or any prefix below it; the path
    /// [`API_PATH`](crate::API_PATH) is added unless it ends in it. Required.
    ///
    /// Only `https`, except for this machine (`localhost`, `127.0.0.0/8`, `::1`). No user info,
    /// query or fragment.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// The API key: a text, or an [`ApiKey`]. Required.
    pub fn api_key<K>(mut self, api_key: K) -> Self
    where
        K: TryInto<ApiKey>,
        K::Error: std::fmt::Display,
    {
        self.api_key = Some(api_key.try_into().map_err(|problem| problem.to_string()));
        self
    }

    /// Asks for the key when one is needed: once for a client and its clones, and once more when the
    /// service refuses it with `invalid_token`. The call goes on with the new key if it is another
    /// one, which then serves all. In the place of [`api_key`](Self::api_key).
    ///
    /// The time that the source takes is part of the call's deadline. If it fails, the call does,
    /// with [`ErrorKind::KeySource`](crate::ErrorKind::KeySource); retries are the source's own business.
    ///
    /// ```
    /// # async fn key_from_the_vault() -> Result<String, std::io::Error> { Ok("pk_live_x".into()) }
    /// use partner_api::{ApiKey, BoxError};
    ///
    /// let client = partner_api::Client::builder()
    ///     .base_url("https://app.example.com")
    ///     .api_key_source(|| async {
    ///         let text = key_from_the_vault().await?;
    ///         Ok::<_, BoxError>(ApiKey::new(text)?)
    ///     })
    ///     .build()?;
    /// # Ok::<(), partner_api::Error>(())
    /// ```
    pub fn api_key_source<F, K, E>(mut self, source: F) -> Self
    where
        F: Fn() -> K + Send + Sync + 'static,
        K: Future<Output = Result<ApiKey, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.key_source = Some(Box::new(move || {
            let asking = source();
            Box::pin(async move { asking.await.map_err(Into::into) })
        }));
        self
    }

    /// Tells of what the service sends and this version of the crate does not know: fields and
    /// words, each once for a client and its clones, at most
    /// [`MAX_DRIFT_REPORTS`](crate::MAX_DRIFT_REPORTS) of them. A hint to update the crate, or to
    /// look at the reference; nothing fails by it.
    ///
    /// The callback runs in the call that found it, so it should be quick.
    pub fn on_drift(mut self, callback: impl Fn(&Drift) + Send + Sync + 'static) -> Self {
        self.drift = Some(DriftWatch::new(callback));
        self
    }

    /// Takes base URL and key from [`BASE_URL_VARIABLE`] and [`API_KEY_VARIABLE`], where they are
    /// set. A variable that is not Unicode is a problem that `build` names.
    pub fn from_env(mut self) -> Self {
        self.from_env = true;
        if let Some(base_url) = self.variable(BASE_URL_VARIABLE) {
            self = self.base_url(base_url);
        }
        if let Some(api_key) = self.variable(API_KEY_VARIABLE) {
            self = self.api_key(api_key);
        }
        self
    }

    fn variable(&mut self, setting: &'static str) -> Option<String> {
        match env::var(setting) {
            Ok(value) => Some(value),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                let problem = "it is not Unicode".to_owned();
                self.problems.push(ConfigProblem { setting, problem });
                None
            }
        }
    }

    /// The time limit of a whole call: all attempts, the waits between them, and the body.
    /// [`DEFAULT_DEADLINE`](crate::DEFAULT_DEADLINE). A call can set its own.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long an attempt may take until its answer begins, and how long its body may then pause,
    /// never beyond the deadline. [`DEFAULT_ATTEMPT_TIMEOUT`](crate::DEFAULT_ATTEMPT_TIMEOUT), or a
    /// third of the deadline where that is less; the whole deadline where the attempt could not be
    /// tried again. A stream of a list pauses as long as the deadline allows.
    pub fn attempt_timeout(mut self, attempt_timeout: Duration) -> Self {
        self.attempt_timeout = Some(attempt_timeout);
        self
    }

    /// The time limit for making a connection, TLS included. [`DEFAULT_CONNECT_TIMEOUT`](crate::DEFAULT_CONNECT_TIMEOUT).
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = Some(connect_timeout);
        self
    }

    /// The largest body of a good answer in bytes, counted after decompression. A list that is
    /// streamed has none for the whole of it: see [`Call::stream`](crate::Call::stream).
    /// [`DEFAULT_MAX_BODY_BYTES`].
    pub fn max_body_bytes(mut self, max_body_bytes: usize) -> Self {
        self.max_body_bytes = Some(max_body_bytes);
        self
    }

    /// How calls are retried. A call can set its own policy.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Names your program before the crate in the `User-Agent` header, such as `billing/2.1`.
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.user_agent = Some(product.into());
        self
    }

    /// Sends requests to an `https` service through this HTTP proxy, by `CONNECT`, so that it sees
    /// neither headers nor bodies.
    ///
    /// By default the proxy is taken from `HTTPS_PROXY` or `ALL_PROXY` (`NO_PROXY` is respected),
    /// and only for `https` to another machine; a plain `http` request never goes to a proxy, since
    /// that would show it the key.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = ProxyChoice::Url(url.into());
        self
    }

    /// Uses no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = ProxyChoice::None;
        self
    }

    /// Trusts these certificate authorities, too, beside those of the system: one certificate or
    /// more as PEM text, such as those of a company whose proxy ends TLS. Can be said again.
    ///
    /// Whoever holds their keys can read the API key. That they are certificates is checked here,
    /// and a problem with them is one that `build` names. On Android it is `build` that refuses
    /// them, unless the feature `native-tls` is on.
    pub fn add_root_certificate_pem(mut self, pem: &[u8]) -> Self {
        match RootCertificate::from_pem(pem) {
            Ok(certificates) => self.root_certificates.extend(certificates),
            Err(problem) => {
                let setting = "add_root_certificate_pem";
                self.problems.push(ConfigProblem { setting, problem });
            }
        }
        self
    }

    /// Allows `http` to other machines than this one. Whoever is on the way can read the key.
    pub fn danger_allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Replaces the HTTP service under the client with any [`tower::Service`](tower_service::Service) over `http` types: a
    /// router with no socket in tests, another HTTP client, or one with layers of your own.
    ///
    /// Deadline, retries, authorization, size limit and decoding stay with the client. Settings of
    /// the connection (`connect_timeout`, `proxy`, `add_root_certificate_pem`) have no meaning for it and are refused.
    pub fn http_service<S, B>(mut self, service: S) -> Self
    where
        S: tower_service::Service<http::Request<RequestBody>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.http_service = Some(HttpService::new(service));
        self
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("api_key", &self.api_key)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}
