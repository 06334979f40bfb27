//! Transient errors are retried within the timeout, and a service that is down does not get more
//! load.
//!
//! The service is a function of the test. The clock is paused, and advances when a task waits.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use partner_api::{
    BoxError, Client, ClientBuilder, DEFAULT_MAX_ATTEMPTS, ErrorKind, NotRetried, RequestBody,
    RequestOutcome, RetryBudget, RetryPolicy, TimeLimit,
};
use tokio::time::{Instant, Sleep, sleep};

use crate::support::{KEY, WALLET};

/// The tokens that a retry after a 503 takes.
const TRANSIENT_RETRY_COST: u32 = 14;

type TestResponse = Response<Full<Bytes>>;

/// A client of a service that returns the n-th response, counted from 0, and the log of its
/// requests.
fn client_of(
    responses: impl Fn(usize) -> Result<TestResponse, BoxError> + Send + Sync + 'static,
) -> (ClientBuilder, RequestLog) {
    let requests = RequestLog::default();
    let responses = Arc::new(responses);
    let service = tower::service_fn({
        let requests = requests.clone();
        move |_: Request<RequestBody>| {
            let count = requests.record();
            let responses = Arc::clone(&responses);
            async move { responses(count) }
        }
    });
    (
        Client::builder().base_url("https://app.example.com").api_key(KEY).http_service(service),
        requests,
    )
}

#[derive(Clone)]
struct RequestLog {
    start: Instant,
    times: Arc<Mutex<Vec<Duration>>>,
}

impl Default for RequestLog {
    fn default() -> Self {
        Self { start: Instant::now(), times: Arc::default() }
    }
}

impl RequestLog {
    fn record(&self) -> usize {
        let mut times = self.times.lock().unwrap();
        times.push(self.start.elapsed());
        times.len() - 1
    }

    fn times(&self) -> Vec<Duration> {
        self.times.lock().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.times().len()
    }
}

fn status(code: u16) -> TestResponse {
    Response::builder().status(code).body(Full::default()).unwrap()
}

fn with_retry_after(code: u16, retry_after: &str) -> TestResponse {
    Response::builder()
        .status(code)
        .header("retry-after", retry_after)
        .body(Full::default())
        .unwrap()
}

fn success() -> TestResponse {
    Response::new(Full::from(WALLET))
}

fn refused() -> BoxError {
    io::Error::from(io::ErrorKind::ConnectionRefused).into()
}

#[tokio::test(start_paused = true)]
async fn a_transient_error_is_retried_until_the_call_succeeds() {
    let (builder, requests) = client_of(|count| match count {
        0 => Err(refused()),
        1 => Ok(status(503)),
        _ => Ok(success()),
    });
    let response = builder.build().unwrap().wallet().with_response().await.unwrap();
    assert_eq!(response.value.balance, 8450);
    let causes: Vec<_> = response.failed_attempts.iter().map(|attempt| &attempt.kind).collect();
    assert_eq!(
        causes,
        [&ErrorKind::Connect, &ErrorKind::Status(http::StatusCode::SERVICE_UNAVAILABLE)]
    );
    let waits: Duration =
        response.failed_attempts.iter().filter_map(|attempt| attempt.backoff).sum();
    // The clock advanced for the backoff only, which tokio rounds to milliseconds.
    let slack = response.elapsed.checked_sub(waits).unwrap();
    assert!(slack <= Duration::from_millis(2), "{slack:?} more than {waits:?}");
    assert_eq!(requests.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_error_lists_all_attempts() {
    let (builder, requests) = client_of(|_| Ok(status(502)));
    let error = builder.build().unwrap().wallet().await.unwrap_err();
    assert_eq!(requests.count(), DEFAULT_MAX_ATTEMPTS as usize);
    assert_eq!(error.attempts().len(), requests.count());
    assert_eq!(error.not_retried(), Some(NotRetried::AttemptsExhausted));
    assert!(
        error.attempts().iter().all(|attempt| attempt.status.is_some_and(|status| status == 502))
    );
    let waited: Vec<_> = error.attempts().iter().map(|attempt| attempt.backoff.is_some()).collect();
    assert_eq!(waited, [true, true, false]);
    assert!(error.to_string().contains("; gave up after 3 attempts in "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_transient_is_not_retried() {
    for code in [400, 401, 403, 404, 501] {
        let (builder, requests) = client_of(move |_| Ok(status(code)));
        let error = builder.build().unwrap().wallet().await.unwrap_err();
        assert_eq!((requests.count(), error.not_retried()), (1, None), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn retries_can_be_disabled_for_a_client_or_a_call() {
    let (builder, requests) = client_of(|_| Ok(status(503)));
    let client = builder.build().unwrap();
    client.wallet().retry(RetryPolicy::never()).await.unwrap_err();
    assert_eq!(requests.count(), 1);

    let (builder, requests) = client_of(|_| Ok(status(503)));
    let client = builder.retry(RetryPolicy::never()).build().unwrap();
    client.wallet().await.unwrap_err();
    assert_eq!(requests.count(), 1);
    client.wallet().retry(RetryPolicy::default()).await.unwrap_err();
    assert_eq!(requests.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_obeyed() {
    let (builder, requests) =
        client_of(|count| if count == 0 { Ok(with_retry_after(429, "7")) } else { Ok(success()) });
    builder.build().unwrap().wallet().await.unwrap();
    let second = requests.times()[1];
    assert!((7.0..8.01).contains(&second.as_secs_f64()), "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_the_deadline_fails_immediately() {
    let (builder, requests) = client_of(|_| Ok(with_retry_after(503, "60")));
    let error = builder.build().unwrap().wallet().await.unwrap_err();
    assert_eq!(requests.count(), 1);
    assert!(error.elapsed() < Duration::from_millis(2));
    let Some(NotRetried::DeadlineTooClose { wait, .. }) = error.not_retried() else {
        panic!("{error:?}")
    };
    assert!(wait >= Duration::from_secs(60));
    assert!(error.to_string().contains("would pass the deadline"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_times_out_and_is_retried() {
    let requests = RequestLog::default();
    let service = tower::service_fn({
        let requests = requests.clone();
        move |_: Request<RequestBody>| {
            let count = requests.record();
            async move {
                if count == 0 {
                    std::future::pending::<()>().await;
                }
                Ok::<_, BoxError>(success())
            }
        }
    });
    let client = Client::builder()
        .base_url("https://a.example")
        .api_key(KEY)
        .http_service(service)
        .build()
        .unwrap();
    let response = client.wallet().timeout(Duration::from_secs(6)).with_response().await.unwrap();
    assert_eq!(response.failed_attempts[0].kind, ErrorKind::Timeout(TimeLimit::Attempt));
    let first_wait = response.failed_attempts[0].backoff.unwrap();
    assert!(requests.times()[1] >= Duration::from_secs(2) + first_wait);
}

#[tokio::test(start_paused = true)]
async fn no_call_exceeds_its_timeout() {
    for timeout in [1, 10, 333, 5_000] {
        let timeout = Duration::from_millis(timeout);
        let (builder, _) =
            client_of(|count| if count % 2 == 0 { Ok(status(503)) } else { Err(refused()) });
        let slow = tower::service_fn(|_: Request<RequestBody>| async {
            sleep(Duration::from_secs(3600)).await;
            Ok::<_, BoxError>(success())
        });
        let hanging =
            Client::builder().base_url("https://a.example").api_key(KEY).http_service(slow);
        for builder in [builder, hanging] {
            let policy = RetryPolicy::default();
            let client = builder.retry(policy).build().unwrap();
            let error = client.wallet().timeout(timeout).await.unwrap_err();
            assert!(error.elapsed() <= timeout + Duration::from_millis(50), "{error:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_down_gets_little_more_than_one_request_for_each_call() {
    const CALLS: usize = 1000;
    let (builder, requests) = client_of(|_| Ok(status(503)));
    let client = builder.build().unwrap();
    for _ in 0..CALLS {
        client.clone().wallet().await.unwrap_err();
    }
    let retries = requests.count() - CALLS;
    assert_eq!(retries, (500 / TRANSIENT_RETRY_COST) as usize);
    assert!(requests.count() * 10 <= CALLS * 11, "{} requests", requests.count());
    let error = client.wallet().await.unwrap_err();
    assert_eq!(error.not_retried(), Some(NotRetried::BudgetExhausted));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_a_third_of_its_requests_loses_hardly_a_call() {
    const CALLS: usize = 3000;
    let random = Mutex::new(fastrand::Rng::with_seed(7));
    let (builder, _) = client_of(move |_| {
        let fails = random.lock().unwrap().f64() < 0.3;
        Ok(if fails { status(503) } else { Response::new(Full::from(WALLET)) })
    });
    let client = builder.build().unwrap();
    let mut failed = 0;
    for _ in 0..CALLS {
        failed += usize::from(client.wallet().await.is_err());
    }
    // Three attempts fail together in 2.7 % of the calls.
    assert!(failed * 1000 < CALLS * 35, "{failed} of {CALLS}");
}

#[tokio::test(start_paused = true)]
async fn the_budget_can_be_switched_off_and_read() {
    for (budget, retries) in [
        (RetryBudget::with_tokens(0), 0),
        (RetryBudget::with_tokens(28), 2),
        (RetryBudget::unlimited(), 20),
    ] {
        let (builder, requests) = client_of(|_| Ok(status(503)));
        let client = builder.retry_budget(budget).build().unwrap();
        for _ in 0..10 {
            client.clone().wallet().await.unwrap_err();
        }
        assert_eq!(requests.count(), 10 + retries, "{budget:?}");
        let left = client.retry_tokens();
        assert_eq!(left, if budget == RetryBudget::unlimited() { None } else { Some(0) });
    }
}

#[tokio::test(start_paused = true)]
async fn successful_calls_refill_the_budget() {
    let down = Arc::new(AtomicUsize::new(1));
    let (builder, requests) = client_of({
        let down = Arc::clone(&down);
        move |_| {
            if down.load(Ordering::Relaxed) == 1 {
                Ok(status(503))
            } else {
                Ok::<_, BoxError>(success())
            }
        }
    });
    let client = builder.build().unwrap();
    for _ in 0..100 {
        client.wallet().await.unwrap_err();
    }
    let spent = requests.count();
    client.wallet().await.unwrap_err();
    assert_eq!(requests.count(), spent + 1);

    down.store(0, Ordering::Relaxed);
    // 5 tokens each: enough for one retry.
    for _ in 0..TRANSIENT_RETRY_COST.div_ceil(5) {
        client.wallet().await.unwrap();
    }
    down.store(1, Ordering::Relaxed);
    let before = requests.count();
    client.wallet().await.unwrap_err();
    assert_eq!(requests.count(), before + 2);
}

#[tokio::test(start_paused = true)]
async fn the_outcome_covers_all_attempts() {
    type Last = fn() -> Result<TestResponse, BoxError>;
    let reset = || -> BoxError { io::Error::from(io::ErrorKind::ConnectionReset).into() };
    let last: [Last; 2] = [|| Err(refused()), || Ok(status(409))];
    for last in last {
        let (builder, requests) =
            client_of(move |count| if count == 0 { Err(reset()) } else { last() });
        let call = builder.build().unwrap().post("messages").idempotency_key("k").send_empty();
        let error = call.await.unwrap_err();
        assert!(requests.count() > 1);
        assert_eq!(error.outcome(), RequestOutcome::Unknown, "{error:?}");
    }
    let (builder, _) = client_of(|count| if count == 0 { Err(refused()) } else { Ok(status(404)) });
    let error = builder.build().unwrap().wallet().await.unwrap_err();
    assert_eq!(error.outcome(), RequestOutcome::Responded);
    let outcomes: Vec<_> = error.attempts().iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [RequestOutcome::NotSent, RequestOutcome::Responded]);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_time_left_sends_nothing() {
    let (builder, requests) = client_of(|_| Ok(success()));
    let client = builder.build().unwrap();
    let error = client.wallet().timeout(Duration::ZERO).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout(TimeLimit::Deadline));
    assert_eq!((requests.count(), error.outcome()), (0, RequestOutcome::NotSent));
}

/// A body that sends one piece each second: spaces, then a list of one item.
struct SlowList {
    left: u32,
    next: Pin<Box<Sleep>>,
}

impl SlowList {
    fn of(count: u32) -> Self {
        Self { left: count, next: Box::pin(sleep(Duration::ZERO)) }
    }
}

impl Body for SlowList {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        std::task::ready!(self.next.as_mut().poll(cx));
        self.next = Box::pin(sleep(Duration::from_secs(1)));
        let piece: &'static [u8] = match self.left {
            0 => return Poll::Ready(None),
            1 => b"{\"data\":[0]}",
            _ => b" ",
        };
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece)))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_may_take_the_whole_timeout_of_the_call() {
    let service = tower::service_fn(|_: Request<RequestBody>| async {
        Ok::<_, BoxError>(Response::new(SlowList::of(25)))
    });
    let builder =
        Client::builder().base_url("https://a.example").api_key(KEY).http_service(service);
    let client = builder.build().unwrap();
    let response = client.get("numbers").send_list::<u8>().with_response().await.unwrap();
    assert_eq!(response.value, [0]);
    assert!(
        response.elapsed > partner_api::DEFAULT_ATTEMPT_TIMEOUT
            && response.failed_attempts.is_empty()
    );

    let short = client.get("numbers").send_list::<u8>().timeout(Duration::from_secs(9));
    let error = short.await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout(TimeLimit::Deadline));
}

/// A body that is always ready and never ends.
struct Endless(&'static [u8]);

impl Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(self.0)))))
    }
}

#[tokio::test]
async fn a_body_that_is_always_ready_cannot_exceed_the_deadline() {
    let service = tower::service_fn(|request: Request<RequestBody>| async move {
        let pieces: &'static [u8] =
            if request.uri().path().ends_with("nothing") { b"" } else { b" " };
        Ok::<_, BoxError>(Response::new(Endless(pieces)))
    });
    let builder =
        Client::builder().base_url("https://a.example").api_key(KEY).http_service(service);
    let client =
        builder.timeout(Duration::from_millis(100)).retry(RetryPolicy::never()).build().unwrap();
    for path in ["nothing", "spaces"] {
        let buffered = client.get(path).send_list::<u8>().await.unwrap_err();
        let streamed =
            client.get(path).send_list::<u8>().stream().next().await.unwrap().unwrap_err();
        for error in [buffered, streamed] {
            let is_ended =
                matches!(error.kind(), ErrorKind::Timeout(_) | ErrorKind::BodyTooLarge { .. });
            assert!(is_ended, "{error:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_of_an_error_is_not_waited_for() {
    let service = tower::service_fn(|_: Request<RequestBody>| async {
        let mut response = Response::new(SlowList::of(1000));
        *response.status_mut() = http::StatusCode::NOT_FOUND;
        Ok::<_, BoxError>(response)
    });
    let builder =
        Client::builder().base_url("https://a.example").api_key(KEY).http_service(service);
    let error = builder.build().unwrap().post("a").send_empty().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 404);
    assert!(error.elapsed() <= Duration::from_millis(1050), "{error:?}");
}
