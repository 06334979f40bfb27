//! At stake: a pooled connection that the server closed meanwhile is the client's business alone.

use partner_api::{ErrorKind, RetryPolicy};

use crate::support::{RawServer, Step, WALLET, json};

/// One good answer on every connection, and then its end in the given way when asked once more.
async fn server_that_ends_after_one(end: Step) -> RawServer {
    RawServer::start(move |_| vec![Step::Read, Step::Send(json(WALLET)), Step::Read, end.clone()])
        .await
}

#[tokio::test]
async fn a_reused_connection_that_ends_before_the_answer_is_tried_again_at_once() {
    for end in [Step::Reset, Step::Send(Vec::new())] {
        let server = server_that_ends_after_one(end).await;
        let client = server.builder().retry(RetryPolicy::default()).build().unwrap();
        client.wallet().await.unwrap();
        for _ in 0..20 {
            let response = client.wallet().with_response().await.unwrap();
            let [stale] = &response.failed_attempts[..] else { panic!("{response:?}") };
            assert_eq!(
                (&stale.cause, stale.wait),
                (&ErrorKind::Connection, Some(std::time::Duration::ZERO))
            );
        }
    }
}

#[tokio::test]
async fn a_new_connection_that_ends_is_no_stale_one() {
    let server = RawServer::start(|_| vec![Step::Read]).await;
    let policy = RetryPolicy::default();
    let client = server.builder().retry(policy).build().unwrap();
    let error = client.wallet().await.unwrap_err();
    assert_eq!(error.attempts().len(), partner_api::DEFAULT_MAX_ATTEMPTS as usize);
    assert_eq!(server.connections(), partner_api::DEFAULT_MAX_ATTEMPTS as usize);
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
    let client = server.builder().retry(RetryPolicy::default()).build().unwrap();
    for _ in 0..2000 {
        client.wallet().await.unwrap();
    }
    assert_eq!(server.requests().len(), 2000);
}
