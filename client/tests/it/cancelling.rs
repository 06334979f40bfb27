//! At stake: a call may be dropped at any await; client, pool and retry budget go on as if it had
//! not been made.

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

use crate::support::{KEY, RawServer, Step, WALLET, answer, json};

const LIST: &str = r#"{"data":[{"id":"c","name":"a","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[],"_count":{"templates":4}}]}"#;

/// Read in two polls, after the two that the head takes.
const BUSY: &str = "busy";

/// More than any call here is polled.
const ENOUGH_POLLS: usize = 10_000;

/// Polls a future so many times and drops it, unless it is ready before.
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

/// A service that makes its caller wait at every step, and gives the answers that it is told to.
#[derive(Clone, Default)]
struct Slow {
    answers: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
    asked: Arc<Mutex<usize>>,
}

impl Slow {
    fn client(&self) -> Client {
        let slow = self.clone();
        let service = tower::service_fn(move |_: Request<RequestBody>| {
            *slow.asked.lock().unwrap() += 1;
            let next = slow.answers.lock().unwrap().pop_front();
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

    fn will_answer(&self, answers: &[(u16, &'static str)]) {
        *self.answers.lock().unwrap() = answers.iter().copied().collect();
        *self.asked.lock().unwrap() = 0;
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    /// How many retries the budget still pays for, found by spending them.
    async fn retries_left(&self, client: &Client) -> u32 {
        self.will_answer(&[]);
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

/// A body that comes in pieces of 16 bytes, with a wait before each and before its end.
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

/// In retries, of which each takes 14 tokens.
const WHOLE_BUDGET: u32 = DEFAULT_RETRY_BUDGET_TOKENS / 14;

/// What a kind of call comes to: whether it was good.
type Made = Pin<Box<dyn Future<Output = bool>>>;

/// Makes a call, and the body that it expects.
type Kind = (fn(&Client) -> Made, &'static str);

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
                    let is_good = companies.next().await.is_some_and(|item| item.is_ok());
                    is_good && companies.next().await.is_none()
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
async fn a_call_dropped_at_any_await_leaves_the_client_working_and_the_budget_whole() {
    for (call, body) in kinds_of_call() {
        let mut stages = [0; 3];
        for polls in 0..ENOUGH_POLLS {
            let slow = Slow::default();
            let client = slow.client();
            slow.will_answer(&[(503, BUSY), (200, body)]);
            let made = dropped_after(polls, call(&client)).await;
            let sent = slow.asked();
            stages[sent] += 1;

            slow.will_answer(&[(200, WALLET)]);
            assert_eq!(client.wallet().await.unwrap().balance, 8450);
            // A retry that was sent has cost what it costs, whether or not its answer was waited
            // for; one that was not sent has cost nothing.
            // (A stream gets it back when its good answer begins.)
            let cost = u32::from(made.is_none() && sent == 2);
            let left = slow.retries_left(&client).await;
            let all = WHOLE_BUDGET - cost..=WHOLE_BUDGET;
            assert!(all.contains(&left), "{left} after {polls} polls");
            if let Some(is_good) = made {
                assert!(is_good);
                break;
            }
        }
        // It was dropped before, within and between both attempts.
        assert!(stages[0] >= 1 && stages[1] >= 4 && stages[2] >= 4, "{stages:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_dropped_while_they_wait_for_their_retry_use_no_budget_up() {
    let slow = Slow::default();
    let client = slow.client();
    let mut waiting = 0;
    for _ in 0..2 * WHOLE_BUDGET {
        slow.will_answer(&[(503, BUSY)]);
        let made = dropped_after(5, client.wallet().into_future()).await;
        waiting += usize::from(made.is_none() && slow.asked() == 1);
    }
    assert_eq!(waiting, 2 * WHOLE_BUDGET as usize);
    assert_eq!(slow.retries_left(&client).await, WHOLE_BUDGET);
}

#[tokio::test]
async fn a_call_dropped_at_any_await_leaves_the_pool_working() {
    for chunked in [false, true] {
        let busy = answer("503 Service Unavailable", &["retry-after: 0"], "busy");
        let good = if chunked {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            format!("{head}{:x}\r\n{WALLET}\r\n0\r\n\r\n", WALLET.len()).into_bytes()
        } else {
            json(WALLET)
        };
        let server = RawServer::start(move |_| {
            // Each connection serves as many calls as come, byte by byte.
            let busy = vec![Step::Read, Step::Drip(busy.clone())];
            let good = vec![Step::Read, Step::Drip(good.clone())];
            [busy, good.clone(), good].concat()
        })
        .await;
        let mut retry = RetryPolicy::default();
        retry.base_delay = std::time::Duration::ZERO;
        let client = server.builder().retry(retry).build().unwrap();
        let mut completed = 0;
        let mut polls = 0;
        while completed < 3 {
            let made = dropped_after(polls, client.wallet().into_future()).await;
            completed = if made.is_some_and(|made| made.is_ok()) { completed + 1 } else { 0 };
            // The next one gets its own answer, and not what is left of the one before.
            assert_eq!(client.wallet().await.unwrap().balance, 8450);
            polls += 1;
            assert!(polls < ENOUGH_POLLS);
        }
        assert!(polls > 4, "it was never dropped");
    }
}
