//! A request to any path, whose call blocks.

use std::fmt;
use std::sync::Arc;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use super::call::{Call, ListCall};
use super::runtime::Driver;
use crate::request::builder;

/// A request that becomes a [`Call`] once it is said what it returns, as
/// [`ApiRequest`](crate::ApiRequest) does.
///
/// ```no_run
/// # #[derive(serde::Deserialize)]
/// # struct Stats { sent: u64 }
/// # fn run(client: partner_api::blocking::Client) -> Result<(), partner_api::Error> {
/// // The path and the shape are invented: the reference announces stats and shows none.
/// let stats: Stats = client.get("stats").query("month", "2026-06").returning().wait()?;
/// println!("{} sent", stats.sent);
/// # Ok(())
/// # }
/// ```
#[must_use = "a request does nothing until it is said what it returns and that is waited for"]
pub struct ApiRequest {
    request: builder::ApiRequest,
    driver: Arc<Driver>,
}

impl ApiRequest {
    pub(super) fn new(request: builder::ApiRequest, driver: &Arc<Driver>) -> Self {
        Self { request, driver: Arc::clone(driver) }
    }

    /// Adds a parameter to the query, escaped.
    pub fn query(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|request| request.query(name, value))
    }

    /// Sets a header, as [`ApiRequest::header`](crate::ApiRequest::header) does.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with(|request| request.header(name, value))
    }

    /// Says that the service may get this request twice and will act on it once, as
    /// [`ApiRequest::idempotency_key`](crate::ApiRequest::idempotency_key) does.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.with(|request| request.idempotency_key(key))
    }

    /// Gives it a JSON body.
    pub fn json<B: Serialize + ?Sized>(self, body: &B) -> Self {
        self.with(|request| request.json(body))
    }

    /// It returns one JSON document.
    pub fn returning<T: DeserializeOwned + Send + 'static>(self) -> Call<T> {
        Call::new(self.request.returning(), &self.driver)
    }

    /// It returns a list in the envelope that the reference shows, `{ "data": [ … ] }`.
    pub fn returning_list<T: DeserializeOwned + Send + 'static>(self) -> ListCall<T> {
        Call::new(self.request.returning_list(), &self.driver)
    }

    /// It returns nothing that matters, or nothing at all: a body is read and forgotten.
    pub fn returning_nothing(self) -> Call<()> {
        Call::new(self.request.returning_nothing(), &self.driver)
    }

    fn with(self, option: impl FnOnce(builder::ApiRequest) -> builder::ApiRequest) -> Self {
        Self { request: option(self.request), ..self }
    }
}

impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::ApiRequest").field(&self.request).finish()
    }
}
