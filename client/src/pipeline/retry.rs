//! Decides what is retried, when, and how often. Time and randomness are parameters.

use std::time::{Duration, SystemTime};

use http::{HeaderName, Request, StatusCode};

use crate::error::retry_after::retry_after;
use crate::error::{AttemptError, ErrorKind, NotRetried, RequestOutcome, Unprocessed};
use crate::pipeline::retry_budget::{THROTTLED_RETRY_COST, TRANSIENT_RETRY_COST};

/// The default number of attempts of a call, the first one included.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 3;
/// The default backoff before the first retry after a transient error; it doubles with each retry.
pub const DEFAULT_BASE_DELAY: Duration = Duration::from_millis(50);
/// The default backoff before the first retry after a 429; it doubles with each retry.
pub const DEFAULT_THROTTLED_BASE_DELAY: Duration = Duration::from_secs(1);
/// The default of the longest backoff, before jitter.
pub const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(20);
/// The default of the longest `Retry-After` that is waited for.
pub const DEFAULT_MAX_RETRY_AFTER: Duration = Duration::from_secs(120);

/// The limit of resends of a call whose connections ended before they processed it.
///
/// With a proxy that takes 7 requests on each connection, some of 64 concurrent calls need more
/// than 50.
const MAX_RESENDS_AFTER_END: u32 = 200;
/// The limit of resends of a call that the server refused.
///
/// A refusal does not end the connection, so nothing else ends a loop. haproxy also refuses
/// requests that its upstream server has received.
const MAX_RESENDS_AFTER_REFUSAL: u32 = 5;
/// The tokens for resends that the clones of a client share, so that a server that refuses every
/// request gets little more than one for each call.
pub(crate) const RESEND_TOKENS: u32 = 2_000;
/// The tokens that a successful call returns.
pub(crate) const RESEND_REFUND: u32 = 10;

/// Returns the tokens that a resend takes.
pub(crate) fn resend_cost(reason: Unprocessed) -> u32 {
    match reason {
        Unprocessed::ConnectionEnded => 1,
        Unprocessed::Refused => 10,
    }
}

/// The number of resends of a call that was not processed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Resends {
    ended: u32,
    pub(crate) refused: u32,
}

impl Resends {
    /// Counts another resend, and returns whether it is allowed.
    pub(crate) fn allow(&mut self, reason: Unprocessed) -> bool {
        let (count, limit) = match reason {
            Unprocessed::ConnectionEnded => (&mut self.ended, MAX_RESENDS_AFTER_END),
            Unprocessed::Refused => (&mut self.refused, MAX_RESENDS_AFTER_REFUSAL),
        };
        *count += 1;
        *count <= limit
    }
}

/// Sets how a call is retried. Plain data: change the fields of the default.
///
/// A call is retried after a transient error (a failed or interrupted connection, a timeout, the
/// statuses 408, 425, 429, 500, 502, 503 and 504) if that is safe: the method is idempotent (RFC
/// 9110, section 9.2.2), the request has an idempotency key, or it was not sent. A 401 is never
/// retried with the same key.
///
/// The wait is exponential backoff with full jitter: a random part of
/// `base_delay × 2^(retry − 1)`, at most of `max_delay`. A `Retry-After` of the service is obeyed,
/// with the jitter on top; if it would end after the deadline or is longer than `max_retry_after`,
/// the error is returned immediately and says so.
///
/// A request that the server did not process is resent with any policy, since that is not a second
/// request to the service: an HTTP/2 stream that was refused or above the last stream of a GOAWAY
/// (RFC 9113, sections 6.8 and 8.7), or a connection that closed before anything was written.
///
/// ```
/// use partner_api::RetryPolicy;
///
/// let mut patient = RetryPolicy::default();
/// patient.max_attempts = 5;
/// assert_eq!(RetryPolicy::never().max_attempts, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The attempts of a call, the first one included. [`DEFAULT_MAX_ATTEMPTS`].
    pub max_attempts: u32,
    /// The backoff before the first retry after a transient error. [`DEFAULT_BASE_DELAY`].
    pub base_delay: Duration,
    /// The backoff before the first retry after a 429. [`DEFAULT_THROTTLED_BASE_DELAY`].
    pub throttled_base_delay: Duration,
    /// The longest backoff, before jitter. [`DEFAULT_MAX_DELAY`].
    pub max_delay: Duration,
    /// The longest `Retry-After` that is waited for. [`DEFAULT_MAX_RETRY_AFTER`].
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            base_delay: DEFAULT_BASE_DELAY,
            throttled_base_delay: DEFAULT_THROTTLED_BASE_DELAY,
            max_delay: DEFAULT_MAX_DELAY,
            max_retry_after: DEFAULT_MAX_RETRY_AFTER,
        }
    }
}

impl RetryPolicy {
    /// No retries: the service processes one request a call, and a second one only if the first was
    /// rejected for its key and there is another key.
    #[must_use]
    pub fn never() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    pub(crate) fn is_never(&self) -> bool {
        self.max_attempts <= 1
    }

    /// The longest backoff before retry number `retry` (from 1), before jitter.
    fn backoff(&self, retry: u32, throttled: bool) -> Duration {
        let base = if throttled { self.throttled_base_delay } else { self.base_delay };
        let factor = 1_u32.checked_shl(retry.saturating_sub(1)).unwrap_or(u32::MAX);
        base.saturating_mul(factor).min(self.max_delay)
    }
}

/// Everything that a decision depends on.
pub(crate) struct RetryInput<'a> {
    pub(crate) error: &'a AttemptError,
    /// Which attempt failed, from 1, without those that were resent at no cost.
    pub(crate) attempt: u32,
    /// True if the request may be processed twice.
    pub(crate) idempotent: bool,
    /// What is left until the deadline.
    pub(crate) remaining: Duration,
    /// For a `Retry-After` that is a date.
    pub(crate) now: SystemTime,
    /// A random number, evenly distributed over [0, 1].
    pub(crate) jitter: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Retry after the backoff, if the budget can pay the cost.
    Retry { backoff: Duration, cost: u32 },
    /// Retry immediately and at no cost: the request was not processed, or there is another key.
    RetryImmediately,
    /// Stop. There is a reason if a retry could have helped.
    Stop(Option<NotRetried>),
}

/// draft-ietf-httpapi-idempotency-key-header.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Returns true if a request may be processed twice: its method is idempotent (RFC 9110, section
/// 9.2.2), or its idempotency key lets the service recognise it.
pub(crate) fn is_idempotent<B>(request: &Request<B>) -> bool {
    request.method().is_idempotent() || request.headers().contains_key(IDEMPOTENCY_KEY)
}

/// Decides by the policy what follows a failed attempt.
pub(crate) fn decide(policy: &RetryPolicy, input: &RetryInput<'_>) -> Decision {
    let error = input.error;
    if !error.kind.is_transient() {
        return Decision::Stop(None);
    }
    if !input.idempotent && error.outcome != RequestOutcome::NotSent {
        return Decision::Stop(Some(NotRetried::NotIdempotent));
    }
    if policy.is_never() {
        return Decision::Stop(Some(NotRetried::Disabled));
    }
    if input.attempt >= policy.max_attempts {
        return Decision::Stop(Some(NotRetried::AttemptsExhausted));
    }
    let throttled = error.kind == ErrorKind::Status(StatusCode::TOO_MANY_REQUESTS);
    let requested =
        error.response.as_ref().and_then(|response| retry_after(&response.headers, input.now));
    if let Some(requested) = requested.filter(|requested| *requested > policy.max_retry_after) {
        return Decision::Stop(Some(NotRetried::RetryAfterTooLong { requested }));
    }
    let jitter = policy.backoff(input.attempt, throttled).mul_f64(input.jitter.clamp(0.0, 1.0));
    let backoff = requested.unwrap_or_default().saturating_add(jitter);
    if backoff >= input.remaining {
        return Decision::Stop(Some(NotRetried::DeadlineTooClose { wait: backoff }));
    }
    let cost = if throttled { THROTTLED_RETRY_COST } else { TRANSIENT_RETRY_COST };
    Decision::Retry { backoff, cost }
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
