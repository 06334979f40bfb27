//! The handle that a program keeps: cheap to clone, makes calls.

use std::fmt;
use std::sync::Arc;

use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderValue, Method, Request, Uri};

use crate::base_url::BaseUrl;
use crate::budget::RetryBudget;
use crate::call::Call;
use crate::companies::{self, Company};
use crate::config::{ClientBuilder, Config};
use crate::decode;
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::road::Road;
use crate::transport::RequestBody;
use crate::wallet::{self, Wallet};

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

/// What a call starts from. Addresses are parsed once, here.
struct Plan {
    base_url: BaseUrl,
    companies: Uri,
    wallet: Uri,
    user_agent: HeaderValue,
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

    /// Lists the clients that you have onboarded, each with its WhatsApp connections:
    /// `GET /api/v1/companies`. Source: the reference, "List companies".
    ///
    /// The reference shows no paging, so the list is whole.
    pub fn companies(&self) -> Call<Vec<Company>> {
        self.get(&self.plan.companies, decode::list)
    }

    /// Reads the prepaid credit wallet: `GET /api/v1/wallet`. Source: the reference, "Get wallet".
    pub fn wallet(&self) -> Call<Wallet> {
        self.get(&self.plan.wallet, decode::document)
    }

    /// The base URL in use, with [`API_PATH`](crate::API_PATH) at its end.
    pub fn base_url(&self) -> &str {
        self.plan.base_url.as_str()
    }

    fn get<T>(&self, address: &Uri, decode: decode::Decode<T>) -> Call<T> {
        let mut request = Request::new(RequestBody::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = address.clone();
        request
            .headers_mut()
            .insert(ACCEPT, HeaderValue::from_static("application/json"));
        request
            .headers_mut()
            .insert(USER_AGENT, self.plan.user_agent.clone());
        Call::new(
            Arc::clone(&self.road),
            request,
            self.plan.limits.clone(),
            decode,
        )
    }
}

impl ClientBuilder {
    /// Checks everything and builds the client. No connection is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with every problem that was found; none of
    /// them holds the key.
    pub fn build(self) -> Result<Client, Error> {
        let Config {
            base_url,
            api_key,
            http,
            limits,
            max_body_bytes,
            user_agent,
        } = self.check()?;
        let address = |path| {
            base_url
                .join([path])
                .map_err(|problem| Error::unsent(ErrorKind::Request(problem)))
        };
        let (companies, wallet) = (address(companies::PATH)?, address(wallet::PATH)?);
        Ok(Client {
            road: Arc::new(Road {
                http,
                api_key,
                max_body_bytes,
                budget: RetryBudget::full(),
            }),
            plan: Arc::new(Plan {
                base_url,
                companies,
                wallet,
                user_agent,
                limits,
            }),
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.base_url())
            .field("api_key", &self.road.api_key)
            .field("limits", &self.plan.limits)
            .finish_non_exhaustive()
    }
}
