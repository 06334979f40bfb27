//! A call: the options it takes first, and the value or error it becomes when awaited.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;

use crate::decode::Decode;
use crate::error::Error;
use crate::limits::Limits;
use crate::response::ApiResponse;
use crate::retry::RetryPolicy;
use crate::road::{self, Road};
use crate::transport::RequestBody;

/// A call that is ready to be made. Nothing is sent until it is awaited.
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn run(client: partner_api::Client) -> Result<(), partner_api::Error> {
/// let wallet = client.wallet().await?; // as it is …
/// let companies = client.companies().deadline(Duration::from_secs(5)).await?; // … or with options
/// # Ok(())
/// # }
/// ```
///
/// Dropping the future at any point ends the call; the client and its other calls go on.
#[must_use = "a call is made when it is awaited"]
pub struct Call<T> {
    road: Arc<Road>,
    request: Request<RequestBody>,
    limits: Limits,
    decode: Decode<T>,
}

/// What a [`Call`] turns into when it is awaited.
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

impl<T> Call<T> {
    pub(crate) fn new(
        road: Arc<Road>,
        request: Request<RequestBody>,
        limits: Limits,
        decode: Decode<T>,
    ) -> Self {
        Self {
            road,
            request,
            limits,
            decode,
        }
    }

    /// The time limit of this whole call: all attempts, the waits between them, and the body.
    /// Zero fails at once. Without it, the client's applies:
    /// [`ClientBuilder::deadline`](crate::ClientBuilder::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// How this call is retried. Without it, the client's policy applies:
    /// [`ClientBuilder::retry`](crate::ClientBuilder::retry).
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.limits.retry = policy;
        self
    }
}

impl<T: Send + 'static> Call<T> {
    /// Makes the call and gives, beside the value, what is known of the answer.
    ///
    /// # Errors
    /// Any [`Error`], as when the call itself is awaited.
    pub async fn with_response(self) -> Result<ApiResponse<T>, Error> {
        road::travel(&self.road, self.request, &self.limits, self.decode).await
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.with_response().await.map(|response| response.value) })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", self.request.method())
            .field("path", &self.request.uri().path())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
