//! The settings of a client.

use std::env::{self, VarError};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;

use crate::auth::api_key::ApiKey;
use crate::auth::credentials::{ApiKeyCache, ApiKeyProvider};
use crate::error::{BoxError, InvalidSetting};
use crate::models::drift::Drift;
use crate::pipeline::CallOptions;
use crate::pipeline::drift_reporter::DriftReporter;
use crate::pipeline::retry::RetryPolicy;
use crate::pipeline::retry_budget::RetryBudget;
use crate::transport::base_url::BaseUrl;
use crate::transport::{HttpService, Identity, ProxyChoice, RequestBody, RootCertificate};

/// The environment variable with the base URL. Read by
/// [`Client::from_env`](crate::Client::from_env).
pub const BASE_URL_ENV: &str = "PARTNER_API_BASE_URL";
/// The environment variable with the API key. Read by
/// [`Client::from_env`](crate::Client::from_env).
pub const API_KEY_ENV: &str = "PARTNER_API_KEY";

/// The default of the largest response body in bytes, after decompression: 64 MiB, enough for some
/// 170,000 companies.
pub const DEFAULT_MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;
pub(super) const USER_AGENT: &str = concat!("partner-api-rust/", env!("CARGO_PKG_VERSION"));

/// Builds a [`Client`](crate::Client). Only base URL and key are required.
///
/// ```
/// use std::time::Duration;
///
/// let client = partner_api::Client::builder()
///     .base_url("https://app.example.com")
///     .api_key("pk_live_0123456789abcdef")
///     .timeout(Duration::from_secs(10))
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
    pub(super) api_key_provider: Option<ApiKeyProvider>,
    pub(super) api_key_provider_timeout: Option<Duration>,
    pub(super) drift: Option<DriftReporter>,
    pub(super) plain_http: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) max_response_bytes: Option<usize>,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) retry_budget: RetryBudget,
    pub(super) user_agent: Option<String>,
    pub(super) connection: ConnectionSettings,
    pub(super) http_service: Option<HttpService>,
    pub(super) layers: Vec<AddLayer>,
    pub(super) from_env: bool,
    /// Settings that were invalid when they were set.
    pub(super) invalid: Vec<InvalidSetting>,
}

/// Wraps a service with a layer.
type AddLayer = Box<dyn FnOnce(HttpService) -> HttpService + Send + Sync>;

/// The settings that concern connections, which are not supported together with `http_service`.
#[derive(Default)]
pub(super) struct ConnectionSettings {
    pub(super) connect_timeout: Option<Duration>,
    pub(super) max_age: Option<Duration>,
    /// `Some(None)` switches pings off.
    #[expect(clippy::option_option, reason = "not set, switched off, and an interval")]
    pub(super) http2_keep_alive_interval: Option<Option<Duration>>,
    pub(super) http2_keep_alive_timeout: Option<Duration>,
    pub(super) proxy: ProxyChoice,
    pub(super) root_certificates: Vec<RootCertificate>,
    pub(super) identity: Option<Identity>,
}

/// Settings that are checked: nothing can fail later for a reason that could have been found.
pub(crate) struct Config {
    pub(crate) base_url: BaseUrl,
    pub(crate) credentials: Arc<ApiKeyCache>,
    pub(crate) drift: Option<DriftReporter>,
    pub(crate) http: HttpService,
    pub(crate) options: CallOptions,
    pub(crate) retry_budget: RetryBudget,
    pub(crate) max_response_bytes: usize,
    pub(crate) user_agent: HeaderValue,
}

impl ClientBuilder {
    /// Sets the base URL: the app's origin, such as `https://app.example.com`, or any prefix below
    /// it. The path [`API_PATH`](crate::API_PATH) is added unless it ends in it. Required.
    ///
    /// Only `https`, except for this machine (`localhost`, `127.0.0.0/8`, `::1`). No user info,
    /// query or fragment.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// Sets the API key: a text, or an [`ApiKey`]. Required, unless a provider is set.
    pub fn api_key<K>(mut self, api_key: K) -> Self
    where
        K: TryInto<ApiKey>,
        K::Error: std::fmt::Display,
    {
        self.api_key = Some(api_key.try_into().map_err(|problem| problem.to_string()));
        self
    }

    /// Sets a provider that fetches the key when one is needed, instead of
    /// [`api_key`](Self::api_key).
    ///
    /// It is called once for a client and its clones, and once more when the service rejects the
    /// key with `invalid_token`; the call then continues with the new key if it is another one. A
    /// fetch is one task, which continues if the call that started it is cancelled or times out,
    /// and serves all calls that wait for it. Calls in another tokio runtime rely on it for one
    /// second and then fetch the key themselves.
    ///
    /// If the provider fails or exceeds
    /// [`api_key_provider_timeout`](Self::api_key_provider_timeout), the calls that wait fail with
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials), and the next call fetches again.
    /// The client does not retry a fetch.
    ///
    /// ```
    /// # async fn key_from_the_vault() -> Result<String, std::io::Error> { Ok("pk_live_x".into()) }
    /// use partner_api::{ApiKey, BoxError};
    ///
    /// let client = partner_api::Client::builder()
    ///     .base_url("https://app.example.com")
    ///     .api_key_provider(|| async {
    ///         let text = key_from_the_vault().await?;
    ///         Ok::<_, BoxError>(ApiKey::new(text)?)
    ///     })
    ///     .build()?;
    /// # Ok::<(), partner_api::Error>(())
    /// ```
    pub fn api_key_provider<F, K, E>(mut self, provider: F) -> Self
    where
        F: Fn() -> K + Send + Sync + 'static,
        K: Future<Output = Result<ApiKey, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.api_key_provider = Some(Box::new(move || {
            let key = provider();
            Box::pin(async move { key.await.map_err(Into::into) })
        }));
        self
    }

    /// Sets the timeout of one fetch by the API key provider.
    /// [`DEFAULT_API_KEY_PROVIDER_TIMEOUT`](crate::DEFAULT_API_KEY_PROVIDER_TIMEOUT).
    pub fn api_key_provider_timeout(mut self, timeout: Duration) -> Self {
        self.api_key_provider_timeout = Some(timeout);
        self
    }

    /// Calls `callback` once for every field or enum value that the crate does not recognise
    /// (schema drift).
    ///
    /// Each is reported once for a client and its clones, at most
    /// [`MAX_DRIFT_REPORTS`](crate::MAX_DRIFT_REPORTS) of them. No call fails because of drift: it
    /// is a hint to update the crate. The callback runs within the call, so it should be quick.
    pub fn on_drift(mut self, callback: impl Fn(&Drift) + Send + Sync + 'static) -> Self {
        self.drift = Some(DriftReporter::new(callback));
        self
    }

    /// Takes base URL and key from the environment variables [`BASE_URL_ENV`] and [`API_KEY_ENV`],
    /// where they are set. `build` reports a variable that is not Unicode.
    pub fn from_env(mut self) -> Self {
        self.from_env = true;
        if let Some(base_url) = self.variable(BASE_URL_ENV) {
            self = self.base_url(base_url);
        }
        if let Some(api_key) = self.variable(API_KEY_ENV) {
            self = self.api_key(api_key);
        }
        self
    }

    fn variable(&mut self, setting: &'static str) -> Option<String> {
        match env::var(setting) {
            Ok(value) => Some(value),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                self.invalid(setting, "the value is not Unicode".to_owned());
                None
            }
        }
    }

    /// Sets the timeout of a whole call: all attempts, the waits between them, and the body.
    /// [`DEFAULT_TIMEOUT`](crate::DEFAULT_TIMEOUT). A call can set its own.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how long an attempt may take until its response begins, and for how long its body may
    /// then pause.
    ///
    /// Default: [`DEFAULT_ATTEMPT_TIMEOUT`](crate::DEFAULT_ATTEMPT_TIMEOUT), or a third of the
    /// call's timeout where that is less; the whole timeout of the call where the attempt could not
    /// be retried. A stream of a list may pause as long as the call's timeout allows.
    ///
    /// After an attempt that timed out, the next attempt uses a new connection.
    pub fn attempt_timeout(mut self, attempt_timeout: Duration) -> Self {
        self.attempt_timeout = Some(attempt_timeout);
        self
    }

    /// Sets the timeout of making a connection, TLS included.
    /// [`DEFAULT_CONNECT_TIMEOUT`](crate::DEFAULT_CONNECT_TIMEOUT).
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connection.connect_timeout = Some(connect_timeout);
        self
    }

    /// Sets how old a connection may become before new requests use a new one, for services behind
    /// a load balancer or with failover by DNS. Default: no limit.
    ///
    /// The age is counted for all pooled connections together, from when the first was made.
    /// Requests that have started finish on their connection.
    pub fn max_connection_age(mut self, age: Duration) -> Self {
        self.connection.max_age = Some(age);
        self
    }

    /// Sets after how much silence of the server an HTTP/2 ping is sent while calls wait, or `None`
    /// for no pings.
    /// [`DEFAULT_HTTP2_KEEP_ALIVE_INTERVAL`](crate::DEFAULT_HTTP2_KEEP_ALIVE_INTERVAL).
    #[cfg(feature = "http2")]
    pub fn http2_keep_alive_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.connection.http2_keep_alive_interval = Some(interval.into());
        self
    }

    /// Sets how long the server may take to respond to an HTTP/2 ping. After that the connection is
    /// closed, and its calls fail with [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) or
    /// are retried. [`DEFAULT_HTTP2_KEEP_ALIVE_TIMEOUT`](crate::DEFAULT_HTTP2_KEEP_ALIVE_TIMEOUT).
    #[cfg(feature = "http2")]
    pub fn http2_keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.connection.http2_keep_alive_timeout = Some(timeout);
        self
    }

    /// Sets the largest response body in bytes, after decompression. A streamed list has no such
    /// limit as a whole: see [`ListCall::stream`](crate::ListCall::stream).
    /// [`DEFAULT_MAX_RESPONSE_BYTES`].
    pub fn max_response_bytes(mut self, max_response_bytes: usize) -> Self {
        self.max_response_bytes = Some(max_response_bytes);
        self
    }

    /// Sets how calls are retried. A call can set its own policy.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets how many retries the client and its clones may make together.
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = budget;
        self
    }

    /// Adds your program, such as `billing/2.1`, to the `User-Agent` header, before the crate.
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.user_agent = Some(product.into());
        self
    }

    /// Sends requests to an `https` service through this HTTP proxy, with `CONNECT`, so that it
    /// sees neither headers nor bodies.
    ///
    /// Default: the proxy of `HTTPS_PROXY` or `ALL_PROXY`, unless `NO_PROXY` excludes the host, and
    /// only for `https` to another machine. A plain `http` request is never sent to a proxy, since
    /// that would show it the key.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.connection.proxy = ProxyChoice::Url(url.into());
        self
    }

    /// Uses no proxy, and ignores those of the environment.
    pub fn no_proxy(mut self) -> Self {
        self.connection.proxy = ProxyChoice::None;
        self
    }

    /// Adds CA certificates (PEM, one or more) to those of the system. May be called repeatedly.
    ///
    /// Use it for a corporate proxy that terminates TLS, or for the certificate authority of a
    /// test. The owner of such an authority can read the API key. `build` reports an invalid
    /// certificate. Android supports them only with the feature `native-tls`.
    pub fn add_root_certificate_pem(mut self, pem: &[u8]) -> Self {
        match RootCertificate::from_pem(pem) {
            Ok(certificates) => self.connection.root_certificates.extend(certificates),
            Err(problem) => self.invalid("add_root_certificate_pem", problem),
        }
        self
    }

    /// Sets a client certificate, for a service that requires one: its chain (PEM, the client's
    /// certificate first) and its private key (PEM, PKCS #8; with rustls also PKCS #1 or SEC1).
    ///
    /// `build` reports what is not a certificate or key. The key is not shown anywhere.
    pub fn identity_pem(mut self, certificate: &[u8], key: &[u8]) -> Self {
        match Identity::from_pem(certificate, key) {
            Ok(identity) => self.connection.identity = Some(identity),
            Err(problem) => self.invalid("identity_pem", problem),
        }
        self
    }

    /// Allows `http` to other machines. Everyone on the network path can read the API key.
    pub fn danger_allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Replaces the HTTP service below the client with any
    /// [`tower::Service`](tower_service::Service) over `http` types: a router without a socket in
    /// tests, another HTTP client, or a client with additional layers.
    ///
    /// Timeouts, retries, authorization, size limit and decoding stay with the client. Settings
    /// that concern connections (such as `connect_timeout`, `proxy`, `add_root_certificate_pem`)
    /// are not supported together with it, and `build` refuses them.
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
        self.http_service = Some(HttpService::new(service, None));
        self
    }

    /// Wraps the HTTP service below the client with a [`tower::Layer`](tower_layer::Layer), to
    /// observe or change requests and responses: headers that a gateway requires, a recording, a
    /// limit of requests at a time. Layers that are added later are further out.
    ///
    /// A layer sees every attempt, with the key in the `Authorization` header (marked as
    /// sensitive), and the body of the response as it was received.
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        L: tower_layer::Layer<HttpService> + Send + Sync + 'static,
        L::Service: tower_service::Service<http::Request<RequestBody>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as tower_service::Service<http::Request<RequestBody>>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<http::Request<RequestBody>>>::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.layers
            .push(Box::new(move |inner| HttpService::new(layer.layer(inner.clone()), Some(inner))));
        self
    }

    fn invalid(&mut self, setting: &'static str, message: String) {
        self.invalid.push(InvalidSetting { setting, message });
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("api_key", &self.api_key)
            .field("proxy", &self.connection.proxy)
            .finish_non_exhaustive()
    }
}
