//! What is at stake: a client that sends nothing, or half a request, must not hold the mock for
//! ever, and must not keep others from it.

use std::time::Duration;

use partner_api_mock::MockServer;

use crate::raw;

#[tokio::test]
async fn a_head_that_is_not_complete_in_time_closes_the_connection() {
    let limit = Duration::from_millis(50);
    let mock = MockServer::builder().header_read_timeout(limit).start().await.unwrap();
    let key = mock.api_key();
    let whole =
        format!("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\r\n");
    let half = &whole[..40];

    for sent in ["", "G", half, "PRI * HTTP/2.0\r\n"] {
        let mut slow = raw::Connection::open(mock.address()).await;
        slow.send(sent).await;
        assert_eq!(raw::wallet_with(mock.address(), key).await.status, 200, "others go on");
        let answer = String::from_utf8(slow.rest().await).unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{sent:?}: {answer}");
    }

    let mut idle = raw::Connection::open(mock.address()).await;
    idle.send(&whole).await;
    assert_eq!(idle.answer().await.status, 200);
    assert_eq!(idle.rest().await, b"", "an idle connection is closed too");
}

#[tokio::test]
async fn the_longest_limit_is_no_panic() {
    let mock = MockServer::builder().header_read_timeout(Duration::MAX).start().await.unwrap();
    assert_eq!(raw::wallet_with(mock.address(), mock.api_key()).await.status, 200);
}
