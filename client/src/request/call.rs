//! A call: options, and the value or error that it returns when it is awaited.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use serde_core::de::DeserializeOwned;

use crate::decode::body_decoder::{BodyDecoder, Decoded, DocumentDecoder, ListCollector};
use crate::error::{Error, ErrorKind};
use crate::pipeline::attempt::{AttemptResponse, Decode, LeaveOpen};
use crate::pipeline::retry::RetryPolicy;
use crate::pipeline::{CallOptions, ClientInner, execute};
use crate::request::complete_list::CompleteList;
use crate::request::headers::set_header;
use crate::request::list_stream::{ListStream, OpenBody};
use crate::request::response::ApiResponse;
use crate::transport::RequestBody;

/// A call that is ready to be made. Nothing is sent until it is awaited.
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn run(client: partner_api::Client) -> Result<(), partner_api::Error> {
/// let wallet = client.wallet().await?; // as it is …
/// let wallet = client.wallet().timeout(Duration::from_secs(5)).await?; // … or with options
/// # Ok(())
/// # }
/// ```
///
/// Dropping the future at any point cancels the call. The client and its other calls go on.
#[must_use = "a call is made when it is awaited"]
pub struct Call<T> {
    prepared: PreparedCall,
    new_decoder: fn() -> DocumentDecoder<T>,
}

/// A call that returns a list: the whole list when it is awaited, a [`CompleteList`], or item by item
/// with [`stream`](Self::stream).
///
/// The list is in the envelope that the reference shows, `{ "data": [ … ] }`. Nothing is sent until
/// it is awaited or polled.
#[must_use = "a call is made when it is awaited"]
pub struct ListCall<T> {
    prepared: PreparedCall,
    item: PhantomData<fn() -> T>,
}

/// The future of a [`Call`] or a [`ListCall`].
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// The parts that calls and list calls have in common.
pub(crate) struct PreparedCall {
    pub(crate) inner: Arc<ClientInner>,
    /// The request, or why it is invalid.
    pub(crate) request: Result<Arc<Request<RequestBody>>, String>,
    pub(crate) options: CallOptions,
}

impl PreparedCall {
    fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.and_then(|request| {
            let mut request = Arc::unwrap_or_clone(request);
            set_header(&mut request, name, value).map(|()| Arc::new(request))
        });
        self
    }

    fn request(&self) -> Result<&Request<RequestBody>, Error> {
        let request = self.request.as_deref();
        request.map_err(|problem| Error::unsent(ErrorKind::Request(problem.clone())))
    }

    /// Makes the call. Large values are borrowed, since a future holds each argument twice.
    async fn send<D>(&self, new_decoder: fn() -> D) -> Result<ApiResponse<D::Value>, Error>
    where
        D: BodyDecoder,
        D::Value: 'static,
    {
        let Self { inner, options, .. } = self;
        let request = self.request()?;
        let reader = Decode { new_decoder, max_response_bytes: inner.max_response_bytes };
        let output = execute(inner, request, options, &reader).await?;
        let AttemptResponse { head, body, redactor, .. } = output.response;
        let Decoded { value, unknown_fields } = body;
        if let Some(drift) = &inner.drift {
            drift.inspect(&value, &redactor);
            drift.inspect_envelope(request.uri().path(), &unknown_fields, &redactor);
        }
        Ok(ApiResponse {
            value,
            status: head.status,
            headers: head.headers,
            unknown_fields,
            failed_attempts: output.failed_attempts,
            elapsed: output.started.elapsed(),
        })
    }
}

impl<T> Call<T> {
    pub(crate) fn new(prepared: PreparedCall, new_decoder: fn() -> DocumentDecoder<T>) -> Self {
        Self { prepared, new_decoder }
    }

    /// Sets the timeout of this whole call: all attempts, the waits between them, and the body.
    ///
    /// Zero fails without sending anything. Default: the client's,
    /// [`ClientBuilder::timeout`](crate::ClientBuilder::timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.prepared.options.timeouts.call = timeout;
        self
    }

    /// Sets a header, such as `traceparent` or a correlation id, as
    /// [`RequestBuilder::header`](crate::RequestBuilder::header) does.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { prepared: self.prepared.header(name, value), ..self }
    }

    /// Sets how this call is retried. Default: the client's policy,
    /// [`ClientBuilder::retry`](crate::ClientBuilder::retry).
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.prepared.options.retry = policy;
        self
    }
}

impl<T: Send + 'static> Call<T> {
    /// Makes the call and returns the value together with its response: status, headers, attempts.
    ///
    /// # Errors
    /// Any [`Error`], as when the call itself is awaited.
    pub async fn with_response(self) -> Result<ApiResponse<T>, Error> {
        self.prepared.send(self.new_decoder).await
    }
}

impl<T> ListCall<T> {
    pub(crate) fn new(prepared: PreparedCall) -> Self {
        Self { prepared, item: PhantomData }
    }

    /// Sets the timeout of this whole call, as [`Call::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.prepared.options.timeouts.call = timeout;
        self
    }

    /// Sets a header, as [`Call::header`].
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { prepared: self.prepared.header(name, value), ..self }
    }

    /// Sets how this call is retried, as [`Call::retry`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.prepared.options.retry = policy;
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> ListCall<T> {
    /// Makes the call and returns the list together with its response: status, headers, attempts.
    ///
    /// # Errors
    /// Any [`Error`], as when the call itself is awaited.
    pub async fn with_response(self) -> Result<ApiResponse<CompleteList<T>>, Error> {
        let response = self.prepared.send(ListCollector::new).await?;
        Ok(response.map(CompleteList::assume_complete))
    }

    /// Makes the call and returns the items one by one as they arrive, in memory that does not grow
    /// with the list.
    ///
    /// Retries end where the successful response begins, since items that were delivered cannot be
    /// taken back. The timeout is still that of the whole call: give a long list, or a slow
    /// consumer, a long one. The size limit
    /// ([`ClientBuilder::max_response_bytes`](crate::ClientBuilder::max_response_bytes)) applies to
    /// the bytes between one item and the next, not to the list.
    ///
    /// ```no_run
    /// # async fn run(client: partner_api::Client) -> Result<(), partner_api::Error> {
    /// let mut companies = client.companies().stream();
    /// while let Some(company) = companies.next().await {
    ///     match company {
    ///         Ok(company) => println!("{}", company.name),
    ///         Err(error) if error.is_list_item() => eprintln!("skipped: {error}"),
    ///         Err(error) => return Err(error), // the list is incomplete
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> ListStream<T> {
        let prepared = self.prepared;
        ListStream::new(Box::pin(async move {
            let request = prepared.request()?;
            let output = execute(&prepared.inner, request, &prepared.options, &LeaveOpen).await?;
            Ok(OpenBody { output, uri: request.uri().clone(), inner: Arc::clone(&prepared.inner) })
        }))
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.prepared.send(self.new_decoder).await.map(|response| response.value)
        })
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for ListCall<T> {
    type Output = Result<CompleteList<T>, Error>;
    type IntoFuture = CallFuture<CompleteList<T>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.with_response().await.map(|response| response.value) })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.prepared.debug("Call", f)
    }
}

impl<T> fmt::Debug for ListCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.prepared.debug("ListCall", f)
    }
}

impl PreparedCall {
    fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct(name);
        debug_request(self.request.as_deref(), &mut debug);
        debug.field("options", &self.options).finish_non_exhaustive()
    }
}

/// Prints method and path only: query, headers and body may be secret.
pub(crate) fn debug_request(
    request: Result<&Request<RequestBody>, &String>,
    debug: &mut fmt::DebugStruct<'_, '_>,
) {
    match request {
        Ok(request) => debug.field("method", request.method()).field("path", &request.uri().path()),
        Err(problem) => debug.field("problem", problem),
    };
}
