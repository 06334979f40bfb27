//! The handle that a program keeps: cheap to clone, makes calls.

use std::fmt;
use std::sync::Arc;

use http::{Method, Request, Uri};

use crate::auth::api_key::ApiKey;
use crate::auth::credentials::ApiKeyCache;
use crate::client::builder::{ClientBuilder, Config};
use crate::decode::body_decoder::DocumentDecoder;
use crate::error::{Error, ErrorKind};
use crate::models::companies::{self, Company};
use crate::models::wallet::{self, Wallet};
use crate::pipeline::retry::RESEND_TOKENS;
use crate::pipeline::retry_budget::{RetryTokens, TokenBucket};
use crate::pipeline::{CallOptions, ClientInner};
use crate::request::builder::RequestBuilder;
use crate::request::call::{Call, ListCall, PreparedCall};
use crate::transport::RequestBody;
use crate::transport::base_url::BaseUrl;
use crate::transport::path::ApiPath;

pub(crate) mod builder;
mod validate;

/// A client of the Partner API.
///
/// It is cheap to clone, and clones share connections, key and retry budget: make one for each key
/// and clone it where it is needed.
///
/// Calls run in a tokio runtime with its I/O and time drivers enabled, as `#[tokio::main]` has them.
/// A client can be used in several runtimes, one after another or in parallel, for instance as a
/// `static` in tests: the connections of a runtime serve calls in that runtime only, and are closed
/// when it ends.
///
/// ```no_run
/// # async fn run() -> Result<(), partner_api::Error> {
/// let client = partner_api::Client::from_env()?;
/// let wallet = client.wallet().await?;
/// println!("{} credits left", wallet.balance);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<ClientInner>,
    endpoints: Arc<Endpoints>,
}

/// What calls start from. The documented requests are made once, here.
struct Endpoints {
    base_url: BaseUrl,
    companies: Arc<Request<RequestBody>>,
    wallet: Arc<Request<RequestBody>>,
    options: CallOptions,
}

impl Client {
    /// Makes a client with defaults for everything but base URL and key.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn new(base_url: &str, api_key: &str) -> Result<Self, Error> {
        Self::builder().base_url(base_url).api_key(api_key).build()
    }

    /// Makes a client with defaults for everything but base URL and key, which it takes from the
    /// environment variables [`BASE_URL_ENV`](crate::BASE_URL_ENV) and
    /// [`API_KEY_ENV`](crate::API_KEY_ENV).
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().from_env().build()
    }

    /// Returns a builder, to set more than base URL and key.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Makes a client for another partner's key. It shares the connections of this one, and has a
    /// separate key and a separate, full retry budget. All other settings are the same.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the text is not a key: see [`ApiKey::new`].
    pub fn with_api_key<K>(&self, api_key: K) -> Result<Self, Error>
    where
        K: TryInto<ApiKey>,
        K::Error: fmt::Display,
    {
        let ClientInner { http, user_agent, max_response_bytes, retry_tokens, drift, .. } =
            &*self.inner;
        let inner = ClientInner {
            http: http.clone(),
            credentials: ApiKeyCache::fixed(checked(api_key)?),
            user_agent: user_agent.clone(),
            max_response_bytes: *max_response_bytes,
            retry_tokens: retry_tokens.refilled(),
            resend_tokens: TokenBucket::full(RESEND_TOKENS, 0),
            drift: drift.clone(),
        };
        Ok(Self { inner: Arc::new(inner), endpoints: Arc::clone(&self.endpoints) })
    }

    /// Replaces the key of this client and all its clones. Attempts that have started finish with
    /// the old key; one that is rejected for it is sent again with the new one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the text is not a key: see [`ApiKey::new`].
    /// The old key then stays.
    pub fn rotate_api_key<K>(&self, api_key: K) -> Result<(), Error>
    where
        K: TryInto<ApiKey>,
        K::Error: fmt::Display,
    {
        self.inner.credentials.replace(checked(api_key)?);
        Ok(())
    }

    /// Lists the clients that you have onboarded, each with its WhatsApp connections:
    /// `GET /api/v1/companies`. Source: the reference, "List companies".
    ///
    /// A list that may be long can be read company by company: [`ListCall::stream`].
    pub fn companies(&self) -> ListCall<Company> {
        ListCall::new(self.endpoint_call(&self.endpoints.companies, companies::PATH))
    }

    /// Reads the prepaid credit wallet: `GET /api/v1/wallet`. Source: the reference, "Get wallet".
    pub fn wallet(&self) -> Call<Wallet> {
        let prepared = self.endpoint_call(&self.endpoints.wallet, wallet::PATH);
        Call::new(prepared, DocumentDecoder::json)
    }

    /// The base URL in use, which ends in [`API_PATH`](crate::API_PATH).
    pub fn base_url(&self) -> &str {
        self.endpoints.base_url.as_str()
    }

    /// How many tokens the retry budget has now; `None` if it is
    /// [unlimited](crate::RetryBudget::unlimited).
    ///
    /// The spans of calls have the same number in the field `partner_api.retry_tokens`.
    pub fn retry_tokens(&self) -> Option<u32> {
        self.inner.retry_tokens.left()
    }

    /// Starts a request of any method to any path below the base URL, for endpoints that this crate
    /// does not know. If the request is invalid, its call returns the error.
    ///
    /// `CONNECT` would ask a proxy for a tunnel, and `TRACE` would return the key: both are refused.
    pub fn request(&self, method: Method, path: impl Into<ApiPath>) -> RequestBuilder {
        let request = match method {
            Method::CONNECT | Method::TRACE => Err(format!("{method} requests are not supported")),
            method => self.endpoints.base_url.join(&path.into()).map(|uri| request(method, uri)),
        };
        RequestBuilder::new(Arc::clone(&self.inner), self.endpoints.options.clone(), request)
    }

    /// Starts a `GET` request: see [`request`](Self::request).
    pub fn get(&self, path: impl Into<ApiPath>) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// Starts a `POST` request: see [`request`](Self::request).
    pub fn post(&self, path: impl Into<ApiPath>) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Starts a `PUT` request: see [`request`](Self::request).
    pub fn put(&self, path: impl Into<ApiPath>) -> RequestBuilder {
        self.request(Method::PUT, path)
    }

    /// Starts a `PATCH` request: see [`request`](Self::request).
    pub fn patch(&self, path: impl Into<ApiPath>) -> RequestBuilder {
        self.request(Method::PATCH, path)
    }

    /// Starts a `DELETE` request: see [`request`](Self::request).
    pub fn delete(&self, path: impl Into<ApiPath>) -> RequestBuilder {
        self.request(Method::DELETE, path)
    }

    fn endpoint_call(
        &self,
        request: &Arc<Request<RequestBody>>,
        path: &'static str,
    ) -> PreparedCall {
        PreparedCall {
            inner: Arc::clone(&self.inner),
            request: Ok(Arc::clone(request)),
            options: CallOptions {
                url_template: Some(path.into()),
                ..self.endpoints.options.clone()
            },
        }
    }
}

fn checked<K>(api_key: K) -> Result<ApiKey, Error>
where
    K: TryInto<ApiKey>,
    K::Error: fmt::Display,
{
    api_key.try_into().map_err(|problem| Error::config("api_key", problem.to_string()))
}

fn request(method: Method, uri: Uri) -> Request<RequestBody> {
    let mut request = Request::new(RequestBody::empty());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    request
}

impl ClientBuilder {
    /// Checks all settings and builds the client. No connection is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with every invalid setting. It never holds
    /// the key.
    pub fn build(self) -> Result<Client, Error> {
        let config = self.validate()?;
        let Config { base_url, credentials, drift, http, options, user_agent, .. } = config;
        let get = |path| match base_url.join(&ApiPath::from(path)) {
            Ok(uri) => Ok(Arc::new(request(Method::GET, uri))),
            Err(problem) => Err(Error::unsent(ErrorKind::Request(problem))),
        };
        let (companies, wallet) = (get(companies::PATH)?, get(wallet::PATH)?);
        Ok(Client {
            inner: Arc::new(ClientInner {
                http,
                credentials,
                user_agent,
                max_response_bytes: config.max_response_bytes,
                retry_tokens: RetryTokens::full(config.retry_budget),
                resend_tokens: TokenBucket::full(RESEND_TOKENS, 0),
                drift: drift.map(Arc::new),
            }),
            endpoints: Arc::new(Endpoints { base_url, companies, wallet, options }),
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.base_url())
            .field("credentials", &self.inner.credentials)
            .field("options", &self.endpoints.options)
            .finish_non_exhaustive()
    }
}
