//! No body takes more memory than the size limit, however it is sent.

use partner_api::ErrorKind;

use crate::support::{RawServer, Step, WALLET, json};

fn limit_of(error: &partner_api::Error) -> Option<usize> {
    match error.kind() {
        ErrorKind::BodyTooLarge { limit, .. } => Some(*limit),
        _ => None,
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_an_error() {
    let server = RawServer::responding(json(WALLET)).await;
    let at = server.builder().max_response_bytes(WALLET.len()).build().unwrap();
    assert!(at.wallet().await.is_ok());
    let below = server.builder().max_response_bytes(WALLET.len() - 1).build().unwrap();
    let error = below.wallet().await.unwrap_err();
    assert_eq!(limit_of(&error), Some(WALLET.len() - 1));
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("max_response_bytes"), "{error}");
}

#[tokio::test]
async fn an_endless_body_of_an_error_is_truncated() {
    for head in
        ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 500 Oops\r\n\r\n", "HTTP/1.1 302 Found\r\n\r\n"]
    {
        let server = RawServer::start(move |_| {
            vec![Step::Read, Step::Send(head.into()), Step::SendForever(vec![b' '; 4096])]
        })
        .await;
        let capped = server.builder().max_response_bytes(1 << 20).build().unwrap();
        let error = capped.wallet().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16().to_string(), head[9..12]);
        assert!(error.body().unwrap().len() <= partner_api::MAX_ERROR_BODY_BYTES);
    }
}

#[tokio::test]
async fn a_content_length_above_the_limit_is_an_error_before_the_body_is_read() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\n".to_vec();
    let server =
        RawServer::start(move |_| vec![Step::Read, Step::Send(head.clone()), Step::AwaitClose])
            .await;
    let error = server.client().wallet().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BodyTooLarge { .. }), "{error:?}");
}
