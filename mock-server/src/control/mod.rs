//! The control API under `/_mock/`: what a test in Rust does with a [`Mock`], for tests in any
//! language.
//!
//! An axum router under one [`security`] layer. Each noun has a file in `resources/` with its routes
//! and handlers: extract, ask the [`Mock`], respond. `control.openapi.yaml` describes all of it.

#[cfg(feature = "schema")]
mod document;
mod extract;
mod resources;
mod response;
mod security;
mod ui;

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, Request};
use axum::middleware::{self, Next};
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use http_body_util::channel::Channel;
use jiff::Timestamp;
use tokio::sync::watch;
use tower_service::Service as _;

#[cfg(feature = "schema")]
pub use self::document::{ControlDocument, generate_control_document};
use self::response::ApiError;
use self::security::OriginPolicy;
use crate::mock::Mock;
use crate::state::payload::Payload;

/// How large the body of a request to the control API may be: 64 MiB.
pub const MAX_CONTROL_BODY: usize = 64 << 20;

/// How long a request to the control API may wait for others to come: 60 seconds.
pub const MAX_CONTROL_WAIT: Duration = Duration::from_secs(60);

/// How long an outage may last that is started by the control API: 10 minutes.
pub const MAX_CONTROL_OUTAGE: Duration = Duration::from_secs(10 * 60);

/// How many partners, rules and stubs there may be before the control API adds no more of them, so
/// that a suite which never cleans up gets an error before the memory is used up.
const MAX_RESOURCES: usize = 10_000;

/// The prefix of every path of the control API.
const PREFIX: &str = "/_mock";

/// The control API under `/_mock/`, to be switched on by
/// [`MockServerBuilder::control`](crate::MockServerBuilder::control).
///
/// It serves only this machine: a request whose Host is neither `localhost` nor an address of
/// the loopback is refused, and so is one that a page of another origin sends. With a
/// [`token`](Self::token) any address will do.
#[derive(Clone, Default)]
#[must_use = "it is switched on by `MockServerBuilder::control`"]
pub struct Control {
    token: Option<String>,
    hosts: Vec<String>,
}

impl Control {
    /// Without a token, for this machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every request but those for the page's own files, for health and for readiness for
    /// this token, as `Authorization: Bearer TOKEN`. A mock that listens beyond loopback does not
    /// start without one.
    ///
    /// It has to be of letters, digits and `-._~+/`, with any number of `=` at its end (`b64token`,
    /// RFC 6750, section 2.1); an empty one is an error at the start.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Accepts this name as well, which is in the Host header without its port. A name is not
    /// safe as an address is: those who control its resolution can lead a browser here.
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    pub(crate) fn check(&self, listen: SocketAddr) -> Result<(), ControlError> {
        OriginPolicy::new(self, "").map(drop)?;
        if self.token.is_none() && !listen.ip().is_loopback() {
            return Err(ControlError::NoToken(listen));
        }
        Ok(())
    }
}

/// There is no token in it.
impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("has_token", &self.token.is_some())
            .field("hosts", &self.hosts)
            .finish()
    }
}

/// Why a mock does not start with this control API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ControlError {
    #[error("the control API's token: expected letters, digits and -._~+/, and = at the end only")]
    Token,
    #[error("the control API's host `{}`: expected a name without a port", .0.escape_debug())]
    Host(String),
    #[error("cannot listen on {0}, beyond this machine, with a control API that has no token")]
    NoToken(SocketAddr),
}

/// The control API of one mock that has a port.
#[derive(Debug)]
pub(crate) struct ControlApi {
    state: ControlState,
    router: Router,
}

/// What the handlers share.
#[derive(Debug, Clone)]
struct ControlState(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    mock: Mock,
    policy: OriginPolicy,
    base_url: String,
    started_at: Timestamp,
    is_ending: watch::Sender<bool>,
}

impl FromRef<ControlState> for Mock {
    fn from_ref(state: &ControlState) -> Self {
        state.0.mock.clone()
    }
}

impl ControlState {
    fn is_ending(&self) -> bool {
        *self.0.is_ending.borrow()
    }

    /// Waits for something, but not longer than the mock runs.
    async fn unless_ending<T>(&self, something: impl Future<Output = T>) -> Option<T> {
        let mut is_ending = self.0.is_ending.subscribe();
        tokio::select! {
            done = something => Some(done),
            _ = is_ending.wait_for(|is_ending| *is_ending) => None,
        }
    }
}

impl ControlApi {
    pub(crate) fn new(control: &Control, mock: Mock, base_url: &str) -> Result<Self, ControlError> {
        let state = ControlState(Arc::new(Shared {
            mock,
            policy: OriginPolicy::new(control, base_url)?,
            base_url: base_url.to_owned(),
            started_at: Timestamp::now(),
            is_ending: watch::Sender::new(false),
        }));
        let router = router(state.clone());
        Ok(Self { state, router })
    }

    /// Whether a path is one of the control API's. Cheap, since every request is asked.
    #[inline]
    pub(crate) fn is_for(path: &str) -> bool {
        path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Starts the end of the mock: it is no longer ready, and requests that wait get their response.
    pub(crate) fn end(&self) {
        self.state.0.is_ending.send_replace(true);
    }

    /// The response to a request for one of its paths, whose body may take this long to arrive. The
    /// body is read only if a handler wants it.
    pub(crate) async fn handle<B>(
        self: &Arc<Self>,
        head: &Parts,
        mut body: B,
        limit: Duration,
    ) -> Result<Response<Payload>, Unread>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if matches!(head.method, Method::GET | Method::HEAD | Method::DELETE) {
            return Ok(self.respond(head, Body::empty()).await);
        }
        let (mut sender, channel) = Channel::<Bytes>::new(1);
        let forward = async {
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| Unread::Broken(error.into()))?;
                if sender.send(frame).await.is_err() {
                    break;
                }
            }
            drop(sender);
            Ok::<_, Unread>(())
        };
        let forward = async {
            tokio::time::timeout(limit, forward).await.map_err(|_| Unread::Late)??;
            std::future::pending().await
        };
        tokio::select! {
            biased;
            response = self.respond(head, Body::new(channel)) => Ok(response),
            unread = forward => unread,
        }
    }

    async fn respond(&self, head: &Parts, body: Body) -> Response<Payload> {
        let request = Request::from_parts(head.clone(), body);
        let Ok(response) = self.router.clone().call(request).await;
        let (mut head, mut body) = response.into_parts();
        // The router adds these to each response of a path and to each empty body.
        if head.status != StatusCode::METHOD_NOT_ALLOWED {
            head.headers.remove(ALLOW);
        }
        if head.status == StatusCode::NO_CONTENT {
            head.headers.remove(CONTENT_LENGTH); // RFC 9110, section 8.6
        }
        let mut pieces = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            pieces.extend(frame.into_data());
        }
        Response::from_parts(head, Payload::Chunks(pieces.into()))
    }
}

/// Why a request body could not be read.
#[derive(Debug)]
pub(crate) enum Unread {
    Late,
    Broken(Box<dyn Error + Send + Sync>),
}

fn router(state: ControlState) -> Router {
    Router::new()
        .nest(PREFIX, resources::router())
        .merge(ui::router())
        .fallback(async || ApiError::no_such_path())
        .layer(middleware::from_fn(no_query_on_writes))
        .layer(middleware::from_fn_with_state(state.clone(), security::check))
        .layer(middleware::map_response(response::add_common_headers))
        .with_state(state)
}

/// Rejects a write that has a query: it is meant for a part, and would change the whole.
async fn no_query_on_writes(
    request: Request,
    next: Next,
) -> Result<axum::response::Response, ApiError> {
    if !request.method().is_safe()
        && let Some((name, _)) = extract::pairs(request.uri().query().unwrap_or_default())?.first()
    {
        let message = "expected no query: a write is described by its path and its body";
        return Err(ApiError::invalid(name.escape_debug().to_string(), message));
    }
    Ok(next.run(request).await)
}
