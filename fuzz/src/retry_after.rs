//! `Retry-After`, any number of times with any values: obeyed as documented, and never past the
//! deadline.
//!
//! The bytes are lines: first the numbers of the status, the deadline, the longest `Retry-After`
//! and the backoff, all in seconds, and of the attempts; then one value of the header each.

use std::time::Duration;

use http::StatusCode;
use partner_api::{NotRetried, RetryPolicy};

use crate::block_on;
use crate::error::check_error;
use crate::service::{Pieces, Reply, client_of, service};

/// The largest time of the clock of the runtime.
const LONGEST: u64 = 10_000_000;
/// A wait ends with the next tick of the clock.
const TICK: Duration = Duration::from_millis(2);

/// Tests responses in the form above.
pub fn holds(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let mut numbers = first.split(' ').map(|number| number.parse::<u64>().ok());
    let mut next = |otherwise: u64| numbers.next().flatten().unwrap_or(otherwise);
    let status = 400 + u16::try_from(next(503) % 200).unwrap_or_default();
    let deadline = Duration::from_secs(next(30).clamp(1, LONGEST));
    let mut policy = RetryPolicy::default();
    policy.max_retry_after = Duration::from_secs(next(120));
    policy.base_delay = Duration::from_secs(next(1));
    policy.throttled_base_delay = policy.base_delay;
    policy.max_attempts = 1 + u32::try_from(next(2) % 5).unwrap_or_default();

    let values: Vec<_> = lines
        .filter(|line| http::HeaderValue::from_bytes(line).is_ok())
        .map(<[u8]>::to_vec)
        .collect();
    let reply = Reply {
        status,
        headers: values.iter().map(|value| (b"retry-after".to_vec(), value.clone())).collect(),
        ..Reply::default()
    };
    let (service, seen) = service(vec![reply], Pieces::Whole);
    let client = client_of(service)
        .retry(policy.clone())
        .timeout(deadline)
        .build()
        .expect("a good configuration");
    let error = block_on(client.wallet().into_future()).expect_err("no reply is good");
    check_error(&error, deadline);
    assert_eq!(error.status().map(|reported| reported.as_u16()), Some(status));

    let requests = seen.requests();
    assert_eq!(requests.len(), error.attempts().len());
    assert!(requests.len() <= policy.max_attempts as usize);
    let waits: Vec<_> = requests
        .windows(2)
        .map(|pair| match pair {
            [(before, _), (after, _)] => after.duration_since(*before),
            _ => unreachable!("windows of two"),
        })
        .collect();
    let reported = error.attempts().iter().filter_map(|attempt| attempt.backoff);
    for (wait, reported) in waits.iter().zip(reported) {
        assert!(*wait >= reported && *wait <= reported + TICK, "{wait:?}, not {reported:?}");
    }

    if !matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504) {
        assert_eq!((requests.len(), error.not_retried()), (1, None));
        return;
    }
    if values.iter().any(|value| value.contains(&b':')) {
        return; // It may be a date, which depends on the system clock.
    }
    let asked = longest_seconds(&values);
    assert_eq!(error.retry_after(), asked);
    let asked = asked.unwrap_or_default();
    for (count, wait) in waits.iter().enumerate() {
        let doubled = policy.base_delay.saturating_mul(1 << count);
        let backoff = doubled.min(policy.max_delay);
        assert!(*wait >= asked, "{wait:?} is too early for {asked:?}");
        assert!(*wait <= asked.saturating_add(backoff) + TICK, "{wait:?} is too long");
    }
    // The time at which it ends shows why.
    if policy.max_attempts == 1 {
        assert_eq!(error.not_retried(), Some(NotRetried::Disabled));
    } else if asked > policy.max_retry_after {
        let Some(NotRetried::RetryAfterTooLong { requested: reported, .. }) = error.not_retried()
        else {
            panic!("{error:?}")
        };
        assert_eq!(reported, asked);
        assert_eq!(requests.len(), 1);
    } else if requests.len() < policy.max_attempts as usize {
        let Some(NotRetried::DeadlineTooClose { wait, .. }) = error.not_retried() else {
            panic!("{error:?}")
        };
        assert!(error.elapsed().saturating_add(wait) + TICK >= deadline);
    } else {
        assert_eq!(error.not_retried(), Some(NotRetried::AttemptsExhausted));
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        assert!(error.is_throttled());
    }
}

/// The longest value in seconds. Returns `None` if a value may be a date.
fn longest_seconds(values: &[Vec<u8>]) -> Option<Duration> {
    values
        .iter()
        .filter_map(|value| std::str::from_utf8(value.trim_ascii()).ok())
        .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .map(|text| Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
        .max()
}
