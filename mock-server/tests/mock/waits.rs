//! Waiting for requests: a wait counts the requests that are recorded now, also after a clear, a
//! reset or a deletion, and then continues. That no request arrives is known only at the end of the
//! wait.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use partner_api_mock::{Mock, Partner, ReceivedRequests, RecordedRequest, VerificationError};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::asking::{ask, start, told};
use crate::raw;

const SECOND: Duration = Duration::from_secs(1);

async fn send(mock: &Mock, key: &str) {
    let request = Request::get("/api/v1/wallet").header("authorization", format!("Bearer {key}"));
    mock.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    settle().await;
}

/// Lets the waiting tasks run. Time is paused.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

type Waited = Result<Vec<RecordedRequest>, VerificationError>;

async fn wait(requests: ReceivedRequests, count: usize) -> JoinHandle<Waited> {
    let waiting = tokio::spawn(async move { requests.wait_for_exactly(count, 6 * SECOND).await });
    settle().await;
    waiting
}

#[tokio::test(start_paused = true)]
async fn a_wait_counts_again_after_a_clear_a_reset_or_a_deletion() {
    let clear_all = |mock: &Mock, _: &Partner| mock.clear_requests();
    let clear_one = |_: &Mock, partner: &Partner| partner.clear_requests();
    let reset = |mock: &Mock, _: &Partner| mock.reset();
    let remove = |mock: &Mock, partner: &Partner| assert!(mock.remove_partner(partner));
    let changes: [fn(&Mock, &Partner); 4] = [clear_all, clear_one, reset, remove];
    for change in changes {
        let mock = Mock::new();
        let second = mock.add_partner("second");
        let key = second.issue_key();
        let waiting = wait(mock.received_requests(), 3).await;
        let at_least = tokio::spawn({
            let requests = mock.received_requests();
            async move { requests.wait_for(3, 6 * SECOND).await }
        });
        settle().await;
        send(&mock, &key).await;
        send(&mock, &key).await;
        change(&mock, &second);
        for _ in 0..2 {
            send(&mock, &mock.api_key()).await;
            assert!(!waiting.is_finished() && !at_least.is_finished());
        }
        send(&mock, &mock.api_key()).await;
        for waiting in [waiting, at_least] {
            let requests = waiting.await.unwrap().unwrap();
            assert_eq!(requests.len(), 3);
            assert_eq!(requests[0].request_id, "req-3");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_partner_that_is_removed_ends_with_its_time_and_says_so() {
    let mock = Mock::new();
    let second = mock.add_partner("second");
    let key = second.issue_key();
    let begun = Instant::now();
    let waiting = wait(second.received_requests(), 2).await;
    send(&mock, &key).await;
    mock.remove_partner(&second);
    send(&mock, &key).await;
    let text = waiting.await.unwrap().unwrap_err().to_string();
    assert_eq!(begun.elapsed(), 6 * SECOND);
    assert!(text.starts_with("expected  exactly 2 requests within 6s of any method"), "{text}");
    let received = "received  0 of the 0 requests of partner `second`, which was removed\n";
    assert!(text.contains(received), "{text}");
}

#[tokio::test(start_paused = true)]
async fn that_no_request_arrives_takes_the_whole_time() {
    let mock = Mock::new();
    let begun = Instant::now();
    assert_eq!(mock.received_requests().wait_for_exactly(0, SECOND).await, Ok(Vec::new()));
    assert_eq!(begun.elapsed(), SECOND);

    // A request that arrives ends it.
    let waiting = wait(mock.received_requests().path("wallet"), 0).await;
    send(&mock, &mock.api_key()).await;
    let text = waiting.await.unwrap().unwrap_err().to_string();
    assert!(
        text.starts_with("expected  exactly 0 requests within 6s of any method, /api/v1/wallet\n"),
        "{text}"
    );
    assert!(
        text.contains("\nmatched   req-1 GET /api/v1/wallet -> 200 (served), duration "),
        "{text}"
    );
    assert_eq!(begun.elapsed(), SECOND);

    // Another request does not end it, and neither does an earlier one.
    let first = mock.requests().remove(0);
    let waiting = wait(mock.received_requests().after(&first).path("companies"), 0).await;
    send(&mock, &mock.api_key()).await;
    waiting.await.unwrap().unwrap();
    assert_eq!(begun.elapsed(), 7 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_count_ends_with_it_and_fails_with_one_more() {
    let mock = Mock::new();
    let begun = Instant::now();
    let waiting = wait(mock.received_requests(), 1).await;
    send(&mock, &mock.api_key()).await;
    waiting.await.unwrap().unwrap();
    send(&mock, &mock.api_key()).await;
    mock.received_requests().wait_for_exactly(1, SECOND).await.unwrap_err();
    mock.received_requests().path("wallet?x").wait_for(1, SECOND).await.unwrap_err();
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waits_clears_and_requests_at_the_same_time_end_correctly() {
    let mock = Mock::new();
    let waits: Vec<_> = (1..=8)
        .map(|count| {
            let requests = mock.received_requests();
            tokio::spawn(async move { requests.wait_for(count, 60 * SECOND).await })
        })
        .collect();
    let mut tasks = Vec::new();
    for task in 0..4 {
        let mock = mock.clone();
        tasks.push(tokio::spawn(async move {
            for number in 0..200 {
                let request = Request::get("/api/v1/wallet").body(Body::empty()).unwrap();
                mock.service().oneshot(request).await.unwrap();
                if task == 0 && number % 20 == 0 {
                    mock.clear_requests();
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let left = mock.received_requests().count().unwrap();
    assert_eq!(mock.requests().len(), left);
    for (number, waiting) in waits.into_iter().enumerate() {
        assert!(waiting.await.unwrap().unwrap().len() > number);
    }
}

#[tokio::test]
async fn over_http_a_wait_counts_again_after_a_clear() {
    let mock = start().await;
    let (address, key) = (mock.address(), mock.api_key());
    for path in ["/requests", "/partners/p-1/requests"] {
        let waiting = tokio::spawn(async move {
            ask(address, "GET", &format!("{path}?exactly=3&within=20s"), "").await
        });
        raw::wallet_with(address, &key).await;
        raw::wallet_with(address, &key).await;
        told(address, "DELETE", path, "", 204).await;
        for _ in 0..3 {
            assert!(!waiting.is_finished());
            raw::wallet_with(address, &key).await;
        }
        let list = waiting.await.unwrap();
        assert_eq!(
            (list.status, &list.body["count"]),
            (200, &serde_json::json!(3)),
            "{}",
            list.text
        );
        told(address, "DELETE", path, "", 204).await;
    }
}

#[tokio::test]
async fn over_http_that_no_request_arrives_takes_the_whole_time() {
    let mock = start().await;
    let (address, key) = (mock.address(), mock.api_key());
    let begun = std::time::Instant::now();
    told(address, "GET", "/requests?exactly=0&within=50ms", "", 200).await;
    assert!(begun.elapsed() >= Duration::from_millis(50));
    let waiting = tokio::spawn(async move {
        ask(address, "GET", "/requests?path=wallet&exactly=0&within=60s", "").await
    });
    raw::wallet_with(address, &key).await;
    let failed = waiting.await.unwrap();
    assert_eq!(failed.status, 409);
    assert!(failed.error().2.contains("\nmatched   req-1 GET"), "{}", failed.text);
    assert!(begun.elapsed() < Duration::from_secs(30));
}
