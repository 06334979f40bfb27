use http::HeaderMap;
use http::header::RETRY_AFTER;
use serde::Deserialize;

use super::*;
use crate::error::{Answer, TimeLimit, UnauthorizedCode};
use crate::pipeline::retry_budget::RetryBudget;

const LONG: Duration = Duration::from_secs(3600);

fn status(code: u16) -> Fault {
    answered(code, HeaderMap::new())
}

fn answered(code: u16, headers: HeaderMap) -> Fault {
    let status = StatusCode::from_u16(code).unwrap();
    let kind = match code {
        401 => ErrorKind::Unauthorized(UnauthorizedCode::InvalidToken),
        _ => ErrorKind::Status(status),
    };
    Fault::new(kind, Outcome::Answered).answered(Answer {
        status,
        headers,
        body: bytes::Bytes::new(),
    })
}

fn asking_to_wait(code: u16, values: &[&str]) -> Fault {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(RETRY_AFTER, value.parse().unwrap());
    }
    answered(code, headers)
}

fn situation(fault: &Fault) -> Situation<'_> {
    Situation {
        fault,
        attempt: 1,
        repeatable: true,
        stale_retry_used: false,
        remaining: LONG,
        now: SystemTime::UNIX_EPOCH,
        jitter: 1.0,
    }
}

fn decision(fault: &Fault) -> Decision {
    decide(&RetryPolicy::default(), &situation(fault))
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

    /// A client's retries over several calls, as the road has them.
    struct Run {
        policy: RetryPolicy,
        budget: RetryBudget,
        attempt: u32,
        last_retry_cost: Option<u32>,
    }

    impl Run {
        fn after(&mut self, response: &Response) -> (&'static str, Option<f64>) {
            if response.status_code < 300 {
                self.budget.refund(self.last_retry_cost.take());
                self.attempt = 1;
                return ("success", None);
            }
            let throttled = response.error_code.as_deref() == Some("Throttling");
            let fault = status(if throttled { 429 } else { response.status_code });
            let decision =
                decide(&self.policy, &Situation { attempt: self.attempt, ..situation(&fault) });
            match decision {
                Decision::Retry { wait, cost } if self.budget.try_spend(cost) => {
                    self.attempt += 1;
                    self.last_retry_cost = Some(cost);
                    ("retry_request", Some(wait.as_secs_f64()))
                }
                Decision::Retry { .. } => ("retry_quota_exceeded", None),
                Decision::Stop(Some(NotRetried::AttemptsUsedUp)) => ("max_attempts_exceeded", None),
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
                budget: given
                    .initial_retry_tokens
                    .map_or_else(RetryBudget::full, RetryBudget::with),
                attempt: 1,
                last_retry_cost: None,
            };
            for (step, Step { response, expected }) in responses.into_iter().enumerate() {
                let (outcome, delay) = run.after(&response);
                let got =
                    Expected { outcome: outcome.into(), retry_quota: run.budget.tokens(), delay };
                assert_eq!(got, expected, "{name}, answer {step}");
            }
        }
    }
}

#[test]
fn only_what_can_pass_is_retried() {
    for code in 400..=599 {
        let retried = matches!(decision(&status(code)), Decision::Retry { .. });
        assert_eq!(retried, [408, 425, 429, 500, 502, 503, 504].contains(&code), "{code}");
    }
    for (kind, retried) in [
        (ErrorKind::Connect, true),
        (ErrorKind::Connection, true),
        (ErrorKind::Timeout(TimeLimit::Attempt), true),
        (ErrorKind::Tls, false),
        (ErrorKind::Protocol("not HTTP".into()), false),
        (ErrorKind::BodyTooLarge { limit: 1 }, false),
    ] {
        let fault = Fault::new(kind, Outcome::MaybeProcessed);
        assert_eq!(matches!(decision(&fault), Decision::Retry { .. }), retried, "{fault:?}");
    }
}

#[test]
fn what_may_have_been_processed_is_sent_again_only_if_it_is_repeatable() {
    let once = |fault: &Fault| {
        decide(&RetryPolicy::default(), &Situation { repeatable: false, ..situation(fault) })
    };
    let broken = Fault::new(ErrorKind::Connection, Outcome::MaybeProcessed);
    assert_eq!(once(&broken), Decision::Stop(Some(NotRetried::NotSafe)));
    assert_eq!(once(&status(503)), Decision::Stop(Some(NotRetried::NotSafe)));
    let unsent = Fault::new(ErrorKind::Connect, Outcome::NotSent);
    assert!(matches!(once(&unsent), Decision::Retry { .. }));
}

#[test]
fn a_dead_pooled_connection_is_retried_at_once_for_free_and_only_once() {
    let stale = Fault {
        stale_connection: true,
        ..Fault::new(ErrorKind::Connection, Outcome::MaybeProcessed)
    };
    assert_eq!(decision(&stale), Decision::RetryAtOnce);
    let again = Situation { stale_retry_used: true, ..situation(&stale) };
    assert!(matches!(decide(&RetryPolicy::default(), &again), Decision::Retry { .. }));
    let once = Situation { repeatable: false, ..situation(&stale) };
    assert_eq!(decide(&RetryPolicy::default(), &once), Decision::Stop(Some(NotRetried::NotSafe)));
}

#[test]
fn off_means_off() {
    assert_eq!(
        decide(&RetryPolicy::off(), &situation(&status(503))),
        Decision::Stop(Some(NotRetried::RetriesOff))
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
            let fault = status(503);
            let drawn = Situation { attempt, jitter: random.f64(), ..situation(&fault) };
            let Decision::Retry { wait, .. } = decide(&policy, &drawn) else { panic!("{attempt}") };
            assert!(wait.as_secs_f64() <= cap, "{wait:?}");
            sum += wait.as_secs_f64();
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
            wait: Duration::from_secs(asked) + backoff,
            cost: TRANSIENT_RETRY_COST,
        };
        assert_eq!(decision(&asking_to_wait(503, values)), expected, "{values:?}");
    }
}

#[test]
fn a_retry_after_that_is_too_long_is_refused_and_says_so() {
    for (value, asked) in [
        ("121", Duration::from_secs(121)),
        ("99999999999999999999999999", Duration::from_secs(u64::MAX)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Duration::from_secs(253_402_300_799)),
    ] {
        let expected = Decision::Stop(Some(NotRetried::RetryAfterTooLong { asked }));
        assert_eq!(decision(&asking_to_wait(429, &[value])), expected, "{value}");
    }
}

#[test]
fn no_wait_reaches_the_deadline() {
    let fault = asking_to_wait(429, &["5"]);
    for (remaining, retried) in [(6_001, true), (6_000, false), (4_000, false), (0, false)] {
        let remaining = Duration::from_millis(remaining);
        let decided =
            decide(&RetryPolicy::default(), &Situation { remaining, ..situation(&fault) });
        let wait = Duration::from_secs(5) + DEFAULT_THROTTLED_BASE_DELAY;
        let expected = if retried {
            Decision::Retry { wait, cost: THROTTLED_RETRY_COST }
        } else {
            Decision::Stop(Some(NotRetried::DeadlineTooClose { wait }))
        };
        assert_eq!(decided, expected, "{remaining:?}");
    }
}
