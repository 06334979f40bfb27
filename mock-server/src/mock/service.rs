//! The mock without a socket: a tower service whose error is that of a broken connection.

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
use axum::extract::Request as AxumRequest;
use axum::middleware::{Next, from_fn_with_state};
use bytes::Bytes;
use http::{Request, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::handler::RequestHandler;
use super::pipeline;
use crate::api::host::RequestSource;
use crate::faults::apply::{ConnectionFault, GARBAGE, deliver};
use crate::faults::body::FaultyBody;

/// The mock as a [`tower_service::Service`] with no socket, by [`Mock::service`](crate::Mock::service).
///
/// Where a fault would break the connection, the call or the body ends in the [`io::Error`] that a
/// socket would have given: [`ConnectionReset`](io::ErrorKind::ConnectionReset),
/// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) for one that was closed too soon, and
/// [`InvalidData`](io::ErrorKind::InvalidData) for what is not HTTP.
#[derive(Clone)]
pub struct MockService {
    handler: Arc<RequestHandler>,
    router: Router,
}

impl MockService {
    pub(crate) fn new(handler: &Arc<RequestHandler>) -> Self {
        let limits = handler.body_limits.clone();
        let router = pipeline::router(handler, RequestSource::InProcess, limits);
        Self { handler: Arc::clone(handler), router }
    }

    /// A router cannot fail. Where this service does, the router's response has a body that ends at
    /// once, with the same error.
    pub(crate) fn into_router(self) -> Router {
        self.router.layer(from_fn_with_state(self.handler, deliver_to_router)).with_state(())
    }
}

async fn deliver_to_router(
    axum::extract::State(handler): axum::extract::State<Arc<RequestHandler>>,
    request: AxumRequest,
    next: Next,
) -> Response<Body> {
    let response = next.run(request).await;
    delivered(&handler, response).await.unwrap_or_else(|error| {
        let body = FaultyBody::whole(Bytes::new()).with_wrong_length(None, Some(error.kind()));
        Response::new(Body::new(body))
    })
}

async fn delivered(
    handler: &RequestHandler,
    response: Response<Body>,
) -> io::Result<Response<Body>> {
    let undeliverable = match deliver(&handler.clock, response).await {
        Ok(response) => return Ok(response),
        Err(undeliverable) => undeliverable,
    };
    match undeliverable.fault {
        ConnectionFault::Reset => Err(io::ErrorKind::ConnectionReset.into()),
        ConnectionFault::Close => Err(io::ErrorKind::UnexpectedEof.into()),
        ConnectionFault::Aborted => Err(io::ErrorKind::ConnectionAborted.into()),
        ConnectionFault::Hang => future::pending().await,
        ConnectionFault::Garbage => Err(not_http().await),
        ConnectionFault::RawResponse { .. } => Ok(undeliverable.response),
    }
}

/// The error of an HTTP library that reads garbage.
async fn not_http() -> io::Error {
    let wire = TokioIo::new(tokio::io::join(GARBAGE, tokio::io::sink()));
    let never = service_fn(|_| future::pending::<Result<Response<Body>, Infallible>>());
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
        let response = self.router.call(request);
        let handler = Arc::clone(&self.handler);
        Box::pin(async move {
            let Ok(response) = response.await;
            delivered(&handler, response).await
        })
    }
}

impl fmt::Debug for MockService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockService").finish_non_exhaustive()
    }
}
