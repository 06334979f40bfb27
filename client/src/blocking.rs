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
//!     for company in client.companies().deadline(Duration::from_secs(60)).stream() {
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
//! there. It is not made, and is an error of the kind [`ErrorKind::Request`]; await the async
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
use std::iter::FusedIterator;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::call::{self, Document, List};
use crate::client;
use crate::companies::Company;
use crate::config::ClientBuilder;
use crate::error::{ConfigProblem, Error, ErrorKind};
use crate::response::ApiResponse;
use crate::retry::RetryPolicy;
use crate::stream;
use crate::wallet::Wallet;

mod driver;

use driver::Driver;

/// A client of the Partner API whose calls block. See the [module](self).
///
/// It is cheap to clone and can be used by several threads at once. Settings of your own are
/// those of the async client: [`ClientBuilder::build_blocking`].
#[derive(Clone)]
pub struct Client {
    client: client::Client,
    driver: Arc<Driver>,
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
    /// variables [`BASE_URL_VARIABLE`](crate::BASE_URL_VARIABLE) and
    /// [`API_KEY_VARIABLE`](crate::API_KEY_VARIABLE).
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
    /// [`ErrorKind::Config`] if the system has no thread, or nothing to watch connections with.
    pub fn from_client(client: client::Client) -> Result<Self, Error> {
        let driver = Driver::start().map_err(|cause| {
            let problem = ConfigProblem {
                setting: "blocking",
                problem: format!("its thread cannot be started: {cause}"),
            };
            Error::unsent(ErrorKind::Config(vec![problem]))
        })?;
        Ok(Self {
            client,
            driver: Arc::new(driver),
        })
    }

    /// Lists the clients that you have onboarded, as
    /// [`Client::companies`](crate::Client::companies) does.
    pub fn companies(&self) -> ListCall<Company> {
        self.blocking(self.client.companies())
    }

    /// Reads the prepaid credit wallet, as [`Client::wallet`](crate::Client::wallet) does.
    pub fn wallet(&self) -> Call<Wallet> {
        self.blocking(self.client.wallet())
    }

    /// The base URL in use, with [`API_PATH`](crate::API_PATH) at its end.
    pub fn base_url(&self) -> &str {
        self.client.base_url()
    }

    fn blocking<T, Shape>(&self, call: call::Call<T, Shape>) -> Call<T, Shape> {
        Call {
            call,
            driver: Arc::clone(&self.driver),
        }
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
    ///     .deadline(Duration::from_secs(10))
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

/// A call that is ready to be made. Nothing is sent until [`wait`](Self::wait) or one of the
/// others that end it.
#[must_use = "a call is made by wait()"]
pub struct Call<T, Shape = Document> {
    call: call::Call<T, Shape>,
    driver: Arc<Driver>,
}

/// A [`Call`] whose answer is a list.
pub type ListCall<T> = Call<Vec<T>, List>;

impl<T, Shape> Call<T, Shape> {
    /// The time limit of this whole call, as [`Call::deadline`](crate::Call::deadline).
    pub fn deadline(self, deadline: Duration) -> Self {
        self.with(|call| call.deadline(deadline))
    }

    /// How this call is retried, as [`Call::retry`](crate::Call::retry).
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.with(|call| call.retry(policy))
    }

    fn with(self, option: impl FnOnce(call::Call<T, Shape>) -> call::Call<T, Shape>) -> Self {
        Self {
            call: option(self.call),
            ..self
        }
    }
}

impl<T: Send + 'static, Shape: 'static> Call<T, Shape> {
    /// Makes the call, and waits for its value.
    ///
    /// # Errors
    /// Any [`Error`]; [`ErrorKind::Request`] inside an async task, see the [module](self).
    pub fn wait(self) -> Result<T, Error> {
        self.with_response().map(|response| response.value)
    }

    /// Makes the call, waits, and gives, beside the value, what is known of the answer.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn with_response(self) -> Result<ApiResponse<T>, Error> {
        self.driver.block_on(self.call.with_response())?
    }
}

impl<T: DeserializeOwned + Send + 'static> Call<Vec<T>, List> {
    /// Makes the call and gives the elements one by one as they arrive, in memory that does not
    /// grow with the list. What holds for [`Call::stream`](crate::Call::stream) holds here.
    pub fn stream(self) -> ListStream<T> {
        ListStream {
            stream: self.call.stream(),
            driver: self.driver,
            refused: false,
        }
    }
}

/// The elements of a list as they arrive; each `next` waits for one. See [`Call::stream`].
///
/// What it gives is what the async [`ListStream`](crate::ListStream) gives. Dropping it stops the
/// transfer.
#[must_use = "nothing is sent until it is iterated over"]
pub struct ListStream<T> {
    stream: stream::ListStream<T>,
    driver: Arc<Driver>,
    refused: bool,
}

impl<T: DeserializeOwned> Iterator for ListStream<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.refused {
            return None;
        }
        match self.driver.block_on(self.stream.next()) {
            Ok(item) => item,
            Err(refusal) => {
                self.refused = true;
                Some(Err(refusal))
            }
        }
    }
}

impl<T: DeserializeOwned> FusedIterator for ListStream<T> {}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::Client")
            .field(&self.client)
            .finish()
    }
}

impl<T, Shape> fmt::Debug for Call<T, Shape> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::Call").field(&self.call).finish()
    }
}

impl<T> fmt::Debug for ListStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::ListStream")
            .field(&self.stream)
            .finish()
    }
}
