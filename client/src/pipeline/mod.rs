//! The way of every call: `execute` → retry loop → attempt → transport → decode.
//!
//! What concerns all calls (key, timeouts, retries, size limit, spans) is done here, once.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, Span};

use crate::auth::api_key::ApiKey;
use crate::auth::credentials::{ApiKeyCache, CachedKey};
use crate::auth::redact::KeyRedactor;
use crate::error::{
    Attempt, AttemptError, Error, ErrorKind, NotRetried, RequestOutcome, SharedError,
    UnauthorizedCode, Unprocessed,
};
use crate::transport::{self, HttpService, RequestBody};
use attempt::{AttemptResponse, ReadBody, attempt};
use drift_reporter::DriftReporter;
use retry::{Decision, Resends, RetryInput, RetryPolicy, decide, is_idempotent, resend_cost};
use retry_budget::{PendingRetry, RetryTokens, TokenBucket};
use timeouts::{AttemptTimeouts, Timeouts};

pub(crate) mod attempt;
pub(crate) mod drift_reporter;
pub(crate) mod retry;
pub(crate) mod retry_budget;
pub(crate) mod spans;
pub(crate) mod timeouts;

/// The state that all calls of a client and its clones share.
pub(crate) struct ClientInner {
    pub(crate) http: HttpService,
    pub(crate) credentials: Arc<ApiKeyCache>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) max_response_bytes: usize,
    pub(crate) retry_tokens: RetryTokens,
    /// Limits how often requests that were not processed are resent, so that a server that refuses
    /// every request does not get many for each call.
    pub(crate) resend_tokens: TokenBucket,
    pub(crate) drift: Option<Arc<DriftReporter>>,
}

/// The options of one call.
#[derive(Clone, Debug)]
pub(crate) struct CallOptions {
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: RetryPolicy,
    /// The path below the base URL, with its variable parts as names, for the name of the span.
    pub(crate) url_template: Option<Cow<'static, str>>,
}

/// A call whose last attempt succeeded.
pub(crate) struct CallOutput<T> {
    pub(crate) response: AttemptResponse<T>,
    pub(crate) failed_attempts: Vec<Attempt>,
    pub(crate) started: Instant,
    pub(crate) timeouts: AttemptTimeouts,
    /// The span of the call, for what is still to come.
    pub(crate) span: Span,
}

impl ClientInner {
    /// The request as it is sent: with the key, and the headers that every request has.
    fn prepare(&self, request: &Request<RequestBody>, key: &ApiKey) -> Request<RequestBody> {
        let mut headers = HeaderMap::with_capacity(4 + request.headers().len());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, self.user_agent.clone());
        transport::set_accept_encoding(&mut headers);
        for (name, value) in request.headers() {
            headers.insert(name.clone(), value.clone());
        }
        // The URI was made from the base URL, so the key is sent to its origin only.
        headers.insert(AUTHORIZATION, key.authorization().clone());
        let mut prepared = Request::new(request.body().clone());
        *prepared.method_mut() = request.method().clone();
        *prepared.uri_mut() = request.uri().clone();
        *prepared.headers_mut() = headers;
        prepared
    }
}

/// Sends a request as often as policy, budget and deadline allow, and reads its response.
pub(crate) async fn execute<R: ReadBody>(
    inner: &ClientInner,
    request: &Request<RequestBody>,
    options: &CallOptions,
    reader: &R,
) -> Result<CallOutput<R::Output>, Error> {
    transport::check_runtime().map_err(|problem| Error::unsent(ErrorKind::Request(problem)))?;
    let template = options.url_template.as_deref();
    let span = spans::call_span(request.method(), template, &inner.retry_tokens);
    let mut state = RetryState::new(options, is_idempotent(request));
    // Pinned where it is made: it is large, and passing it on would copy it.
    let result =
        pin!(retry_loop(inner, request, &mut state, reader)).instrument(span.clone()).await;
    let RetryState { started, timeouts, failed_attempts, .. } = state;
    match result {
        Ok(response) => Ok(CallOutput { response, failed_attempts, started, timeouts, span }),
        Err((error, not_retried)) => {
            spans::record_failure(&span, &error.kind);
            let error = error.at_peer_of(request.uri());
            Err(Error::new(error, failed_attempts, started.elapsed(), not_retried))
        }
    }
}

/// Why a call ended, and why no retry followed where one could have helped.
type Failure = (AttemptError, Option<NotRetried>);

async fn retry_loop<R: ReadBody>(
    inner: &ClientInner,
    request: &Request<RequestBody>,
    state: &mut RetryState<'_>,
    reader: &R,
) -> Result<AttemptResponse<R::Output>, Failure> {
    let mut pending_retry: Option<PendingRetry<'_>> = None;
    loop {
        let cached = match inner.credentials.cached() {
            Some(cached) => cached,
            None => state.in_time(inner.credentials.get()).await.map_err(|error| (error, None))?,
        };
        if Instant::now() >= state.timeouts.deadline {
            let error = state.timeouts.deadline_exceeded(RequestOutcome::NotSent);
            return Err((error, None));
        }
        let span = spans::attempt_span(request, state.failed_attempts.len());
        if let Some(retry) = pending_retry.take() {
            retry.mark_sent();
        }
        let sent = span.in_scope(|| inner.http.send(inner.prepare(request, &cached.key)));
        let redactor = KeyRedactor::new(&cached.key);
        let pool = sent.pool;
        let attempting = attempt(sent, redactor, state.timeouts, reader);
        let error = match pin!(attempting).instrument(span.clone()).await {
            Ok(response) => {
                spans::record_status(&span, response.head.status);
                inner.retry_tokens.refund(state.last_retry_cost);
                inner.resend_tokens.put_back(retry::RESEND_REFUND);
                return Ok(response);
            }
            Err(error) => error,
        };
        spans::record_error(&span, &error);
        if state.distrusts_connection(&error) {
            inner.http.retire(pool);
        }
        match state.next_action(inner, &error, &cached).await? {
            Decision::Retry { backoff, cost } => {
                state.record_failure(&error, Some(backoff));
                state.counted_attempts += 1;
                state.last_retry_cost = Some(cost);
                pending_retry = Some(inner.retry_tokens.pending_retry(cost));
                sleep(backoff).await;
            }
            Decision::RetryImmediately => {
                state.record_failure(&error, Some(Duration::ZERO));
                // The task of the connection takes note that it is closing.
                tokio::task::yield_now().await;
            }
            Decision::Stop(not_retried) => {
                state.record_failure(&error, None);
                return Err((error, not_retried));
            }
        }
    }
}

/// What the retry loop knows of a call.
struct RetryState<'a> {
    policy: &'a RetryPolicy,
    idempotent: bool,
    started: Instant,
    timeouts: AttemptTimeouts,
    /// The current attempt, from 1, without those that were resent at no cost.
    counted_attempts: u32,
    resends: Resends,
    other_key_used: bool,
    last_retry_cost: Option<u32>,
    failed_attempts: Vec<Attempt>,
}

impl<'a> RetryState<'a> {
    fn new(options: &'a CallOptions, idempotent: bool) -> Self {
        let CallOptions { timeouts, retry: policy, .. } = options;
        let started = Instant::now();
        let timeouts = AttemptTimeouts {
            idle: timeouts.attempt(idempotent && !policy.is_never()),
            deadline: timeouts.deadline(started),
            call: timeouts.call,
        };
        Self {
            policy,
            idempotent,
            started,
            timeouts,
            counted_attempts: 1,
            resends: Resends::default(),
            other_key_used: false,
            last_retry_cost: None,
            failed_attempts: Vec::new(),
        }
    }

    /// Whether the next attempt must use another connection: this one did not respond in time, or
    /// refused the request more than once.
    fn distrusts_connection(&self, error: &AttemptError) -> bool {
        matches!(error.kind, ErrorKind::Timeout(_))
            || (error.unprocessed == Some(Unprocessed::Refused) && self.resends.refused == 1)
    }

    async fn next_action(
        &mut self,
        inner: &ClientInner,
        error: &AttemptError,
        rejected: &CachedKey,
    ) -> Result<Decision, Failure> {
        // A rejected request was not acted on, so any method may be sent again with another key.
        if error.kind == ErrorKind::Unauthorized(UnauthorizedCode::InvalidToken)
            && !self.other_key_used
        {
            self.other_key_used = true;
            let other = self.in_time(inner.credentials.has_other_than(rejected)).await;
            let has_other = other.map_err(|provider_error| {
                self.record_failure(error, None);
                (provider_error, None)
            })?;
            if has_other {
                return Ok(Decision::RetryImmediately);
            }
        }
        if let Some(reason) = error.unprocessed
            && self.resends.allow(reason)
            && inner.resend_tokens.try_take(resend_cost(reason))
        {
            return Ok(Decision::RetryImmediately);
        }
        Ok(match decide(self.policy, &self.retry_input(error)) {
            Decision::Retry { cost, .. } if !inner.retry_tokens.try_spend(cost) => {
                Decision::Stop(Some(NotRetried::BudgetExhausted))
            }
            decision => decision,
        })
    }

    /// Waits for a key until the deadline.
    async fn in_time<K>(
        &self,
        key: impl Future<Output = Result<K, SharedError>>,
    ) -> Result<K, AttemptError> {
        match timeout_at(self.timeouts.deadline, key).await {
            Ok(Ok(key)) => Ok(key),
            Ok(Err(cause)) => {
                let error = AttemptError::new(ErrorKind::Credentials, RequestOutcome::NotSent);
                Err(error.with_source(cause))
            }
            Err(_) => {
                let error = self.timeouts.deadline_exceeded(RequestOutcome::NotSent);
                Err(error.at_peer("the API key provider"))
            }
        }
    }

    fn retry_input<'e>(&self, error: &'e AttemptError) -> RetryInput<'e> {
        RetryInput {
            error,
            attempt: self.counted_attempts,
            idempotent: self.idempotent,
            remaining: self.timeouts.deadline.saturating_duration_since(Instant::now()),
            now: SystemTime::now(),
            jitter: fastrand::f64(),
        }
    }

    fn record_failure(&mut self, error: &AttemptError, backoff: Option<Duration>) {
        let attempt = error.attempt(backoff);
        if backoff.is_some() {
            spans::retrying(&attempt);
        }
        self.failed_attempts.push(attempt);
    }
}
