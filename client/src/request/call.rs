//! A call: the options it takes first, and the value or error it becomes when awaited.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use serde_core::de::DeserializeOwned;

use crate::decode::body_decoder::NewSink;
use crate::error::{Error, ErrorKind};
use crate::pipeline::attempt::{Arrived, attempt, open};
use crate::pipeline::retry::RetryPolicy;
use crate::pipeline::timeouts::Limits;
use crate::pipeline::{self, Road};
use crate::request::list_stream::{ListStream, Opened};
use crate::request::response::ApiResponse;
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
pub struct Call<T, Shape = Document> {
    road: Arc<Road>,
    /// Or why it cannot be made.
    request: Result<Arc<Request<RequestBody>>, String>,
    limits: Limits,
    sink: NewSink<T>,
    shape: PhantomData<fn() -> Shape>,
}

/// The answer of a [`Call`] is one JSON document.
#[derive(Debug)]
pub enum Document {}

/// The answer of a [`Call`] is a list in the envelope that the reference shows,
/// `{ "data": [ … ] }`, so that its elements can be streamed.
#[derive(Debug)]
pub enum List {}

/// A [`Call`] whose answer is a list.
pub type ListCall<T> = Call<Vec<T>, List>;

/// What a [`Call`] turns into when it is awaited.
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

impl<T, Shape> Call<T, Shape> {
    pub(crate) fn new(
        road: Arc<Road>,
        request: Result<Arc<Request<RequestBody>>, String>,
        limits: Limits,
        sink: NewSink<T>,
    ) -> Self {
        Self { road, request, limits, sink, shape: PhantomData }
    }

    /// The time limit of this whole call: all attempts, the waits between them, and the body.
    /// Zero fails at once, and nothing is sent. Without it, the client's applies:
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

impl<T: Send + 'static, Shape> Call<T, Shape> {
    /// Makes the call and gives, beside the value, what is known of the answer.
    ///
    /// # Errors
    /// Any [`Error`], as when the call itself is awaited.
    pub async fn with_response(self) -> Result<ApiResponse<T>, Error> {
        self.make().await
    }

    /// Borrows from the call what is large, since a future holds each of its arguments twice.
    async fn make(&self) -> Result<ApiResponse<T>, Error> {
        let Self { road, request, limits, sink, .. } = self;
        let request = sendable(request)?;
        let attempt = |exchanging, sent_key, patience| {
            attempt(exchanging, sent_key, patience, road.max_body_bytes, *sink)
        };
        let journey = pipeline::travel(road, request, limits, attempt).await?;
        let Arrived { head, value, sent_key, unknown_fields } = journey.arrived;
        if let Some(watch) = &road.drift {
            watch.look_at(&value, &sent_key);
            watch.look_beside(request.uri().path(), &unknown_fields, &sent_key);
        }
        Ok(ApiResponse {
            value,
            status: head.status,
            headers: head.headers,
            unknown_fields,
            failed_attempts: journey.failed_attempts,
            elapsed: journey.started.elapsed(),
        })
    }
}

impl<T: DeserializeOwned + Send + 'static> Call<Vec<T>, List> {
    /// Makes the call and gives the elements one by one as they arrive, in memory that does not
    /// grow with the list.
    ///
    /// Retries end where the good answer begins: what was given cannot be taken back. The deadline
    /// stays that of the whole call, so give a long list, or a slow reader, a long one. The size
    /// limit ([`ClientBuilder::max_body_bytes`](crate::ClientBuilder::max_body_bytes)) counts for
    /// what comes between one element and the next, not for the list.
    ///
    /// ```no_run
    /// # async fn run(client: partner_api::Client) -> Result<(), partner_api::Error> {
    /// let mut companies = client.companies().stream();
    /// while let Some(company) = companies.next().await {
    ///     match company {
    ///         Ok(company) => println!("{}", company.name),
    ///         Err(error) if error.is_element() => eprintln!("passed over: {error}"),
    ///         Err(error) => return Err(error), // the list is not whole
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> ListStream<T> {
        let Self { road, request, limits, .. } = self;
        ListStream::new(Box::pin(async move {
            let request = sendable(&request)?;
            let journey = pipeline::travel(&road, request, &limits, open).await?;
            Ok(Opened {
                journey,
                address: request.uri().clone(),
                max_element_bytes: road.max_body_bytes,
                drift: road.drift.clone(),
            })
        }))
    }
}

impl<T: Send + 'static, Shape: 'static> IntoFuture for Call<T, Shape> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.make().await.map(|response| response.value) })
    }
}

impl<T, Shape> fmt::Debug for Call<T, Shape> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Call");
        show_request(self.request.as_deref(), &mut shown);
        shown.field("limits", &self.limits).finish_non_exhaustive()
    }
}

fn sendable(
    request: &Result<Arc<Request<RequestBody>>, String>,
) -> Result<&Request<RequestBody>, Error> {
    request.as_deref().map_err(|problem| Error::unsent(ErrorKind::Request(problem.clone())))
}

/// Shows neither query nor headers nor body, which may be secret.
pub(crate) fn show_request(
    request: Result<&Request<RequestBody>, &String>,
    shown: &mut fmt::DebugStruct<'_, '_>,
) {
    match request {
        Ok(request) => shown.field("method", request.method()).field("path", &request.uri().path()),
        Err(problem) => shown.field("problem", problem),
    };
}
