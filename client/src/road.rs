//! The one road of every call: deadline, then retry, then one attempt after the other.

use std::time::{Duration, SystemTime};

use http::Request;
use http::header::AUTHORIZATION;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use crate::api_key::ApiKey;
use crate::attempt::{Arrived, TimeLeft};
use crate::budget::RetryBudget;
use crate::error::{Attempt, Error, ErrorKind, Fault, NotRetried, TimeLimit};
use crate::limits::Limits;
use crate::retry::{Decision, Situation, decide, is_repeatable};
use crate::transport::{HttpService, RequestBody};

/// Stands for a deadline that no clock can reach.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// What all calls of a client and its clones share.
pub(crate) struct Road {
    pub(crate) http: HttpService,
    pub(crate) api_key: ApiKey,
    pub(crate) max_body_bytes: usize,
    pub(crate) budget: RetryBudget,
}

/// A call that came back with a good answer.
pub(crate) struct Journey<T> {
    pub(crate) arrived: Arrived<T>,
    pub(crate) failed_attempts: Vec<Attempt>,
    pub(crate) started: Instant,
    pub(crate) deadline: Instant,
}

/// Takes a request there and back, as often as policy, budget and deadline allow.
pub(crate) async fn travel<T, Attempted>(
    road: &Road,
    request: Result<Request<RequestBody>, String>,
    limits: &Limits,
    attempt: impl Fn(HttpService, Request<RequestBody>, TimeLeft) -> Attempted,
) -> Result<Journey<T>, Error>
where
    Attempted: Future<Output = Result<Arrived<T>, Fault>>,
{
    if Handle::try_current().is_err() {
        let problem =
            "there is no tokio runtime here; await the call inside one, such as #[tokio::main]";
        return Err(Error::unsent(ErrorKind::Request(problem.to_owned())));
    }
    let mut request = request.map_err(|problem| Error::unsent(ErrorKind::Request(problem)))?;
    // The address was made from the base URL, so the key goes to its origin and nowhere else.
    request
        .headers_mut()
        .insert(AUTHORIZATION, road.api_key.authorization().clone());

    let mut trip = Trip::start(limits, is_repeatable(&request));
    loop {
        let fault = match attempt(road.http.clone(), request.clone(), trip.time_left()).await {
            Ok(arrived) => {
                road.budget.refund(trip.last_retry_cost);
                return Ok(trip.arrive(arrived));
            }
            Err(fault) => fault,
        };
        let decision = match decide(&limits.retry, &trip.situation(&fault)) {
            Decision::Retry { cost, .. } if !road.budget.try_spend(cost) => {
                Decision::Stop(Some(NotRetried::BudgetUsedUp))
            }
            decision => decision,
        };
        match decision {
            Decision::Retry { wait, cost } => {
                trip.note(&fault, Some(wait));
                trip.counted_attempts += 1;
                trip.last_retry_cost = Some(cost);
                sleep(wait).await;
            }
            Decision::RetryStale => {
                trip.note(&fault, Some(Duration::ZERO));
                trip.stale_retry_used = true;
            }
            Decision::Stop(reason) => {
                trip.note(&fault, None);
                return Err(Error::new(
                    fault,
                    trip.failed_attempts,
                    trip.started.elapsed(),
                    reason,
                ));
            }
        }
    }
}

/// Where a call stands.
struct Trip<'a> {
    limits: &'a Limits,
    repeatable: bool,
    started: Instant,
    deadline: Instant,
    /// The current attempt, from 1; one that only found a stale connection does not count.
    counted_attempts: u32,
    stale_retry_used: bool,
    last_retry_cost: Option<u32>,
    failed_attempts: Vec<Attempt>,
}

impl<'a> Trip<'a> {
    fn start(limits: &'a Limits, repeatable: bool) -> Self {
        let started = Instant::now();
        Self {
            limits,
            repeatable,
            started,
            deadline: started + limits.deadline.min(CENTURY),
            counted_attempts: 1,
            stale_retry_used: false,
            last_retry_cost: None,
            failed_attempts: Vec::new(),
        }
    }

    /// The smaller of an attempt's own limit and what is left of the deadline.
    fn time_left(&self) -> TimeLeft {
        let own = Instant::now() + self.limits.attempt_timeout(self.repeatable).min(CENTURY);
        if own < self.deadline {
            TimeLeft {
                until: own,
                limit: TimeLimit::Attempt,
            }
        } else {
            TimeLeft {
                until: self.deadline,
                limit: TimeLimit::Deadline,
            }
        }
    }

    fn situation<'f>(&self, fault: &'f Fault) -> Situation<'f> {
        Situation {
            fault,
            attempt: self.counted_attempts,
            repeatable: self.repeatable,
            stale_retry_used: self.stale_retry_used,
            remaining: self.deadline.saturating_duration_since(Instant::now()),
            now: SystemTime::now(),
            jitter: fastrand::f64(),
        }
    }

    fn note(&mut self, fault: &Fault, wait: Option<Duration>) {
        self.failed_attempts.push(Attempt {
            cause: fault.kind.clone(),
            status: fault.status(),
            wait,
        });
    }

    fn arrive<T>(self, arrived: Arrived<T>) -> Journey<T> {
        let Self {
            started,
            deadline,
            failed_attempts,
            ..
        } = self;
        Journey {
            arrived,
            failed_attempts,
            started,
            deadline,
        }
    }
}
