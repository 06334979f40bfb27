//! The handle that a program keeps: cheap to clone, makes calls.

use std::fmt;
use std::sync::Arc;

use http::{Method, Request, Uri};

use crate::auth::api_key::ApiKey;
use crate::auth::credentials::KeyRing;
use crate::client::builder::{ClientBuilder, Config};
use crate::decode::body_decoder::{self, NewSink};
use crate::error::{Error, ErrorKind};
use crate::models::companies::{self, Company};
use crate::models::wallet::{self, Wallet};
use crate::pipeline::Road;
use crate::pipeline::retry_budget::RetryBudget;
use crate::pipeline::timeouts::Limits;
use crate::request::builder::ApiRequest;
use crate::request::call::{Call, ListCall};
use crate::transport::RequestBody;
use crate::transport::base_url::BaseUrl;
use crate::transport::path::ApiPath;

pub(crate) mod builder;
mod validate;

/// A client of the Partner API.
///
/// It is cheap to clone, and clones share the connection pool and the retry budget: make one for a
/// key and clone it wherever it is needed.
///
/// Calls run in a tokio runtime with its I/O and time drivers enabled, as `#[tokio::main]` has it.
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
    road: Arc<Road>,
    plan: Arc<Plan>,
}

/// What a call starts from. The documented requests are made once, here.
struct Plan {
    base_url: BaseUrl,
    companies: Arc<Request<RequestBody>>,
    wallet: Arc<Request<RequestBody>>,
    limits: Limits,
}

impl Client {
    /// A client with defaults for everything but base URL and key.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn new(base_url: &str, api_key: &str) -> Result<Self, Error> {
        Self::builder().base_url(base_url).api_key(api_key).build()
    }

    /// A client with defaults for everything but base URL and key, which stand in the environment
    /// variables [`BASE_URL_VARIABLE`](crate::BASE_URL_VARIABLE) and
    /// [`API_KEY_VARIABLE`](crate::API_KEY_VARIABLE).
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().from_env().build()
    }

    /// A client with settings of your own.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client for another partner's key, over the same connections, with a retry budget and, from
    /// here on, a key of its own. Everything else is as in this one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the text is no key: see [`ApiKey::new`].
    pub fn with_api_key<K>(&self, api_key: K) -> Result<Self, Error>
    where
        K: TryInto<ApiKey>,
        K::Error: fmt::Display,
    {
        let Road { http, user_agent, max_body_bytes, drift, .. } = &*self.road;
        let road = Road {
            http: http.clone(),
            keys: KeyRing::fixed(checked(api_key)?),
            user_agent: user_agent.clone(),
            max_body_bytes: *max_body_bytes,
            budget: RetryBudget::full(),
            drift: drift.clone(),
        };
        Ok(Self { road: Arc::new(road), plan: Arc::clone(&self.plan) })
    }

    /// Replaces the key of this client and all its clones, at once. Attempts that are under way end
    /// with the key that they began with; one that is refused for it is sent again with the new one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the text is no key: see [`ApiKey::new`].
    /// The old key then stays.
    pub fn rotate_api_key<K>(&self, api_key: K) -> Result<(), Error>
    where
        K: TryInto<ApiKey>,
        K::Error: fmt::Display,
    {
        self.road.keys.replace(checked(api_key)?);
        Ok(())
    }

    /// Lists the clients that you have onboarded, each with its WhatsApp connections:
    /// `GET /api/v1/companies`. Source: the reference, "List companies".
    ///
    /// The reference shows no paging, so the list is whole. One that may be long can be read
    /// company by company: [`Call::stream`].
    pub fn companies(&self) -> ListCall<Company> {
        self.documented(&self.plan.companies, body_decoder::list)
    }

    /// Reads the prepaid credit wallet: `GET /api/v1/wallet`. Source: the reference, "Get wallet".
    pub fn wallet(&self) -> Call<Wallet> {
        self.documented(&self.plan.wallet, body_decoder::document)
    }

    /// The base URL in use, with [`API_PATH`](crate::API_PATH) at its end.
    pub fn base_url(&self) -> &str {
        self.plan.base_url.as_str()
    }

    /// A request of any method to any path below the base URL, for what the service has and this
    /// crate does not know. What is wrong with it is said when it is awaited.
    ///
    /// `CONNECT` asks a proxy for a tunnel, and `TRACE` would send the key back: both are refused.
    pub fn request(&self, method: Method, path: impl Into<ApiPath>) -> ApiRequest {
        let request = match method {
            Method::CONNECT | Method::TRACE => Err(format!("{method} is no request to an API")),
            method => self.plan.base_url.join(&path.into()).map(|address| request(method, address)),
        };
        ApiRequest::new(Arc::clone(&self.road), self.plan.limits.clone(), request)
    }

    /// A `GET` request: see [`request`](Self::request).
    pub fn get(&self, path: impl Into<ApiPath>) -> ApiRequest {
        self.request(Method::GET, path)
    }

    /// A `POST` request: see [`request`](Self::request).
    pub fn post(&self, path: impl Into<ApiPath>) -> ApiRequest {
        self.request(Method::POST, path)
    }

    /// A `PUT` request: see [`request`](Self::request).
    pub fn put(&self, path: impl Into<ApiPath>) -> ApiRequest {
        self.request(Method::PUT, path)
    }

    /// A `PATCH` request: see [`request`](Self::request).
    pub fn patch(&self, path: impl Into<ApiPath>) -> ApiRequest {
        self.request(Method::PATCH, path)
    }

    /// A `DELETE` request: see [`request`](Self::request).
    pub fn delete(&self, path: impl Into<ApiPath>) -> ApiRequest {
        self.request(Method::DELETE, path)
    }

    fn documented<T, Shape>(
        &self,
        request: &Arc<Request<RequestBody>>,
        sink: NewSink<T>,
    ) -> Call<T, Shape> {
        let request = Ok(Arc::clone(request));
        Call::new(Arc::clone(&self.road), request, self.plan.limits.clone(), sink)
    }
}

fn checked<K>(api_key: K) -> Result<ApiKey, Error>
where
    K: TryInto<ApiKey>,
    K::Error: fmt::Display,
{
    api_key.try_into().map_err(|problem| Error::config("api_key", problem.to_string()))
}

fn request(method: Method, address: Uri) -> Request<RequestBody> {
    let mut request = Request::new(RequestBody::empty());
    *request.method_mut() = method;
    *request.uri_mut() = address;
    request
}

impl ClientBuilder {
    /// Checks everything and builds the client. No connection is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with every problem that was found; none of
    /// them holds the key.
    pub fn build(self) -> Result<Client, Error> {
        let Config { base_url, keys, drift, http, limits, max_body_bytes, user_agent } =
            self.check()?;
        let documented = |path| match base_url.join(&ApiPath::from(path)) {
            Ok(address) => Ok(Arc::new(request(Method::GET, address))),
            Err(problem) => Err(Error::unsent(ErrorKind::Request(problem))),
        };
        let (companies, wallet) = (documented(companies::PATH)?, documented(wallet::PATH)?);
        Ok(Client {
            road: Arc::new(Road {
                http,
                keys,
                user_agent,
                max_body_bytes,
                budget: RetryBudget::full(),
                drift: drift.map(Arc::new),
            }),
            plan: Arc::new(Plan { base_url, companies, wallet, limits }),
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.base_url())
            .field("keys", &self.road.keys)
            .field("limits", &self.plan.limits)
            .finish_non_exhaustive()
    }
}
