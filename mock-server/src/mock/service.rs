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
use bytes::Bytes;
use http::{Request, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::handler::RequestHandler;
use super::pipeline::{Pipeline, declare_length};
use crate::api::host::RequestSource;
use crate::faults::apply::body::FaultyBody;
use crate::faults::apply::{ConnectionFault, GARBAGE, deliver};

/// The mock as a [`tower_service::Service`] with no socket, by [`Mock::service`](crate::Mock::service).
///
/// Where a fault would break the connection, the call or the body ends in the [`io::Error`] that a
/// socket would have given: [`ConnectionReset`](io::ErrorKind::ConnectionReset),
/// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) for one that was closed too soon, and
/// [`InvalidData`](io::ErrorKind::InvalidData) for what is not HTTP.
#[derive(Clone)]
pub struct MockService {
    pipeline: Arc<Pipeline>,
}

impl MockService {
    pub(crate) fn new(handler: &Arc<RequestHandler>) -> Self {
        let limits = handler.body_limits.clone();
        Self { pipeline: Arc::new(Pipeline::new(handler, RequestSource::InProcess, limits)) }
    }

    /// A router cannot fail. Where this service does, the router's response has a body that ends at
    /// once, with the same error.
    pub(crate) fn into_router(self) -> Router {
        Router::new().fallback(async move |request: Request<Body>| {
            self.respond(request).await.unwrap_or_else(|error| {
                let body = FaultyBody::whole(Bytes::new());
                Response::new(Body::new(body.with_wrong_length(None, Some(error.kind()))))
            })
        })
    }

    async fn respond(&self, request: Request<Body>) -> io::Result<Response<Body>> {
        let response = self.pipeline.respond(request).await;
        let undeliverable = match deliver(&self.pipeline.handler().clock, response).await {
            Ok(mut response) => {
                declare_length(&mut response);
                return Ok(response);
            }
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
        let service = self.clone();
        Box::pin(async move { service.respond(request.map(Body::new)).await })
    }
}

impl fmt::Debug for MockService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockService").finish_non_exhaustive()
    }
}
