//! The mock with no socket: a tower service whose error is what a broken transport says.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::{self, Future};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, Request, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::handler::{Outcome, RequestHandler};
use crate::api::headers::is_bodyless;
use crate::api::host::RequestSource;
use crate::faults::apply::{ConnectionFault, FaultOutcome, GARBAGE, ResponseAction};
use crate::faults::body::ResponseBody;

/// The mock as a [`tower_service::Service`] with no socket, by [`Mock::service`](crate::Mock::service).
///
/// Where a fault would break the connection, the call or the body ends in the [`io::Error`] that a
/// socket would have given: [`ConnectionReset`](io::ErrorKind::ConnectionReset),
/// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) for one that was closed too soon, and
/// [`InvalidData`](io::ErrorKind::InvalidData) for what is not HTTP.
#[derive(Clone)]
pub struct MockService {
    handler: Arc<RequestHandler>,
}

impl MockService {
    pub(crate) fn new(handler: &Arc<RequestHandler>) -> Self {
        Self { handler: Arc::clone(handler) }
    }

    /// A router cannot fail. So where this service does, the router's answer has a body that ends
    /// at once, with the same error.
    pub(crate) fn into_router(self) -> Router {
        Router::new().fallback(move |request: axum::extract::Request| {
            let answer = self.answer(request);
            async move {
                answer.await.unwrap_or_else(|error| {
                    let body = ResponseBody::whole(Bytes::new())
                        .with_wrong_length(None, Some(error.kind()));
                    Response::new(Body::new(body))
                })
            }
        })
    }

    fn answer<B>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = io::Result<Response<Body>>> + Send + use<B>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let handler = Arc::clone(&self.handler);
        let (head, body) = request.into_parts();
        let received = handler.receive(RequestSource::InProcess);
        let is_head = head.method == Method::HEAD;
        async move {
            let answer = if handler.wants_body(&head) {
                let answer = handler.answer_with_body(received, &head, body).await;
                answer.map_err(|_| io::ErrorKind::ConnectionAborted)?
            } else {
                handler.answer(received, &head)
            };
            let answer = match answer {
                Outcome::Response(answer) => answer,
                Outcome::Faulted(injection) => perform(*injection).await?,
            };
            Ok(finish(answer, is_head))
        }
    }
}

/// A head is followed by no body, and says how long the body is, as the wire would have it; some
/// answers have none (RFC 9110, section 8.6).
fn finish(mut answer: Response<ResponseBody>, is_head: bool) -> Response<Body> {
    let is_bodyless = is_bodyless(answer.status());
    if let Some(length) = answer.body().length()
        && !is_bodyless
    {
        answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    if is_head || is_bodyless { answer.map(|_| Body::empty()) } else { answer.map(Body::new) }
}

async fn perform(
    FaultOutcome { mut timeline, delay, action }: FaultOutcome,
) -> io::Result<Response<ResponseBody>> {
    timeline.wait(delay).await;
    match action {
        ResponseAction::Answer(mut answer) | ResponseAction::RawResponse { mut answer, .. } => {
            timeline.clock().date(answer.headers_mut());
            Ok(answer)
        }
        ResponseAction::Lost(ConnectionFault::Reset | ConnectionFault::ResetAfterRequest) => {
            Err(io::ErrorKind::ConnectionReset.into())
        }
        ResponseAction::Lost(ConnectionFault::Close) => Err(io::ErrorKind::UnexpectedEof.into()),
        ResponseAction::Lost(ConnectionFault::Hang) => future::pending().await,
        ResponseAction::Lost(ConnectionFault::Garbage) => Err(not_http().await),
    }
}

/// What an HTTP library says of garbage, with its own error in it for those who look for that.
async fn not_http() -> io::Error {
    let wire = TokioIo::new(tokio::io::join(GARBAGE, tokio::io::sink()));
    let never = service_fn(|_| future::pending::<Result<Response<ResponseBody>, Infallible>>());
    match http1::Builder::new().serve_connection(wire, never).await {
        Err(error) => io::Error::new(io::ErrorKind::InvalidData, error),
        Ok(()) => io::ErrorKind::InvalidData.into(),
    }
}

impl<B> tower_service::Service<Request<B>> for MockService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response<Body>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(self.answer(request))
    }
}

impl fmt::Debug for MockService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockService").finish_non_exhaustive()
    }
}
