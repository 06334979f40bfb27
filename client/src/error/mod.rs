//! The one error of the crate.
//!
//! An error answers the questions of whoever handles it: what happened ([`ErrorKind`]), did the
//! service act on the request ([`Outcome`]), is a new call worth it, what was tried. What the
//! service sent is kept, bounded, to be looked at on purpose; `Display`, `Debug` and the chain of
//! sources show no body, no key and no query, since all three end up in logs.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::error::escape::Escaped;
use crate::error::retry_after::retry_after;

pub(crate) mod escape;
mod kind;
pub(crate) mod retry_after;
pub use kind::{ConfigProblem, DecodeProblem, ErrorKind, TimeLimit, UnauthorizedCode};

/// The cause below an error, of any type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The same, where several calls fail by one cause.
pub(crate) type SharedError = Arc<dyn std::error::Error + Send + Sync>;

/// How much of the body of an error is kept, in bytes.
pub const MAX_ERROR_BODY_BYTES: usize = 16 * 1024;

/// Headers in which services and proxies name a request; the first that is there counts.
const REQUEST_ID_HEADERS: [&str; 4] = ["x-request-id", "request-id", "x-correlation-id", "cf-ray"];

/// Why a call, or the building of a client, failed.
///
/// `Display` says what happened and what to do about it.
pub struct Error(Box<Inner>);

struct Inner {
    fault: Fault,
    attempts: Vec<Attempt>,
    elapsed: Duration,
    not_retried: Option<NotRetried>,
}

/// Whether the service could have acted on the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Surely not: the request did not leave, or no connection was made.
    NotSent,
    /// It may have been processed, but no answer came.
    MaybeProcessed,
    /// The service, or a proxy before it, answered.
    Answered,
}

impl Outcome {
    fn or_worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::MaybeProcessed, _) | (_, Self::MaybeProcessed) => Self::MaybeProcessed,
            (Self::Answered, _) | (_, Self::Answered) => Self::Answered,
            (Self::NotSent, Self::NotSent) => Self::NotSent,
        }
    }
}

/// One attempt of a call, which failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// Why it failed.
    pub cause: ErrorKind,
    /// The status that came, if one came.
    pub status: Option<StatusCode>,
    /// Whether the service could have acted on it.
    pub outcome: Outcome,
    /// How long the client waited after it before the next one; `None` if no next one followed.
    pub wait: Option<Duration>,
}

/// Why an error that could have been retried was not, or not again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRetried {
    /// The policy is [`RetryPolicy::off`](crate::RetryPolicy::off).
    RetriesOff,
    /// The policy's number of attempts is used up.
    AttemptsUsedUp,
    /// The retry budget that the clones of a client share is used up.
    BudgetUsedUp,
    /// The wait, or the `Retry-After` that the service asked for, would pass the deadline.
    #[non_exhaustive]
    DeadlineTooClose {
        /// How long the wait would have been.
        wait: Duration,
    },
    /// The service asked for a `Retry-After` longer than the policy allows.
    #[non_exhaustive]
    RetryAfterTooLong {
        /// What it asked for.
        asked: Duration,
    },
    /// The request is not idempotent and may have been processed.
    NotSafe,
}

/// The failure of one attempt, before it is known what becomes of the call.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) outcome: Outcome,
    pub(crate) answer: Option<Box<Answer>>,
    pub(crate) source: Option<SharedError>,
    /// It failed on a pooled connection that the server had closed meanwhile.
    pub(crate) stale_connection: bool,
}

/// What is kept of an answer that is an error.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Fault {
    pub(crate) fn new(kind: ErrorKind, outcome: Outcome) -> Self {
        Self { kind, outcome, answer: None, source: None, stale_connection: false }
    }

    /// The deadline of the call has passed.
    pub(crate) fn out_of_time(outcome: Outcome) -> Self {
        Self::new(ErrorKind::Timeout(TimeLimit::Deadline), outcome)
    }

    /// The attempt that failed by it.
    pub(crate) fn attempt(&self, wait: Option<Duration>) -> Attempt {
        Attempt { cause: self.kind.clone(), status: self.status(), outcome: self.outcome, wait }
    }

    pub(crate) fn caused_by(self, source: impl Into<SharedError>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    pub(crate) fn answered(self, answer: Answer) -> Self {
        Self { outcome: Outcome::Answered, answer: Some(Box::new(answer)), ..self }
    }

    pub(crate) fn status(&self) -> Option<StatusCode> {
        self.answer.as_ref().map(|answer| answer.status)
    }
}

impl Error {
    pub(crate) fn new(
        fault: Fault,
        attempts: Vec<Attempt>,
        elapsed: Duration,
        not_retried: Option<NotRetried>,
    ) -> Self {
        Self(Box::new(Inner { fault, attempts, elapsed, not_retried }))
    }

    /// An error of a request or a client that was never sent anywhere.
    pub(crate) fn unsent(kind: ErrorKind) -> Self {
        Self::new(Fault::new(kind, Outcome::NotSent), Vec::new(), Duration::ZERO, None)
    }

    /// One thing that is wrong with the configuration.
    pub(crate) fn config(setting: &'static str, problem: String) -> Self {
        Self::unsent(ErrorKind::Config(vec![ConfigProblem { setting, problem }]))
    }

    /// What happened.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.fault.kind
    }

    /// Whether the service could have acted on the request, all attempts taken together:
    /// [`MaybeProcessed`](Outcome::MaybeProcessed) if that is true of any of them, whatever the
    /// others found; else [`Answered`](Outcome::Answered) if any was answered; else
    /// [`NotSent`](Outcome::NotSent).
    pub fn outcome(&self) -> Outcome {
        let attempts = self.0.attempts.iter().map(|attempt| attempt.outcome);
        attempts.fold(self.0.fault.outcome, Outcome::or_worse)
    }

    /// Whether the same call may succeed later with nothing changed: connection faults, time-outs,
    /// and the statuses 408, 425, 429, 500, 502, 503 and 504. The client's own retries are over by
    /// then, so wait before you call again. It says nothing about whether a second call is safe;
    /// for methods that are not idempotent see [`outcome`](Self::outcome).
    pub fn is_retryable(&self) -> bool {
        self.kind().is_transient()
    }

    /// Whether the service refused the key (401).
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.kind(), ErrorKind::Unauthorized(_))
    }

    /// Whether no connection could be made, or it broke.
    pub fn is_connection(&self) -> bool {
        matches!(self.kind(), ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Connection)
    }

    /// Whether a time limit ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind(), ErrorKind::Timeout(_))
    }

    /// Whether the service asked to slow down (429).
    pub fn is_throttled(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Whether a good answer could not be read as what was asked for.
    pub fn is_decode(&self) -> bool {
        matches!(self.kind(), ErrorKind::Decode(_))
    }

    /// Whether it is about one element of a list that is streamed, so that the others still come.
    pub fn is_element(&self) -> bool {
        matches!(self.kind(), ErrorKind::Element(_))
    }

    /// Whether the configuration is wrong.
    pub fn is_config(&self) -> bool {
        matches!(self.kind(), ErrorKind::Config(_))
    }

    /// The code of a 401, `None` for any other error.
    pub fn unauthorized_code(&self) -> Option<&UnauthorizedCode> {
        match self.kind() {
            ErrorKind::Unauthorized(code) => Some(code),
            _ => None,
        }
    }

    /// The status of the answer, if one came. An answer whose body broke has one, too.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.fault.status()
    }

    /// The headers of the answer, if one came.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.fault.answer.as_ref().map(|answer| &answer.headers)
    }

    /// The identifier that the service or a proxy gave the request, for a support ticket: the
    /// first of `x-request-id`, `request-id`, `x-correlation-id` and `cf-ray`. The reference
    /// promises none. One that repeats the key is left out.
    pub fn request_id(&self) -> Option<&str> {
        let headers = self.headers()?;
        REQUEST_ID_HEADERS
            .iter()
            .filter_map(|name| headers.get(*name))
            .find_map(|value| value.to_str().ok().filter(|_| !value.is_sensitive()))
    }

    /// How long the service asked to wait before another request, by its `Retry-After` (RFC 9110,
    /// section 10.2.3): seconds as it sent them, or what is left until a date.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(self.headers()?, SystemTime::now())
    }

    /// The start of the body that came with an error, at most [`MAX_ERROR_BODY_BYTES`] of it; if an
    /// element of a list is wrong, the start of that element. It may hold client data, so it is
    /// shown nowhere by itself.
    pub fn body(&self) -> Option<&[u8]> {
        self.0.fault.answer.as_ref().map(|answer| answer.body.as_ref())
    }

    /// What was tried, in order. Empty if nothing was.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// Why a retry that could have helped did not follow; `None` where none could have helped.
    pub fn not_retried(&self) -> Option<NotRetried> {
        self.0.not_retried
    }

    /// How long the call took, waits included.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.fault.source.as_deref().map(|source| source as _)
    }
}

// The boxed source is only ever read, so an unwinding panic cannot leave it half changed.
impl std::panic::UnwindSafe for Error {}
impl std::panic::RefUnwindSafe for Error {}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The message first, for those who let `main` return the error.
        f.debug_struct("Error")
            .field("message", &format_args!("{self}"))
            .field("kind", self.kind())
            .field("outcome", &self.outcome())
            .field("status", &self.status())
            .field("attempts", &self.0.attempts)
            .field("not_retried", &self.0.not_retried)
            .field("elapsed", &self.0.elapsed)
            .field("source", &self.0.fault.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())?;
        if let Some(request_id) = self.request_id() {
            write!(f, " (request id {})", Escaped(request_id))?;
        }
        match self.0.not_retried {
            Some(NotRetried::AttemptsUsedUp | NotRetried::RetriesOff) | None => {}
            Some(reason) => write!(f, "; {reason}")?,
        }
        match self.0.attempts.len() {
            0 | 1 => Ok(()),
            attempts => write!(f, "; gave up after {attempts} attempts in {:.1?}", self.0.elapsed),
        }
    }
}

impl fmt::Display for NotRetried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RetriesOff => f.write_str("retries are off"),
            Self::AttemptsUsedUp => f.write_str("no attempts are left"),
            Self::BudgetUsedUp => f.write_str("the retry budget is used up"),
            Self::DeadlineTooClose { wait } => {
                write!(f, "not retried, because waiting {wait:.1?} would pass the deadline")
            }
            Self::RetryAfterTooLong { asked } => {
                write!(f, "not retried, because the service asked to wait {asked:.1?}")
            }
            Self::NotSafe => {
                f.write_str("not retried, because the request may have been processed")
            }
        }
    }
}
