//! The HTTP service below the client: any `tower::Service` over `http` types, by default reqwest.
//!
//! Nothing outside this folder names reqwest, hyper or a TLS library.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tower_service::Service;

use crate::error::BoxError;

pub(crate) mod base_url;
mod error;
#[cfg(feature = "gzip")]
mod gzip;
pub(crate) mod path;
mod pools;
mod proxy;
mod reqwest_service;
mod runtime;
mod tls;

pub(crate) use error::{body_error, send_error};
pub(crate) use pools::PoolId;
pub(crate) use proxy::ProxyChoice;
pub use reqwest_service::{
    DEFAULT_CONNECT_TIMEOUT, DEFAULT_HTTP2_KEEP_ALIVE_INTERVAL, DEFAULT_HTTP2_KEEP_ALIVE_TIMEOUT,
    POOL_IDLE_TIMEOUT,
};
pub(crate) use reqwest_service::{TransportSettings, connect};
pub(crate) use runtime::check_runtime;
pub(crate) use tls::{Identity, RootCertificate};

/// The HTTP service below a client: what a layer of
/// [`ClientBuilder::layer`](crate::ClientBuilder::layer) wraps. Responses have the body as it was
/// received, not decompressed.
#[derive(Clone)]
pub struct HttpService(Arc<dyn HttpExecutor>);

/// Sends a request. Unlike a [`tower::Service`](Service) it is shared and not cloned, which for a
/// boxed service would be an allocation for each request.
trait HttpExecutor: Send + Sync {
    fn execute(&self, request: Request<RequestBody>) -> SentRequest;

    /// The connections that the next request of this runtime can use.
    fn pool(&self) -> PoolId {
        PoolId::NONE
    }

    /// Makes the next request of this runtime use a new connection, unless one of the pool's other
    /// requests has already caused that.
    fn retire(&self, _pool: PoolId) {}
}

/// A request that is being sent.
pub(crate) struct SentRequest {
    pub(crate) response: ResponseFuture,
    /// The connections that it can use.
    pub(crate) pool: PoolId,
}

pub(crate) type ResponseFuture =
    Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, BoxError>> + Send>>;

impl HttpService {
    /// Wraps any service, which may itself call `inner`.
    pub(crate) fn new<S, B>(service: S, inner: Option<Self>) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Arc::new(TowerService { service, inner }))
    }

    /// Sends a request.
    pub(crate) fn send(&self, request: Request<RequestBody>) -> SentRequest {
        self.0.execute(request)
    }

    /// Makes the next request of this runtime use a new connection, if the pool is still in use.
    pub(crate) fn retire(&self, pool: PoolId) {
        self.0.retire(pool);
    }
}

impl std::fmt::Debug for HttpService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpService")
    }
}

impl Service<Request<RequestBody>> for HttpService {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> ResponseFuture {
        self.send(request).response
    }
}

struct TowerService<S> {
    service: S,
    /// The service below, if this one is a layer: its connections are those of the client.
    inner: Option<HttpService>,
}

impl<S, B> HttpExecutor for TowerService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn execute(&self, request: Request<RequestBody>) -> SentRequest {
        let pool = self.pool();
        let mut service = self.service.clone();
        let response = Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
            service.call(request).await.map(wrap_response).map_err(Into::into)
        });
        SentRequest { response, pool }
    }

    fn pool(&self) -> PoolId {
        self.inner.as_ref().map_or(PoolId::NONE, |inner| inner.0.pool())
    }

    fn retire(&self, pool: PoolId) {
        if let Some(inner) = &self.inner {
            inner.retire(pool);
        }
    }
}

/// The body of a response of any service.
#[derive(Debug, Default)]
pub struct ResponseBody(UnsyncBoxBody<Bytes, BoxError>);

impl ResponseBody {
    fn new<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(body.map_err(Into::into).boxed_unsync())
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// The body of a request: complete, in memory, often empty. A [`tower::Service`](Service) that is
/// given to [`ClientBuilder::http_service`](crate::ClientBuilder::http_service) receives it.
#[derive(Clone, Default)]
pub struct RequestBody(Option<Bytes>);

impl RequestBody {
    pub(crate) fn empty() -> Self {
        Self(None)
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self((!bytes.is_empty()).then_some(bytes))
    }
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RequestBody({} bytes)", self.0.as_ref().map_or(0, Bytes::len))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// Marks a response whose body ends with its connection (RFC 9112, section 6.3), so that a
/// truncated body looks complete.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CloseDelimited;

/// Names the content codings that responses may have: those that are decoded here.
pub(crate) fn set_accept_encoding(headers: &mut HeaderMap) {
    #[cfg(feature = "gzip")]
    gzip::set_accept_encoding(headers);
    #[cfg(not(feature = "gzip"))]
    let _ = headers;
}

/// Decompresses the body of a response, if it has a coding that is decoded here.
pub(crate) fn decompress(response: Response<ResponseBody>) -> Response<ResponseBody> {
    #[cfg(feature = "gzip")]
    let response = gzip::decompress(response);
    response
}

/// A response of any service as the client reads it.
fn wrap_response<B>(response: Response<B>) -> Response<ResponseBody>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let is_close_delimited = is_close_delimited(&response);
    let mut response = response.map(ResponseBody::new);
    if is_close_delimited {
        response.extensions_mut().insert(CloseDelimited);
    }
    response
}

/// RFC 9112, section 6.3.
fn is_close_delimited<B: Body>(response: &Response<B>) -> bool {
    let headers = response.headers();
    let is_framed = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
    let has_known_end = is_framed
        || response.body().size_hint().exact().is_some()
        || response.version() > Version::HTTP_11
        || response.status() == StatusCode::NO_CONTENT;
    !has_known_end
}
