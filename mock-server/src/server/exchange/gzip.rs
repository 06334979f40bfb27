//! Compressed responses, with the feature `gzip`.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Request};
use tower_http::compression::Compression;
use tower_service::Service;

use crate::faults::apply::body::FaultyBody;

pub(super) fn accept_encoding<B>(request: &Request<B>) -> Option<HeaderValue> {
    request.headers().get(ACCEPT_ENCODING).cloned()
}

/// Compresses a response if its client accepts that.
pub(super) async fn compress(accepted: HeaderValue, is_head: bool, response: Response) -> Response {
    let mut request = Request::new(());
    request.headers_mut().insert(ACCEPT_ENCODING, accepted);
    let length = response.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let response = match length {
        // The headers of a GET, whose body is not sent.
        Some(length) if is_head => response.map(|_| {
            Body::new(FaultyBody::whole(Bytes::new()).with_wrong_length(Some(length), None))
        }),
        _ => response,
    };
    let Ok(response) = Compression::new(Once(Some(response))).call(request).await;
    response.map(Body::new)
}

/// A service that responds once.
struct Once(Option<Response>);

impl Service<Request<()>> for Once {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(self.0.take().unwrap_or_default()))
    }
}
