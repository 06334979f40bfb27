//! The HTTP service below the client: a `tower::Service` over `http` types, by default reqwest.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tower::Service;
use tower::util::{BoxCloneSyncService, ServiceExt};

use crate::error::BoxError;

mod fault;
mod reqwest_service;
#[cfg_attr(
    not(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider")),
    path = "transport/no_tls.rs"
)]
mod tls;

pub(crate) use fault::{body_fault, send_fault};
pub use reqwest_service::{DEFAULT_CONNECT_TIMEOUT, POOL_IDLE_TIMEOUT};
pub(crate) use reqwest_service::{ProxyChoice, TransportSettings, connect};
pub(crate) use tls::RootCertificate;

/// The service that the client calls. It has no `Debug` of what it holds.
pub(crate) type HttpService =
    BoxCloneSyncService<Request<RequestBody>, Response<ResponseBody>, BoxError>;

/// The body of an answer, decompressed, of any service.
pub(crate) type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// The body of a request: whole, in memory, often empty. What a [`tower::Service`] given to
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

/// Boxes any service, with decompression around it, so that both kinds of service accept gzip.
pub(crate) fn boxed<S, B>(service: S) -> HttpService
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let service = service.map_err(Into::into).map_response(|response| {
        prepare(response).map(|body| body.map_err(Into::<BoxError>::into))
    });
    #[cfg(feature = "gzip")]
    let service = tower_http::decompression::Decompression::new(service);
    BoxCloneSyncService::new(
        service.map_response(|response: Response<_>| response.map(BodyExt::boxed_unsync)),
    )
}

/// Sees to an answer before decompression, which takes headers away and knows one name of gzip.
fn prepare<B: Body>(mut response: Response<B>) -> Response<B> {
    // RFC 9112, section 6.3.
    let headers = response.headers();
    let is_framed = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
    let is_told = is_framed
        || response.body().size_hint().exact().is_some()
        || response.version() > Version::HTTP_11
        || response.status() == StatusCode::NO_CONTENT;
    // RFC 9110, sections 8.4.1 and 8.4.1.3.
    let is_gzip = headers.get(CONTENT_ENCODING).is_some_and(|coding| {
        ["gzip", "x-gzip"]
            .iter()
            .any(|name| coding.as_bytes().eq_ignore_ascii_case(name.as_bytes()))
    });
    if !is_told {
        response.extensions_mut().insert(EndsByClosing);
    }
    if is_gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
