use http::HeaderMap;
use http::header::RETRY_AFTER;
use serde::Deserialize;

use super::*;
use crate::error::{ErrorResponse, TimeLimit, UnauthorizedCode};
use crate::pipeline::retry_budget::{RetryBudget, RetryTokens};

const LONG: Duration = Duration::from_secs(3600);

fn status(code: u16) -> AttemptError {
    response(code, HeaderMap::new())
}

fn response(code: u16, headers: HeaderMap) -> AttemptError {
    let status = StatusCode::from_u16(code).unwrap();
    let kind = match code {
        401 => ErrorKind::Unauthorized(UnauthorizedCode::InvalidToken),
        _ => ErrorKind::Status(status),
    };
    AttemptError::new(kind, RequestOutcome::Responded).with_response(ErrorResponse {
        status,
        headers,
        body: bytes::Bytes::new(),
    })
}

fn with_retry_after(code: u16, values: &[&str]) -> AttemptError {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(RETRY_AFTER, value.parse().unwrap());
    }
    response(code, headers)
}

fn input(error: &AttemptError) -> RetryInput<'_> {
    RetryInput {
        error,
        attempt: 1,
        idempotent: true,
        remaining: LONG,
        now: SystemTime::UNIX_EPOCH,
        jitter: 1.0,
    }
}

fn decision(error: &AttemptError) -> Decision {
    decide(&RetryPolicy::default(), &input(error))
}

/// What AWS published for its SDKs' standard mode: backoff before jitter, and the budget's accounts.
mod published {
    use super::*;

    #[derive(Deserialize)]
    struct Case {
        name: String,
        given: Given,
        responses: Vec<Step>,
    }

    #[derive(Deserialize)]
    struct Given {
        max_attempts: Option<u32>,
        initial_retry_tokens: Option<u32>,
        max_backoff_time: Option<f64>,
    }

    #[derive(Deserialize)]
    struct Step {
        response: Response,
        expected: Expected,
    }

    #[derive(Deserialize)]
    struct Response {
        status_code: u16,
        error_code: Option<String>,
    }

    #[derive(Deserialize, PartialEq, Debug)]
    struct Expected {
        outcome: String,
        retry_quota: u32,
        delay: Option<f64>,
    }

    /// A client's retries over several calls, as the retry loop makes them.
    struct Run {
        policy: RetryPolicy,
        tokens: RetryTokens,
        attempt: u32,
        last_retry_cost: Option<u32>,
    }

    impl Run {
        fn after(&mut self, response: &Response) -> (&'static str, Option<f64>) {
            if response.status_code < 300 {
                self.tokens.refund(self.last_retry_cost.take());
                self.attempt = 1;
                return ("success", None);
            }
            let throttled = response.error_code.as_deref() == Some("Throttling");
            let error = status(if throttled { 429 } else { response.status_code });
            let decision =
                decide(&self.policy, &RetryInput { attempt: self.attempt, ..input(&error) });
            match decision {
                Decision::Retry { backoff, cost } if self.tokens.try_spend(cost) => {
                    self.attempt += 1;
                    self.last_retry_cost = Some(cost);
                    ("retry_request", Some(backoff.as_secs_f64()))
                }
                Decision::Retry { .. } => ("retry_quota_exceeded", None),
                Decision::Stop(Some(NotRetried::AttemptsExhausted)) => {
                    ("max_attempts_exceeded", None)
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn all_published_cases_hold() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../tests/vectors/retry-cases.json")).unwrap();
        assert_eq!(cases.len(), 9);
        for Case { name, given, responses } in cases {
            let defaults = RetryPolicy::default();
            let mut run = Run {
                policy: RetryPolicy {
                    max_attempts: given.max_attempts.unwrap_or(defaults.max_attempts),
                    max_delay: given
                        .max_backoff_time
                        .map_or(defaults.max_delay, Duration::from_secs_f64),
                    ..defaults
                },
                tokens: RetryTokens::full(
                    given
                        .initial_retry_tokens
                        .map_or_else(RetryBudget::default, RetryBudget::with_tokens),
                ),
                attempt: 1,
                last_retry_cost: None,
            };
            for (step, Step { response, expected }) in responses.into_iter().enumerate() {
                let (outcome, delay) = run.after(&response);
                let retry_quota = run.tokens.left().unwrap();
                let got = Expected { outcome: outcome.into(), retry_quota, delay };
                assert_eq!(got, expected, "{name}, response {step}");
            }
        }
    }
}

#[test]
fn only_transient_errors_are_retried() {
    for code in 400..=599 {
        let retried = matches!(decision(&status(code)), Decision::Retry { .. });
        assert_eq!(retried, [408, 425, 429, 500, 502, 503, 504].contains(&code), "{code}");
    }
    for (kind, retried) in [
        (ErrorKind::Connect, true),
        (ErrorKind::Interrupted, true),
        (ErrorKind::Timeout(TimeLimit::Attempt), true),
        (ErrorKind::Tls, false),
        (ErrorKind::Proxy, false),
        (ErrorKind::Credentials, false),
        (ErrorKind::Protocol("not HTTP".into()), false),
        (ErrorKind::BodyTooLarge { limit: 1 }, false),
    ] {
        let error = AttemptError::new(kind, RequestOutcome::Unknown);
        assert_eq!(matches!(decision(&error), Decision::Retry { .. }), retried, "{error:?}");
    }
}

#[test]
fn a_request_that_may_have_been_processed_is_retried_only_if_it_is_idempotent() {
    let once = |error: &AttemptError| {
        decide(&RetryPolicy::default(), &RetryInput { idempotent: false, ..input(error) })
    };
    let broken = AttemptError::new(ErrorKind::Interrupted, RequestOutcome::Unknown);
    assert_eq!(once(&broken), Decision::Stop(Some(NotRetried::NotIdempotent)));
    assert_eq!(once(&status(503)), Decision::Stop(Some(NotRetried::NotIdempotent)));
    let unsent = AttemptError::new(ErrorKind::Connect, RequestOutcome::NotSent);
    assert!(matches!(once(&unsent), Decision::Retry { .. }));
}

#[test]
fn never_means_never() {
    assert_eq!(
        decide(&RetryPolicy::never(), &input(&status(503))),
        Decision::Stop(Some(NotRetried::Disabled))
    );
}

#[test]
fn full_jitter_lies_between_nothing_and_the_backoff_and_averages_the_half() {
    const DRAWS: u32 = 10_000;
    let mut random = fastrand::Rng::with_seed(1);
    for (attempt, cap) in
        [(1, 0.05), (2, 0.1), (5, 0.8), (9, 12.8), (10, 20.0), (4_000_000_000, 20.0)]
    {
        let policy = RetryPolicy { max_attempts: u32::MAX, ..RetryPolicy::default() };
        let mut sum = 0.0;
        for _ in 0..DRAWS {
            let error = status(503);
            let drawn = RetryInput { attempt, jitter: random.f64(), ..input(&error) };
            let Decision::Retry { backoff, .. } = decide(&policy, &drawn) else {
                panic!("{attempt}")
            };
            assert!(backoff.as_secs_f64() <= cap, "{backoff:?}");
            sum += backoff.as_secs_f64();
        }
        let mean = sum / f64::from(DRAWS);
        assert!((mean - cap / 2.0).abs() < 0.02 * cap / 2.0, "attempt {attempt}: mean {mean}");
    }
}

#[test]
fn retry_after_is_obeyed_in_both_forms_with_the_jitter_on_top() {
    let backoff = DEFAULT_BASE_DELAY;
    for (values, asked) in [
        (&["7"][..], 7),
        (&["0"], 0),
        (&["007"], 7),
        (&["Thu, 01 Jan 1970 00:00:09 GMT"], 9),
        (&["Wed, 31 Dec 1969 23:59:59 GMT"], 0),
        // What is neither is ignored; of several the longest counts.
        (&["-7"], 0),
        (&["soon"], 0),
        (&[""], 0),
        (&["1.5"], 0),
        (&["3", "5"], 5),
        (&["soon", "5"], 5),
    ] {
        let expected = Decision::Retry {
            backoff: Duration::from_secs(asked) + backoff,
            cost: TRANSIENT_RETRY_COST,
        };
        assert_eq!(decision(&with_retry_after(503, values)), expected, "{values:?}");
    }
}

#[test]
fn a_retry_after_that_is_too_long_is_refused_and_says_so() {
    for (value, asked) in [
        ("121", Duration::from_secs(121)),
        ("99999999999999999999999999", Duration::from_secs(u64::MAX)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Duration::from_secs(253_402_300_799)),
    ] {
        let expected = Decision::Stop(Some(NotRetried::RetryAfterTooLong { requested: asked }));
        assert_eq!(decision(&with_retry_after(429, &[value])), expected, "{value}");
    }
}

#[test]
fn no_wait_reaches_the_deadline() {
    let error = with_retry_after(429, &["5"]);
    for (remaining, retried) in [(6_001, true), (6_000, false), (4_000, false), (0, false)] {
        let remaining = Duration::from_millis(remaining);
        let decided = decide(&RetryPolicy::default(), &RetryInput { remaining, ..input(&error) });
        let wait = Duration::from_secs(5) + DEFAULT_THROTTLED_BASE_DELAY;
        let expected = if retried {
            Decision::Retry { backoff: wait, cost: THROTTLED_RETRY_COST }
        } else {
            Decision::Stop(Some(NotRetried::DeadlineTooClose { wait }))
        };
        assert_eq!(decided, expected, "{remaining:?}");
    }
}
