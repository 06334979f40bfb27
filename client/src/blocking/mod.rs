//! The client for programs without async code. Feature `blocking`.
//!
//! Names and behaviour are those of the async client; where that says `.await`, this says
//! [`wait()`](Call::wait).
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use partner_api::blocking::Client;
//!
//! fn main() -> Result<(), partner_api::Error> {
//!     let client = Client::from_env()?; // PARTNER_API_BASE_URL, PARTNER_API_KEY
//!     for company in client.companies().timeout(Duration::from_secs(60)).stream() {
//!         println!("{}", company?.name);
//!     }
//!     println!("{} credits left", client.wallet().wait()?.balance);
//!     Ok(())
//! }
//! ```
//!
//! # Inside async code
//!
//! A call that is made by an async task of tokio would hold up its thread and all other tasks
//! there. It is not made, and is an error of the kind [`ErrorKind::Request`](crate::ErrorKind::Request); await the async
//! [`Client`](crate::Client) there. Where tokio allows blocking, in `spawn_blocking` and
//! `block_in_place`, calls are made. Building a client and dropping one is fine anywhere.
//!
//! # How it works
//!
//! A client and its clones have one thread, which looks after connections and timers, between
//! calls, too: so it sees when the service closes a pooled connection. A call runs on the thread
//! that waits for it, so that calls of several threads run side by side. When the last clone,
//! call and stream of a client is dropped, its thread closes the connections and ends; nothing
//! waits for it.

use std::fmt;
use std::sync::Arc;

use http::Method;

use crate::auth::api_key::ApiKey;
use crate::client;
use crate::client::builder::ClientBuilder;
use crate::error::Error;
use crate::models::companies::Company;
use crate::models::wallet::Wallet;
use crate::transport::path::ApiPath;

mod builder;
mod call;
mod runtime;

pub use builder::RequestBuilder;
pub use call::{Call, ListCall, ListStream};
use runtime::BlockingRuntime;

/// A client of the Partner API whose calls block. See the [module](self).
///
/// It is cheap to clone and can be used by several threads at once. Settings of your own are
/// those of the async client: [`ClientBuilder::build_blocking`].
#[derive(Clone)]
pub struct Client {
    client: client::Client,
    runtime: Arc<BlockingRuntime>,
}

impl Client {
    /// A client with defaults for everything but base URL and key.
    ///
    /// # Errors
    /// As [`ClientBuilder::build_blocking`].
    pub fn new(base_url: &str, api_key: &str) -> Result<Self, Error> {
        client::Client::new(base_url, api_key).and_then(Self::from_client)
    }

    /// A client with defaults for everything but base URL and key, which stand in the environment
    /// variables [`BASE_URL_ENV`](crate::BASE_URL_ENV) and
    /// [`API_KEY_ENV`](crate::API_KEY_ENV).
    ///
    /// # Errors
    /// As [`ClientBuilder::build_blocking`].
    pub fn from_env() -> Result<Self, Error> {
        client::Client::from_env().and_then(Self::from_client)
    }

    /// A client that blocks, from one that does not. Both share connections and retry budget; a
    /// connection lives no longer than the runtime, or the blocking client, whose call made it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the system has no thread, or nothing to watch connections with.
    pub fn from_client(client: client::Client) -> Result<Self, Error> {
        let runtime = BlockingRuntime::start().map_err(|cause| {
            Error::config("blocking", format!("its thread cannot be started: {cause}"))
        })?;
        Ok(Self { client, runtime: Arc::new(runtime) })
    }

    /// Lists the clients that you have onboarded, as
    /// [`Client::companies`](crate::Client::companies) does.
    pub fn companies(&self) -> ListCall<Company> {
        ListCall::new(self.client.companies(), &self.runtime)
    }

    /// Reads the prepaid credit wallet, as [`Client::wallet`](crate::Client::wallet) does.
    pub fn wallet(&self) -> Call<Wallet> {
        Call::new(self.client.wallet(), &self.runtime)
    }

    /// The base URL in use, with [`API_PATH`](crate::API_PATH) at its end.
    pub fn base_url(&self) -> &str {
        self.client.base_url()
    }

    /// How many tokens the retry budget has now, as
    /// [`Client::retry_tokens`](crate::Client::retry_tokens).
    pub fn retry_tokens(&self) -> Option<u32> {
        self.client.retry_tokens()
    }

    /// A request of any method to any path below the base URL, as
    /// [`Client::request`](crate::Client::request) makes it.
    pub fn request(&self, method: Method, path: impl Into<ApiPath>) -> RequestBuilder {
        RequestBuilder::new(self.client.request(method, path), &self.runtime)
    }

    /// A `GET` request: see [`request`](Self::request).
    pub fn get(&self, path: impl Into<ApiPath>) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A `POST` request: see [`request`](Self::request).
    pub fn post(&self, path: impl Into<ApiPath>) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// A `PUT` request: see [`request`](Self::request).
    pub fn put(&self, path: impl Into<ApiPath>) -> RequestBuilder {
        self.request(Method::PUT, path)
    }

    /// A `PATCH` request: see [`request`](Self::request).
    pub fn patch(&self, path: impl Into<ApiPath>) -> RequestBuilder {
        self.request(Method::PATCH, path)
    }

    /// A `DELETE` request: see [`request`](Self::request).
    pub fn delete(&self, path: impl Into<ApiPath>) -> RequestBuilder {
        self.request(Method::DELETE, path)
    }

    /// A client for another partner's key over the same connections and the same thread, as
    /// [`Client::with_api_key`](crate::Client::with_api_key) makes it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the text is no key: see [`ApiKey::new`].
    pub fn with_api_key<K>(&self, api_key: K) -> Result<Self, Error>
    where
        K: TryInto<ApiKey>,
        K::Error: fmt::Display,
    {
        Ok(Self { client: self.client.with_api_key(api_key)?, runtime: Arc::clone(&self.runtime) })
    }

    /// Replaces the key of this client and all its clones, as
    /// [`Client::rotate_api_key`](crate::Client::rotate_api_key) does.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the text is no key: see [`ApiKey::new`]. The old key then stays.
    pub fn rotate_api_key<K>(&self, api_key: K) -> Result<(), Error>
    where
        K: TryInto<ApiKey>,
        K::Error: fmt::Display,
    {
        self.client.rotate_api_key(api_key)
    }
}

impl ClientBuilder {
    /// Checks everything and builds a client that blocks. No connection is made yet.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let client = partner_api::Client::builder()
    ///     .base_url("https://app.example.com")
    ///     .api_key("pk_live_0123456789abcdef")
    ///     .timeout(Duration::from_secs(10))
    ///     .build_blocking()?;
    /// # Ok::<(), partner_api::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`build`](Self::build); or as [`Client::from_client`].
    pub fn build_blocking(self) -> Result<Client, Error> {
        self.build().and_then(Client::from_client)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::Client").field(&self.client).finish()
    }
}
