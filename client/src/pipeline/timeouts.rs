//! The timeouts of a call and of its attempts.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::{AttemptError, RequestOutcome, TimeLimit};

/// The default timeout of a whole call: all attempts, the waits between them, and the body.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// The default timeout of an attempt, until its response begins and for each pause in its body.
///
/// A third of the call's timeout where that is less, so that an attempt that hangs can be retried;
/// the whole timeout of the call where it could not be retried.
pub const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longer timeouts are cut to this, since no clock can count further.
const FAR_FUTURE: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The timeouts of a call, as they are set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) call: Duration,
    /// `None` for the default, which depends on whether the attempt can be retried.
    pub(crate) attempt: Option<Duration>,
}

impl Timeouts {
    /// The timeout of one attempt.
    pub(crate) fn attempt(&self, can_be_retried: bool) -> Duration {
        match self.attempt {
            Some(attempt) => attempt,
            None if can_be_retried => DEFAULT_ATTEMPT_TIMEOUT.min(self.call / 3),
            None => self.call,
        }
    }

    /// When a call that starts now must have ended.
    pub(crate) fn deadline(&self, started: Instant) -> Instant {
        started + self.call.min(FAR_FUTURE)
    }
}

/// The limits of an attempt that has begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttemptTimeouts {
    /// Until the response begins, and for each pause in its body.
    pub(crate) idle: Duration,
    /// For the whole call.
    pub(crate) deadline: Instant,
    /// How long the call may take, for the text of the error.
    pub(crate) call: Duration,
}

impl AttemptTimeouts {
    /// Waits for the next thing that the server does.
    pub(crate) async fn limit<T>(
        self,
        next: impl Future<Output = T>,
        outcome: RequestOutcome,
    ) -> Result<T, AttemptError> {
        let idle_until = Instant::now() + self.idle.min(FAR_FUTURE);
        if idle_until < self.deadline {
            let timed_out = || AttemptError::timed_out(TimeLimit::Attempt, self.idle, outcome);
            timeout_at(idle_until, next).await.map_err(|_| timed_out())
        } else {
            timeout_at(self.deadline, next).await.map_err(|_| self.deadline_exceeded(outcome))
        }
    }

    pub(crate) fn deadline_exceeded(self, outcome: RequestOutcome) -> AttemptError {
        AttemptError::timed_out(TimeLimit::Deadline, self.call, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_leaves_time_for_retries_where_it_can_be_retried() {
        let timeouts = |call, attempt: Option<u64>| Timeouts {
            call: Duration::from_secs(call),
            attempt: attempt.map(Duration::from_secs),
        };
        for (timeouts, can_be_retried, seconds) in [
            (timeouts(30, None), true, 10),
            (timeouts(90, None), true, 10),
            (timeouts(6, None), true, 2),
            (timeouts(30, None), false, 30),
            (timeouts(30, Some(7)), true, 7),
            (timeouts(30, Some(7)), false, 7),
        ] {
            let attempt = timeouts.attempt(can_be_retried);
            assert_eq!(attempt, Duration::from_secs(seconds), "{timeouts:?}");
        }
    }
}
