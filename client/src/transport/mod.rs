//! The HTTP service below the client: any `tower::Service` over `http` types, by default reqwest.

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
mod reqwest_service;
#[cfg_attr(
    not(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider")),
    path = "no_tls.rs"
)]
mod tls;

pub(crate) use error::{body_fault, send_fault};
pub use reqwest_service::{DEFAULT_CONNECT_TIMEOUT, POOL_IDLE_TIMEOUT};
pub(crate) use reqwest_service::{ProxyChoice, TransportSettings, connect};
pub(crate) use tls::RootCertificate;

/// The service that the client calls. It has no `Debug` of what it holds.
#[derive(Clone)]
pub(crate) struct HttpService(Arc<dyn Exchange>);

/// Takes a request to the service and back. Unlike a [`tower::Service`](Service) it is shared and not
/// cloned, which for a boxed service would be an allocation for each request.
trait Exchange: Send + Sync {
    fn exchange(&self, request: Request<RequestBody>) -> Exchanging;
}

pub(crate) type Exchanging =
    Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, BoxError>> + Send>>;

impl HttpService {
    /// Any service. Undoing a content coding is ours, so it works with each of them.
    pub(crate) fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Arc::new(Joined(service)))
    }

    /// Sends a request, and gives the answer with its body as it was before it was compressed.
    pub(crate) fn send(&self, request: Request<RequestBody>) -> Exchanging {
        self.0.exchange(request)
    }
}

struct Joined<S>(S);

impl<S, B> Exchange for Joined<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn exchange(&self, request: Request<RequestBody>) -> Exchanging {
        let mut service = self.0.clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
            service.call(request).await.map(received).map_err(Into::into)
        })
    }
}

/// The body of an answer, decompressed, of any service.
pub(crate) type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// The body of a request: whole, in memory, often empty. What a [`tower::Service`](Service) given to
/// [`ClientBuilder::http_service`](crate::ClientBuilder::http_service) receives.
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

/// Marks an answer whose body has no end but that of the connection, so that one that was cut looks
/// whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndsByClosing;

/// Says which content codings an answer may have: those that are undone here.
pub(crate) fn ask_for_codings(headers: &mut HeaderMap) {
    #[cfg(feature = "gzip")]
    gzip::ask_for(headers);
    #[cfg(not(feature = "gzip"))]
    let _ = headers;
}

/// An answer as it came, made one as the client reads it.
fn received<B>(response: Response<B>) -> Response<ResponseBody>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let ends_by_closing = ends_by_closing(&response);
    let mut response = response.map(|body| body.map_err(Into::into).boxed_unsync());
    if ends_by_closing {
        response.extensions_mut().insert(EndsByClosing);
    }
    #[cfg(feature = "gzip")]
    let response = gzip::undone(response);
    response
}

/// Source: RFC 9112, section 6.3.
fn ends_by_closing<B: Body>(response: &Response<B>) -> bool {
    let headers = response.headers();
    let is_framed = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
    let is_told = is_framed
        || response.body().size_hint().exact().is_some()
        || response.version() > Version::HTTP_11
        || response.status() == StatusCode::NO_CONTENT;
    !is_told
}
