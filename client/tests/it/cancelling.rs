//! A call can be dropped at any await: the client, its connections and its retry budget keep
//! working.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use partner_api::{
    BoxError, Client, DEFAULT_RETRY_BUDGET_TOKENS, NotRetried, RequestBody, RetryPolicy,
};
use tokio::task::yield_now;

use crate::support::{KEY, RawServer, Step, WALLET, http_response, json};

const LIST: &str = r#"{"data":[{"id":"c","name":"a","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[],"_count":{"templates":4}}]}"#;

/// A body that takes two polls, after the two that the head takes.
const BUSY: &str = "busy";

/// More polls than any call here needs.
const MAX_POLLS: usize = 10_000;

/// Polls a future this many times and then drops it; returns its output if it completed.
async fn dropped_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = polls;
    std::future::poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// A service that is pending at every step, and returns the responses that are queued, then 503s.
#[derive(Clone, Default)]
struct SlowService {
    responses: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
    request_count: Arc<Mutex<usize>>,
}

impl SlowService {
    fn client(&self) -> Client {
        let state = self.clone();
        let service = tower::service_fn(move |_: Request<RequestBody>| {
            *state.request_count.lock().unwrap() += 1;
            let next = state.responses.lock().unwrap().pop_front();
            async move {
                yield_now().await;
                let (status, body) = next.unwrap_or((503, ""));
                yield_now().await;
                let body = SlowBody { bytes: Bytes::from_static(body.as_bytes()), waited: false };
                Ok::<_, BoxError>(Response::builder().status(status).body(body)?)
            }
        });
        let mut policy = RetryPolicy::default();
        policy.max_attempts = 2;
        Client::builder()
            .base_url("https://app.example.com")
            .api_key(KEY)
            .retry(policy)
            .http_service(service)
            .build()
            .unwrap()
    }

    fn queue(&self, responses: &[(u16, &'static str)]) {
        *self.responses.lock().unwrap() = responses.iter().copied().collect();
        *self.request_count.lock().unwrap() = 0;
    }

    fn request_count(&self) -> usize {
        *self.request_count.lock().unwrap()
    }

    /// Returns how many retries are left in the budget, by spending them.
    async fn retries_left(&self, client: &Client) -> u32 {
        self.queue(&[]);
        let mut retries = 0;
        loop {
            let error = client.wallet().await.unwrap_err();
            if error.not_retried() == Some(NotRetried::BudgetExhausted) {
                return retries;
            }
            retries += u32::try_from(error.attempts().len()).unwrap() - 1;
            assert!(retries <= WHOLE_BUDGET, "retries cost nothing");
        }
    }
}

/// A body in pieces of 16 bytes, pending once before each piece and before its end.
struct SlowBody {
    bytes: Bytes,
    waited: bool,
}

impl http_body::Body for SlowBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.waited = !self.waited;
        if self.waited {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let length = self.bytes.len().min(16);
        let piece = self.bytes.split_to(length);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }
}

/// The budget in retries, at 14 tokens each.
const WHOLE_BUDGET: u32 = DEFAULT_RETRY_BUDGET_TOKENS / 14;

/// A call, whose output is whether it succeeded.
type Outcome = Pin<Box<dyn Future<Output = bool>>>;

/// A function that makes a call, and the response body of that call.
type Kind = (fn(&Client) -> Outcome, &'static str);

fn kinds_of_call() -> [Kind; 4] {
    [
        (
            |client| {
                let call = client.wallet();
                Box::pin(async { call.await.is_ok() })
            },
            WALLET,
        ),
        (
            |client| {
                let call = client.companies().with_response();
                Box::pin(async { call.await.is_ok() })
            },
            LIST,
        ),
        (
            |client| {
                let mut companies = client.companies().stream();
                Box::pin(async move {
                    let succeeded = companies.next().await.is_some_and(|item| item.is_ok());
                    succeeded && companies.next().await.is_none()
                })
            },
            LIST,
        ),
        (
            |client| {
                let call = client.get("stats").send::<u8>();
                Box::pin(async { call.await.is_ok() })
            },
            "7",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_at_any_await_leaves_the_client_working_and_the_budget_full() {
    for (call, body) in kinds_of_call() {
        let mut stages = [0; 3];
        for polls in 0..MAX_POLLS {
            let service = SlowService::default();
            let client = service.client();
            service.queue(&[(503, BUSY), (200, body)]);
            let output = dropped_after(polls, call(&client)).await;
            let sent = service.request_count();
            stages[sent] += 1;

            service.queue(&[(200, WALLET)]);
            assert_eq!(client.wallet().await.unwrap().balance, 8450);
            // A retry that was sent has been paid for, whether or not its response arrived; one
            // that was not sent costs nothing. (A stream is refunded when its successful response
            // begins.)
            let cost = u32::from(output.is_none() && sent == 2);
            let left = service.retries_left(&client).await;
            let all = WHOLE_BUDGET - cost..=WHOLE_BUDGET;
            assert!(all.contains(&left), "{left} after {polls} polls");
            if let Some(succeeded) = output {
                assert!(succeeded);
                break;
            }
        }
        // Calls were dropped before, during and between both attempts.
        assert!(stages[0] >= 1 && stages[1] >= 4 && stages[2] >= 4, "{stages:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_dropped_during_the_backoff_cost_no_tokens() {
    let service = SlowService::default();
    let client = service.client();
    let mut waiting = 0;
    for _ in 0..2 * WHOLE_BUDGET {
        service.queue(&[(503, BUSY)]);
        let output = dropped_after(5, client.wallet().into_future()).await;
        waiting += usize::from(output.is_none() && service.request_count() == 1);
    }
    assert_eq!(waiting, 2 * WHOLE_BUDGET as usize);
    assert_eq!(service.retries_left(&client).await, WHOLE_BUDGET);
}

#[tokio::test]
async fn a_call_dropped_at_any_await_leaves_the_pool_working() {
    for chunked in [false, true] {
        let busy = http_response("503 Service Unavailable", &["retry-after: 0"], "busy");
        let success = if chunked {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            format!("{head}{:x}\r\n{WALLET}\r\n0\r\n\r\n", WALLET.len()).into_bytes()
        } else {
            json(WALLET)
        };
        let server = RawServer::start(move |_| {
            // Each connection serves three requests, byte by byte.
            let busy = vec![Step::Read, Step::SendByteByByte(busy.clone())];
            let success = vec![Step::Read, Step::SendByteByByte(success.clone())];
            [busy, success.clone(), success].concat()
        })
        .await;
        let mut retry = RetryPolicy::default();
        retry.base_delay = std::time::Duration::ZERO;
        let client = server.builder().retry(retry).build().unwrap();
        let mut completed = 0;
        let mut polls = 0;
        while completed < 3 {
            let output = dropped_after(polls, client.wallet().into_future()).await;
            completed = if output.is_some_and(|output| output.is_ok()) { completed + 1 } else { 0 };
            // The next call gets its own response, and not the rest of the previous one.
            assert_eq!(client.wallet().await.unwrap().balance, 8450);
            polls += 1;
            assert!(polls < MAX_POLLS);
        }
        assert!(polls > 4, "no call was dropped");
    }
}
