//! The one road of every call: deadline, then retry, then one attempt after the other.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, Span};

use crate::auth::api_key::ApiKey;
use crate::auth::credentials::{HeldKey, KeyRing};
use crate::auth::redact::SentKey;
use crate::error::{
    Attempt, Error, ErrorKind, Fault, NotRetried, Outcome, SharedError, UnauthorizedCode,
};
use crate::pipeline::attempt::{Arrived, Patience};
use crate::pipeline::drift_reporter::DriftWatch;
use crate::pipeline::retry::{Decision, Situation, decide, is_repeatable};
use crate::pipeline::retry_budget::{RetryBudget, Unsent};
use crate::pipeline::timeouts::Limits;
use crate::transport::{self, Exchanging, HttpService, RequestBody};

pub(crate) mod attempt;
pub(crate) mod drift_reporter;
pub(crate) mod retry;
pub(crate) mod retry_budget;
pub(crate) mod spans;
pub(crate) mod timeouts;

/// Stands for a deadline that no clock can reach.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// What all calls of a client and its clones share.
pub(crate) struct Road {
    pub(crate) http: HttpService,
    pub(crate) keys: KeyRing,
    pub(crate) user_agent: HeaderValue,
    pub(crate) max_body_bytes: usize,
    pub(crate) budget: RetryBudget,
    pub(crate) drift: Option<Arc<DriftWatch>>,
}

/// A call that came back with a good answer.
pub(crate) struct Journey<T> {
    pub(crate) arrived: Arrived<T>,
    pub(crate) failed_attempts: Vec<Attempt>,
    pub(crate) started: Instant,
    pub(crate) deadline: Instant,
    /// The span of the call, for what is still to come.
    pub(crate) span: Span,
}

impl Road {
    /// The request as it goes out: with the key, and the headers that each has unless it has its own.
    fn complete(&self, request: &Request<RequestBody>, key: &ApiKey) -> Request<RequestBody> {
        let mut headers = HeaderMap::with_capacity(4 + request.headers().len());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, self.user_agent.clone());
        transport::ask_for_codings(&mut headers);
        for (name, value) in request.headers() {
            headers.insert(name.clone(), value.clone());
        }
        // The address was made from the base URL, so the key goes to its origin and nowhere else.
        headers.insert(AUTHORIZATION, key.authorization().clone());
        let mut complete = Request::new(request.body().clone());
        *complete.method_mut() = request.method().clone();
        *complete.uri_mut() = request.uri().clone();
        *complete.headers_mut() = headers;
        complete
    }
}

/// Takes a request there and back, as often as policy, budget and deadline allow.
pub(crate) async fn travel<T, Attempted>(
    road: &Road,
    request: &Request<RequestBody>,
    limits: &Limits,
    attempt: impl Fn(Exchanging, SentKey, Patience) -> Attempted,
) -> Result<Journey<T>, Error>
where
    Attempted: Future<Output = Result<Arrived<T>, Fault>>,
{
    if Handle::try_current().is_err() {
        let problem =
            "there is no tokio runtime here; await the call inside one, such as #[tokio::main]";
        return Err(Error::unsent(ErrorKind::Request(problem.to_owned())));
    }
    let span = spans::call_span(request);
    let mut trip = Trip::start(limits, is_repeatable(request));
    // Pinned where it is made: it is large, and to hand it on would be to copy it.
    let went = pin!(go(road, request, &mut trip, attempt)).instrument(span.clone()).await;
    match went {
        Ok(arrived) => {
            let Trip { started, deadline, failed_attempts, .. } = trip;
            Ok(Journey { arrived, failed_attempts, started, deadline, span })
        }
        Err((fault, reason)) => {
            spans::record_failure(&span, &fault.kind);
            Err(Error::new(fault, trip.failed_attempts, trip.started.elapsed(), reason))
        }
    }
}

async fn go<T, Attempted>(
    road: &Road,
    request: &Request<RequestBody>,
    trip: &mut Trip<'_>,
    attempt: impl Fn(Exchanging, SentKey, Patience) -> Attempted,
) -> Result<Arrived<T>, (Fault, Option<NotRetried>)>
where
    Attempted: Future<Output = Result<Arrived<T>, Fault>>,
{
    let mut unsent: Option<Unsent<'_>> = None;
    loop {
        let held = match road.keys.held() {
            Some(held) => held,
            None => trip.ask(road.keys.key()).await.map_err(|fault| (fault, None))?,
        };
        if Instant::now() >= trip.deadline {
            return Err((Fault::out_of_time(Outcome::NotSent), None));
        }
        let span = spans::attempt_span(request, trip.failed_attempts.len());
        if let Some(retry) = unsent.take() {
            retry.sent();
        }
        let exchanging = span.in_scope(|| road.http.send(road.complete(request, &held.key)));
        let attempting = attempt(exchanging, SentKey::of(&held.key), trip.patience());
        let fault = match pin!(attempting).instrument(span.clone()).await {
            Ok(arrived) => {
                spans::record_answer(&span, arrived.head.status);
                road.budget.refund(trip.last_retry_cost);
                return Ok(arrived);
            }
            Err(fault) => fault,
        };
        spans::record_fault(&span, &fault);
        match trip.next_step(road, &fault, &held).await? {
            Decision::Retry { wait, cost } => {
                trip.note(&fault, Some(wait));
                trip.counted_attempts += 1;
                trip.last_retry_cost = Some(cost);
                unsent = Some(road.budget.unsent(cost));
                sleep(wait).await;
            }
            Decision::RetryAtOnce => trip.note(&fault, Some(Duration::ZERO)),
            Decision::Stop(reason) => {
                trip.note(&fault, None);
                return Err((fault, reason));
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
    /// The current attempt, from 1; those that were tried again at once do not count.
    counted_attempts: u32,
    stale_retry_used: bool,
    other_key_used: bool,
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
            other_key_used: false,
            last_retry_cost: None,
            failed_attempts: Vec::new(),
        }
    }

    fn patience(&self) -> Patience {
        let pause = self.limits.attempt_timeout(self.repeatable).min(CENTURY);
        Patience { pause, deadline: self.deadline }
    }

    /// What follows after a failed attempt.
    async fn next_step(
        &mut self,
        road: &Road,
        fault: &Fault,
        refused: &HeldKey,
    ) -> Result<Decision, (Fault, Option<NotRetried>)> {
        // A refused request was not acted on, so it may go out again with another key, whatever it is.
        if fault.kind == ErrorKind::Unauthorized(UnauthorizedCode::InvalidToken)
            && !self.other_key_used
        {
            self.other_key_used = true;
            let other = self.ask(road.keys.has_other_than(refused)).await;
            let has_other = other.map_err(|source_fault| {
                self.note(fault, None);
                (source_fault, None)
            })?;
            if has_other {
                return Ok(Decision::RetryAtOnce);
            }
        }
        Ok(match decide(&self.limits.retry, &self.situation(fault)) {
            Decision::Retry { cost, .. } if !road.budget.try_spend(cost) => {
                Decision::Stop(Some(NotRetried::BudgetUsedUp))
            }
            Decision::RetryAtOnce => {
                self.stale_retry_used = true;
                Decision::RetryAtOnce
            }
            decision => decision,
        })
    }

    /// Asks for a key, within the deadline.
    async fn ask<K>(
        &self,
        asking: impl Future<Output = Result<K, SharedError>>,
    ) -> Result<K, Fault> {
        match timeout_at(self.deadline, asking).await {
            Ok(Ok(key)) => Ok(key),
            Ok(Err(cause)) => {
                Err(Fault::new(ErrorKind::KeySource, Outcome::NotSent).caused_by(cause))
            }
            Err(_) => Err(Fault::out_of_time(Outcome::NotSent)),
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
        let failed = fault.attempt(wait);
        if wait.is_some() {
            spans::retrying(&failed);
        }
        self.failed_attempts.push(failed);
    }
}
