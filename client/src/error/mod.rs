//! The error of every call, its kinds, and how it is written.
//!
//! An error contains its kind ([`ErrorKind`]), whether the service could have acted on the request
//! ([`RequestOutcome`]), whether a new call may succeed, and the attempts. The start of the
//! response body is kept and can be read; `Display`, `Debug` and the chain of sources show no body,
//! no key and no query, since they end up in logs.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderMap, StatusCode, Uri};

use crate::error::escape::Escaped;
use crate::error::retry_after::retry_after;

pub(crate) mod escape;
mod kind;
pub(crate) mod retry_after;
pub use kind::{DecodeError, ErrorKind, InvalidSetting, TimeLimit, UnauthorizedCode};

/// The cause below an error, of any type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A cause that several calls share.
pub(crate) type SharedError = Arc<dyn std::error::Error + Send + Sync>;

/// The largest part of the body of an error response that is kept, in bytes.
pub const MAX_ERROR_BODY_BYTES: usize = 16 * 1024;

/// Headers with the identifier of a request, in order of preference.
const REQUEST_ID_HEADERS: [&str; 4] = ["x-request-id", "request-id", "x-correlation-id", "cf-ray"];

/// Why a call, or the building of a client, failed.
///
/// `Display` says what failed, where, and what to do.
pub struct Error(Box<Inner>);

struct Inner {
    error: AttemptError,
    attempts: Vec<Attempt>,
    elapsed: Duration,
    not_retried: Option<NotRetried>,
}

/// Whether the service could have acted on the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestOutcome {
    /// The service did not act on the request: it was not sent, or the server refused it before
    /// processing it (RFC 9113, sections 6.8 and 8.7).
    NotSent,
    /// The service may have processed the request, but no response arrived.
    Unknown,
    /// The service, or a proxy in front of it, responded.
    Responded,
}

impl RequestOutcome {
    /// The outcome of two attempts taken together.
    fn combine(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Responded, _) | (_, Self::Responded) => Self::Responded,
            (Self::NotSent, Self::NotSent) => Self::NotSent,
        }
    }
}

/// A failed attempt of a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// Why it failed.
    pub kind: ErrorKind,
    /// The status of its response, if one arrived.
    pub status: Option<StatusCode>,
    /// Whether the service could have acted on it.
    pub outcome: RequestOutcome,
    /// The wait before the next attempt; `None` if this was the last one.
    pub backoff: Option<Duration>,
}

/// Why a retryable error was not retried, or not again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRetried {
    /// The policy is [`RetryPolicy::never`](crate::RetryPolicy::never).
    Disabled,
    /// The policy allows no further attempt.
    AttemptsExhausted,
    /// The retry budget that the clones of a client share has no tokens left for another retry.
    BudgetExhausted,
    /// The backoff, or the `Retry-After` of the service, would end after the call's deadline.
    #[non_exhaustive]
    DeadlineTooClose {
        /// How long the wait would have been.
        wait: Duration,
    },
    /// The `Retry-After` of the service is longer than the policy allows.
    #[non_exhaustive]
    RetryAfterTooLong {
        /// The `Retry-After` of the service.
        requested: Duration,
    },
    /// The request is not idempotent and may have been processed.
    NotIdempotent,
}

/// The failure of one attempt, before it is decided what becomes of the call.
#[derive(Debug)]
pub(crate) struct AttemptError {
    pub(crate) kind: ErrorKind,
    pub(crate) outcome: RequestOutcome,
    pub(crate) response: Option<Box<ErrorResponse>>,
    pub(crate) source: Option<SharedError>,
    pub(crate) text: Option<Box<ErrorText>>,
    /// Why the request was surely not processed, so that it can be resent at no cost.
    pub(crate) unprocessed: Option<Unprocessed>,
}

/// The parts of the text of an error that its kind does not contain.
#[derive(Debug, Default)]
pub(crate) struct ErrorText {
    /// The host and port of the connection.
    pub(crate) peer: Option<String>,
    /// A short reason.
    pub(crate) reason: Option<String>,
}

/// Why a request that was sent was not processed (RFC 9113, sections 6.8 and 8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unprocessed {
    /// The connection came to its end before the request: another connection will take it.
    ConnectionEnded,
    /// The server refused the request, or closed the connection before anything was written. It may
    /// do so again.
    Refused,
}

/// The parts of an error response that are kept.
pub(crate) struct ErrorResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl fmt::Debug for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The port of a request, given or by its scheme.
pub(crate) fn server_port(uri: &Uri) -> u16 {
    let default = if uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
    uri.port_u16().unwrap_or(default)
}

impl AttemptError {
    pub(crate) fn new(kind: ErrorKind, outcome: RequestOutcome) -> Self {
        Self { kind, outcome, response: None, source: None, text: None, unprocessed: None }
    }

    /// A time limit of the call or of the attempt has passed.
    pub(crate) fn timed_out(limit: TimeLimit, after: Duration, outcome: RequestOutcome) -> Self {
        let reason = Some(format!("{after:?}"));
        Self::new(ErrorKind::Timeout(limit), outcome).with_text(None, reason)
    }

    pub(crate) fn at_peer(mut self, peer: &str) -> Self {
        self.text.get_or_insert_default().peer = Some(peer.to_owned());
        self
    }

    /// Names what the request was sent to, unless the error knows better.
    pub(crate) fn at_peer_of(mut self, uri: &Uri) -> Self {
        let text = self.text.get_or_insert_default();
        text.peer =
            text.peer.take().or_else(|| Some(format!("{}:{}", uri.host()?, server_port(uri))));
        self
    }

    /// Returns the failed attempt of this error.
    pub(crate) fn attempt(&self, backoff: Option<Duration>) -> Attempt {
        Attempt { kind: self.kind.clone(), status: self.status(), outcome: self.outcome, backoff }
    }

    pub(crate) fn with_text(self, peer: Option<String>, reason: Option<String>) -> Self {
        Self { text: Some(Box::new(ErrorText { peer, reason })), ..self }
    }

    pub(crate) fn with_source(self, source: impl Into<SharedError>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    pub(crate) fn with_response(self, response: ErrorResponse) -> Self {
        Self { outcome: RequestOutcome::Responded, response: Some(Box::new(response)), ..self }
    }

    pub(crate) fn status(&self) -> Option<StatusCode> {
        self.response.as_ref().map(|response| response.status)
    }
}

impl Error {
    pub(crate) fn new(
        error: AttemptError,
        attempts: Vec<Attempt>,
        elapsed: Duration,
        not_retried: Option<NotRetried>,
    ) -> Self {
        Self(Box::new(Inner { error, attempts, elapsed, not_retried }))
    }

    /// An error of a request or a client that was never sent anywhere.
    pub(crate) fn unsent(kind: ErrorKind) -> Self {
        let error = AttemptError::new(kind, RequestOutcome::NotSent);
        Self::new(error, Vec::new(), Duration::ZERO, None)
    }

    /// One invalid setting.
    pub(crate) fn config(setting: &'static str, message: String) -> Self {
        Self::unsent(ErrorKind::Config(vec![InvalidSetting { setting, message }]))
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.error.kind
    }

    /// Returns whether the service could have acted on the request, in any of the attempts:
    /// [`Unknown`](RequestOutcome::Unknown) if the outcome of any attempt is unknown; otherwise
    /// [`Responded`](RequestOutcome::Responded) if any attempt got a response; otherwise
    /// [`NotSent`](RequestOutcome::NotSent).
    pub fn outcome(&self) -> RequestOutcome {
        let attempts = self.0.attempts.iter().map(|attempt| attempt.outcome);
        attempts.fold(self.0.error.outcome, RequestOutcome::combine)
    }

    /// Returns true if the error is transient: the same call may succeed later with nothing
    /// changed.
    ///
    /// Transient are failures of the connection, timeouts, and the statuses 408, 425, 429, 500,
    /// 502, 503 and 504. The client's own retries are over by then, so wait before the next call.
    /// It does not say whether a second call is safe: for methods that are not idempotent see
    /// [`outcome`](Self::outcome).
    pub fn is_retryable(&self) -> bool {
        self.kind().is_transient()
    }

    /// Returns true if the service rejected the key (401).
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.kind(), ErrorKind::Unauthorized(_))
    }

    /// Returns true if no connection could be made, directly or through a proxy, or if it was
    /// interrupted.
    pub fn is_connection(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Connect | ErrorKind::Proxy | ErrorKind::Tls | ErrorKind::Interrupted
        )
    }

    /// Returns true if a timeout ended the call.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind(), ErrorKind::Timeout(_))
    }

    /// Returns true if the service asked the client to slow down (429).
    pub fn is_throttled(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Returns true if a successful response could not be decoded.
    pub fn is_decode(&self) -> bool {
        matches!(self.kind(), ErrorKind::Decode(_))
    }

    /// Returns true if one item of a streamed list is invalid; later items are still delivered.
    pub fn is_list_item(&self) -> bool {
        matches!(self.kind(), ErrorKind::ListItem(_))
    }

    /// Returns true if the configuration of the client is invalid.
    pub fn is_config(&self) -> bool {
        matches!(self.kind(), ErrorKind::Config(_))
    }

    /// Returns the code of a 401, or `None` for any other error.
    pub fn unauthorized_code(&self) -> Option<&UnauthorizedCode> {
        match self.kind() {
            ErrorKind::Unauthorized(code) => Some(code),
            _ => None,
        }
    }

    /// Returns the status of the response, if one arrived, also if its body was incomplete.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.error.status()
    }

    /// Returns the headers of the response, if one arrived.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.error.response.as_ref().map(|response| &response.headers)
    }

    /// Returns the identifier of the request in the logs of the service or of a proxy, for support
    /// tickets.
    ///
    /// It is the first of the response headers `x-request-id`, `request-id`, `x-correlation-id` and
    /// `cf-ray`. The reference does not promise any of them. A header that contains the key is
    /// ignored.
    pub fn request_id(&self) -> Option<&str> {
        let headers = self.headers()?;
        REQUEST_ID_HEADERS
            .iter()
            .filter_map(|name| headers.get(*name))
            .find_map(|value| value.to_str().ok().filter(|_| !value.is_sensitive()))
    }

    /// Returns the `Retry-After` of the response (RFC 9110, section 10.2.3): its seconds, or the
    /// time that is left until its date.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(self.headers()?, SystemTime::now())
    }

    /// Returns the start of the response body, at most [`MAX_ERROR_BODY_BYTES`]; for an invalid
    /// list item, the start of that item.
    ///
    /// It may hold client data, so neither `Display` nor `Debug` shows it.
    pub fn body(&self) -> Option<&[u8]> {
        self.0.error.response.as_ref().map(|response| response.body.as_ref())
    }

    /// Returns the failed attempts in order, including the last one; empty if nothing was
    /// attempted.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// Returns why there was no further retry, or `None` if a retry could not have helped.
    pub fn not_retried(&self) -> Option<NotRetried> {
        self.0.not_retried
    }

    /// Returns how long the call took, including the waits.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.error.source.as_deref().map(|source| source as _)
    }
}

// The boxed source is only ever read, so an unwinding panic cannot leave it half changed.
impl std::panic::UnwindSafe for Error {}
impl std::panic::RefUnwindSafe for Error {}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The message first, for programs whose `main` returns the error.
        f.debug_struct("Error")
            .field("message", &format_args!("{self}"))
            .field("kind", self.kind())
            .field("outcome", &self.outcome())
            .field("status", &self.status())
            .field("attempts", &self.0.attempts)
            .field("not_retried", &self.0.not_retried)
            .field("elapsed", &self.0.elapsed)
            .field("source", &self.0.error.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { error, attempts, elapsed, not_retried } = &*self.0;
        let (peer, reason) = match &error.text {
            Some(text) => (text.peer.as_deref(), text.reason.as_deref()),
            None => (None, None),
        };
        let is_repeatable = *not_retried != Some(NotRetried::NotIdempotent);
        error.kind.describe(peer, reason, is_repeatable, f)?;
        if let Some(request_id) = self.request_id() {
            write!(f, " (request id {})", Escaped(request_id))?;
        }
        match not_retried {
            Some(NotRetried::AttemptsExhausted | NotRetried::Disabled) | None => {}
            Some(reason) => write!(f, "; {reason}")?,
        }
        match attempts.len() {
            0 | 1 => Ok(()),
            attempts => write!(f, "; gave up after {attempts} attempts in {elapsed:.1?}"),
        }
    }
}

impl fmt::Display for NotRetried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled => f.write_str("retries are disabled"),
            Self::AttemptsExhausted => f.write_str("no attempts are left"),
            Self::BudgetExhausted => {
                f.write_str("not retried, because the retry budget is exhausted")
            }
            Self::DeadlineTooClose { wait } => {
                write!(f, "not retried, because a wait of {wait:.1?} would pass the deadline")
            }
            Self::RetryAfterTooLong { requested } => {
                write!(f, "not retried, because the service asked for a wait of {requested:?}")
            }
            Self::NotIdempotent => f.write_str(
                "not retried, because the request is not idempotent and may have been processed",
            ),
        }
    }
}
