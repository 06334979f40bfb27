//! The control API under `/_mock/`: what a test in Rust does with a [`Mock`], for tests in any
//! language.
//!
//! Every request goes through one guard, then to the route table; each noun has a file with its
//! routes, and each route asks the [`Mock`] and shows what it said. `control.openapi.yaml` describes
//! all of it.

mod json_merge;
mod query;
mod quota;
mod request;
mod resources;
mod response;
mod route;
mod router;
mod security;
mod ui;

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jiff::Timestamp;
use tokio::sync::watch;

use self::request::ControlRequest;
use self::response::{ApiError, ControlResult};
use self::route::Handler;
use self::security::OriginPolicy;
use crate::mock::Mock;
use crate::state::payload::Payload;

/// How large the body of a request to the control API may be: 64 MiB.
pub const MAX_CONTROL_BODY: usize = 64 << 20;

/// How long a request to the control API may wait for others to come: 60 seconds.
pub const MAX_CONTROL_WAIT: Duration = Duration::from_secs(60);

/// What stands before every path of the control API.
const PREFIX: &str = "/_mock";

/// The control API under `/_mock/`, to be switched on by
/// [`MockServerBuilder::control`](crate::MockServerBuilder::control).
///
/// It answers only to this machine: a request whose Host is neither `localhost` nor an address of
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
    /// RFC 6750, section 2.1); a blank one is an error at the start.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Answers to this name, too, which stands in the Host header without its port. A name is not
    /// safe as an address is: whoever has a say in its resolution may lead a browser here.
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    /// Every method and path of the control API, `/_mock` included, as its document has them.
    pub fn routes() -> impl Iterator<Item = (&'static str, String)> {
        router::all().map(|route| (route.method, format!("{PREFIX}{}", route.path)))
    }

    pub(crate) fn check(&self, listen: SocketAddr) -> Result<(), ControlError> {
        OriginPolicy::new(self).map(drop)?;
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
    mock: Mock,
    guard: OriginPolicy,
    base_url: String,
    started_at: Timestamp,
    is_ending: watch::Sender<bool>,
}

impl ControlApi {
    pub(crate) fn new(control: &Control, mock: Mock, base_url: &str) -> Result<Self, ControlError> {
        Ok(Self {
            mock,
            guard: OriginPolicy::new(control)?,
            base_url: base_url.to_owned(),
            started_at: Timestamp::now(),
            is_ending: watch::Sender::new(false),
        })
    }

    /// Whether a path is one of the control API's. Cheap, since every request passes here.
    #[inline]
    pub(crate) fn is_for(path: &str) -> bool {
        path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Says that the mock is about to end: it is not ready any more, and nobody waits any longer.
    pub(crate) fn end(&self) {
        self.is_ending.send_replace(true);
    }

    /// Waits for something, but not longer than the mock lives.
    async fn unless_ending(&self, something: impl Future<Output = ()>) {
        let mut is_ending = self.is_ending.subscribe();
        tokio::select! {
            () = something => {}
            _ = is_ending.wait_for(|is_ending| *is_ending) => {}
        }
    }

    fn is_ending(&self) -> bool {
        *self.is_ending.borrow()
    }

    /// The answer to a request on one of its paths, whose body may take so long to come.
    pub(crate) async fn answer<B>(
        self: &Arc<Self>,
        head: &Parts,
        body: B,
        limit: Duration,
    ) -> Result<Response<Payload>, Unread>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let handled = match self.find(head) {
            Ok((handler, names)) => match read(head, body, limit).await? {
                Some(body) => self.handle(handler, names, head, body).await,
                None => Err(ApiError::too_large()),
            },
            Err(failure) => Err(failure),
        };
        Ok(response::finish(handled.unwrap_or_else(ApiError::into_response)))
    }

    /// What answers a request whose head is good, and the names in its path.
    fn find(&self, head: &Parts) -> Result<(Handler, Vec<String>), ApiError> {
        self.guard.check_origin(head)?;
        let found = router::find(&head.method, head.uri.path());
        let is_public = found.as_ref().is_ok_and(|(route, _)| route.is_public);
        if !is_public {
            self.guard.check_token(head)?;
        }
        let (route, names) = found?;
        security::check_media_type(head)?;
        Ok((route.handler, names))
    }

    async fn handle(
        self: &Arc<Self>,
        handler: Handler,
        names: Vec<String>,
        head: &Parts,
        body: Bytes,
    ) -> ControlResult {
        let api = Arc::clone(self);
        let request = ControlRequest::new(api, names, head.uri.query().unwrap_or_default(), body)?;
        if !head.method.is_safe() {
            request.query.check_none()?;
        }
        match handler {
            Handler::Infallible(answer) => Ok(answer(&request)),
            Handler::Sync(answer) => answer(&request),
            Handler::Async(answer) => answer(request).await,
        }
    }
}

/// Why a request has no body that could be looked at.
#[derive(Debug)]
pub(crate) enum Unread {
    Late,
    Broken(Box<dyn Error + Send + Sync>),
}

/// The body of a request that may have one. None if it is too large.
async fn read<B>(head: &Parts, body: B, limit: Duration) -> Result<Option<Bytes>, Unread>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if matches!(head.method, Method::GET | Method::HEAD | Method::DELETE) {
        return Ok(Some(Bytes::new()));
    }
    // Who says that it is too large has it sent for nothing.
    if body.size_hint().lower() > MAX_CONTROL_BODY as u64 {
        return Ok(None);
    }
    let body = Limited::new(body, MAX_CONTROL_BODY).collect();
    match tokio::time::timeout(limit, body).await {
        Ok(Ok(body)) => Ok(Some(body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Ok(None),
        Ok(Err(error)) => Err(Unread::Broken(error)),
        Err(_) => Err(Unread::Late),
    }
}
