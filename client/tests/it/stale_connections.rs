//! A pooled connection that the server has closed is replaced, and costs no call.

use partner_api::{ErrorKind, NotRetried, RequestOutcome, RetryPolicy};

use crate::support::{RawServer, Step, WALLET, json};

/// One successful response on every connection, which ends in the given way at the next request.
async fn server_that_ends_after_one(end: Step) -> RawServer {
    RawServer::start(move |_| vec![Step::Read, Step::Send(json(WALLET)), Step::Read, end.clone()])
        .await
}

#[tokio::test]
async fn a_pooled_connection_that_ends_before_the_response_is_retried_on_another() {
    for end in [Step::Reset, Step::Send(Vec::new())] {
        let server = server_that_ends_after_one(end).await;
        let client = server.builder().retry(RetryPolicy::default()).build().unwrap();
        client.wallet().await.unwrap();
        for _ in 0..20 {
            let response = client.wallet().with_response().await.unwrap();
            let [stale] = &response.failed_attempts[..] else { panic!("{response:?}") };
            assert_eq!(
                (&stale.kind, stale.outcome),
                (&ErrorKind::Interrupted, RequestOutcome::Unknown)
            );
        }
    }
}

#[tokio::test]
async fn a_post_on_a_pooled_connection_that_ends_may_have_been_processed_and_is_not_sent_again() {
    let server = server_that_ends_after_one(Step::Reset).await;
    let client = server.builder().retry(RetryPolicy::default()).build().unwrap();
    client.wallet().await.unwrap();
    let error = client.post("messages").json(&1).send_empty().await.unwrap_err();
    assert_eq!(error.outcome(), RequestOutcome::Unknown);
    assert_eq!(error.not_retried(), Some(NotRetried::NotIdempotent));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_connection_that_closes_before_anything_is_written_costs_even_a_post_nothing() {
    // The first two connections close before they read.
    let server = RawServer::start(|count| {
        let served = vec![Step::Read, Step::Send(json(WALLET))];
        if count < 2 { Vec::new() } else { served }
    })
    .await;
    let client = server.builder().retry(RetryPolicy::never()).build().unwrap();
    let call = client.post("messages").json(&1).send::<serde_json::Value>();
    match call.with_response().await {
        Ok(response) => {
            for attempt in &response.failed_attempts {
                assert_eq!(attempt.outcome, RequestOutcome::NotSent, "{attempt:?}");
            }
        }
        // The end of a connection and the request can cross: then it may have been processed.
        Err(error) => assert_eq!(error.outcome(), RequestOutcome::Unknown, "{error:?}"),
    }
    assert!(server.requests().len() <= 1);
}

#[tokio::test]
async fn after_an_attempt_that_timed_out_no_pooled_connection_is_used() {
    // The first two connections serve one request each, and then fall silent together.
    let server = RawServer::start(|count| {
        let served = vec![Step::Read, Step::Send(json(WALLET))];
        let then = if count < 2 { vec![Step::Read, Step::Hang] } else { Vec::new() };
        [served, then].concat()
    })
    .await;
    let mut policy = RetryPolicy::default();
    policy.base_delay = std::time::Duration::ZERO;
    let attempt_timeout = std::time::Duration::from_millis(200);
    let builder = server.builder().retry(policy).attempt_timeout(attempt_timeout);
    let client = builder.build().unwrap();
    let (first, second) =
        tokio::join!(client.wallet().into_future(), client.wallet().into_future());
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(server.connections(), 2);
    let response = client.wallet().with_response().await.unwrap();
    assert_eq!((response.failed_attempts.len(), server.connections()), (1, 3));
}

#[tokio::test]
async fn a_server_that_closes_every_connection_is_given_up() {
    let server = RawServer::start(|_| Vec::new()).await;
    let error = server.client().wallet().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Interrupted);
    assert!(server.connections() <= 6, "{} connections", server.connections());
}

#[tokio::test]
async fn thousands_of_calls_to_a_server_that_closes_idle_connections_succeed() {
    // Every connection serves a few requests and is then closed between two calls.
    let server = RawServer::start(|count| {
        [Step::Read, Step::Send(json(WALLET))]
            .into_iter()
            .cycle()
            .take(2 * (1 + count % 3))
            .collect()
    })
    .await;
    let mut quick = RetryPolicy::default();
    quick.base_delay = std::time::Duration::ZERO;
    let client = server.builder().retry(quick).build().unwrap();
    for _ in 0..2000 {
        client.wallet().await.unwrap();
    }
    assert_eq!(server.requests().len(), 2000);
}
