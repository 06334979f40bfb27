//! What is retried, when, and how often: pure decisions, with time and chance handed in.

use std::time::{Duration, SystemTime};

use http::{HeaderName, Request, StatusCode};

use crate::error::retry_after::retry_after;
use crate::error::{ErrorKind, Fault, NotRetried, Outcome};
use crate::pipeline::retry_budget::{THROTTLED_RETRY_COST, TRANSIENT_RETRY_COST};

/// Attempts of a call, the first one included.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 3;
/// The first backoff after a transient fault; it doubles with each retry.
pub const DEFAULT_BASE_DELAY: Duration = Duration::from_millis(50);
/// The first backoff after a 429; it doubles with each retry.
pub const DEFAULT_THROTTLED_BASE_DELAY: Duration = Duration::from_secs(1);
/// The longest backoff before jitter.
pub const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(20);
/// The longest `Retry-After` that is waited for.
pub const DEFAULT_MAX_RETRY_AFTER: Duration = Duration::from_secs(120);
/// How a call is retried. Plain data: take the default, change what you need.
///
/// Retried is what is transient (connection faults, time-outs, the statuses 408, 425, 429, 500,
/// 502, 503 and 504) and safe: the method is idempotent (RFC 9110, section 9.2.2), the request
/// carries an idempotency key, or it surely was not sent. A 401 is never retried with the same key.
///
/// The wait is full jitter over exponential backoff: a random part of
/// `base_delay × 2^(retry − 1)`, at most of `max_delay`. A `Retry-After` of the service is obeyed,
/// with the jitter added on top; if it would pass the deadline or `max_retry_after`, the error
/// comes at once and says so.
///
/// ```
/// use partner_api::RetryPolicy;
///
/// let mut patient = RetryPolicy::default();
/// patient.max_attempts = 5;
/// assert!(RetryPolicy::off().max_attempts == 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts of a call, the first one included. [`DEFAULT_MAX_ATTEMPTS`].
    pub max_attempts: u32,
    /// The first backoff after a transient fault. [`DEFAULT_BASE_DELAY`].
    pub base_delay: Duration,
    /// The first backoff after a 429. [`DEFAULT_THROTTLED_BASE_DELAY`].
    pub throttled_base_delay: Duration,
    /// The longest backoff before jitter. [`DEFAULT_MAX_DELAY`].
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
    /// No retries: one request a call, and another only if a refused key was replaced by another.
    #[must_use]
    pub fn off() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.max_attempts <= 1
    }

    /// The longest wait before retry number `retry` (from 1), before jitter.
    fn backoff(&self, retry: u32, throttled: bool) -> Duration {
        let base = if throttled { self.throttled_base_delay } else { self.base_delay };
        let factor = 1_u32.checked_shl(retry.saturating_sub(1)).unwrap_or(u32::MAX);
        base.saturating_mul(factor).min(self.max_delay)
    }
}

/// Everything that a decision hangs on.
pub(crate) struct Situation<'a> {
    pub(crate) fault: &'a Fault,
    /// Which attempt failed, from 1; one that only found a stale connection does not count.
    pub(crate) attempt: u32,
    /// Whether the request may be processed twice.
    pub(crate) repeatable: bool,
    /// Whether this call had its retry for a stale connection.
    pub(crate) stale_retry_used: bool,
    /// What is left of the deadline.
    pub(crate) remaining: Duration,
    /// For a `Retry-After` that is a date.
    pub(crate) now: SystemTime,
    /// A random number, evenly spread over [0, 1].
    pub(crate) jitter: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Once more, after the wait, if the budget still has the cost.
    Retry { wait: Duration, cost: u32 },
    /// Once more, at once and for free: the pooled connection was dead, or there is another key.
    RetryAtOnce,
    /// No more; the reason is given where a retry could have helped.
    Stop(Option<NotRetried>),
}

/// draft-ietf-httpapi-idempotency-key-header.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Whether a request may be processed twice: its method says so (RFC 9110, section 9.2.2), or the
/// service is told how to see that it is the same.
pub(crate) fn is_repeatable<B>(request: &Request<B>) -> bool {
    request.method().is_idempotent() || request.headers().contains_key(IDEMPOTENCY_KEY)
}

/// What to do after a failed attempt.
pub(crate) fn decide(policy: &RetryPolicy, situation: &Situation<'_>) -> Decision {
    let fault = situation.fault;
    if !fault.kind.is_transient() {
        return Decision::Stop(None);
    }
    if !situation.repeatable && fault.outcome != Outcome::NotSent {
        return Decision::Stop(Some(NotRetried::NotSafe));
    }
    if policy.is_off() {
        return Decision::Stop(Some(NotRetried::RetriesOff));
    }
    if fault.stale_connection && !situation.stale_retry_used {
        return Decision::RetryAtOnce;
    }
    if situation.attempt >= policy.max_attempts {
        return Decision::Stop(Some(NotRetried::AttemptsUsedUp));
    }
    let throttled = fault.kind == ErrorKind::Status(StatusCode::TOO_MANY_REQUESTS);
    let asked =
        fault.answer.as_ref().and_then(|answer| retry_after(&answer.headers, situation.now));
    if let Some(asked) = asked.filter(|asked| *asked > policy.max_retry_after) {
        return Decision::Stop(Some(NotRetried::RetryAfterTooLong { asked }));
    }
    let backoff =
        policy.backoff(situation.attempt, throttled).mul_f64(situation.jitter.clamp(0.0, 1.0));
    let wait = asked.unwrap_or_default().saturating_add(backoff);
    if wait >= situation.remaining {
        return Decision::Stop(Some(NotRetried::DeadlineTooClose { wait }));
    }
    Decision::Retry {
        wait,
        cost: if throttled { THROTTLED_RETRY_COST } else { TRANSIENT_RETRY_COST },
    }
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
