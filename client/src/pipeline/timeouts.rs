//! How long and how often a call may try.

use std::time::Duration;

use crate::pipeline::retry::RetryPolicy;

/// The time limit of a whole call: all attempts, the waits between them, and the body.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);
/// How long an attempt may take until its answer begins, and how long its body may then pause. A
/// third of the deadline where that is less, so that an attempt that hangs can be tried again; the
/// whole deadline where it could not be.
pub const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) deadline: Duration,
    /// The limit of one attempt, where the user has chosen one.
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: RetryPolicy,
}

impl Limits {
    /// The limit of one attempt of a request that may, or may not, be processed twice.
    pub(crate) fn attempt_timeout(&self, repeatable: bool) -> Duration {
        match self.attempt_timeout {
            Some(chosen) => chosen,
            None if self.retry.is_off() || !repeatable => self.deadline,
            None => DEFAULT_ATTEMPT_TIMEOUT.min(self.deadline / 3),
        }
    }

    /// Whether the limits would keep an attempt that hangs from ever being retried.
    pub(crate) fn keep_retries_out(&self) -> bool {
        !self.retry.is_off() && self.attempt_timeout(true) >= self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(deadline: u64, attempt_timeout: Option<u64>, retry: RetryPolicy) -> Limits {
        Limits {
            deadline: Duration::from_secs(deadline),
            attempt_timeout: attempt_timeout.map(Duration::from_secs),
            retry,
        }
    }

    #[test]
    fn an_attempt_leaves_time_for_retries_where_there_can_be_some() {
        let on = RetryPolicy::default;
        for (limits, seconds) in [
            (limits(30, None, on()), 10),
            (limits(90, None, on()), 10),
            (limits(6, None, on()), 2),
            (limits(30, None, RetryPolicy::off()), 30),
            (limits(30, Some(7), on()), 7),
        ] {
            assert_eq!(limits.attempt_timeout(true), Duration::from_secs(seconds), "{limits:?}");
            assert!(!limits.keep_retries_out());
        }
        assert_eq!(limits(30, None, on()).attempt_timeout(false), Duration::from_secs(30));
        assert!(limits(5, Some(5), on()).keep_retries_out());
        assert!(!limits(5, Some(5), RetryPolicy::off()).keep_retries_out());
    }
}
