//! The builder of a request to any path, whose call blocks.

use std::fmt;
use std::sync::Arc;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use super::call::{Call, ListCall};
use super::runtime::BlockingRuntime;
use crate::request::builder;

/// Builds a request to any path, as [`RequestBuilder`](crate::RequestBuilder) does.
///
/// ```no_run
/// # #[derive(serde::Deserialize)]
/// # struct Stats { sent: u64 }
/// # fn run(client: partner_api::blocking::Client) -> Result<(), partner_api::Error> {
/// // Path and schema are examples: the reference announces stats and shows none.
/// let stats = client.get("stats").query("month", "2026-06").send::<Stats>().wait()?;
/// println!("{} sent", stats.sent);
/// # Ok(())
/// # }
/// ```
#[must_use = "a request does nothing until send() and its like make a call of it that is waited for"]
pub struct RequestBuilder {
    request: builder::RequestBuilder,
    runtime: Arc<BlockingRuntime>,
}

impl RequestBuilder {
    pub(super) fn new(request: builder::RequestBuilder, runtime: &Arc<BlockingRuntime>) -> Self {
        Self { request, runtime: Arc::clone(runtime) }
    }

    /// Adds a parameter to the query, percent-encoded.
    pub fn query(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|request| request.query(name, value))
    }

    /// Sets a header, as [`RequestBuilder::header`](crate::RequestBuilder::header) does.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with(|request| request.header(name, value))
    }

    /// Sets the path with its variable parts as names, as
    /// [`RequestBuilder::url_template`](crate::RequestBuilder::url_template) does.
    pub fn url_template(self, template: impl Into<String>) -> Self {
        self.with(|request| request.url_template(template))
    }

    /// Sets the `Idempotency-Key` header, as
    /// [`RequestBuilder::idempotency_key`](crate::RequestBuilder::idempotency_key) does.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.with(|request| request.idempotency_key(key))
    }

    /// Sets the body to this value as JSON.
    pub fn json<B: Serialize + ?Sized>(self, body: &B) -> Self {
        self.with(|request| request.json(body))
    }

    /// Makes a call of it whose response is one JSON document.
    pub fn send<T: DeserializeOwned + Send + 'static>(self) -> Call<T> {
        Call::new(self.request.send(), &self.runtime)
    }

    /// Makes a call of it whose response is a list in the envelope that the reference shows,
    /// `{ "data": [ … ] }`.
    pub fn send_list<T: DeserializeOwned + Send + 'static>(self) -> ListCall<T> {
        ListCall::new(self.request.send_list(), &self.runtime)
    }

    /// Makes a call of it whose response has no body, or one that does not matter.
    pub fn send_empty(self) -> Call<()> {
        Call::new(self.request.send_empty(), &self.runtime)
    }

    fn with(self, option: impl FnOnce(builder::RequestBuilder) -> builder::RequestBuilder) -> Self {
        Self { request: option(self.request), ..self }
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::RequestBuilder").field(&self.request).finish()
    }
}
