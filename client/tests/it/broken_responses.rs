//! Every violation by a server ends in an error that names it: no hang, no panic, and
//! never a value that looks complete and is not.

use std::time::Duration;

use partner_api::{ErrorKind, RequestOutcome, TimeLimit};

use crate::support::{RawServer, Step, WALLET, client, closed_port, http_response, json};

/// Long enough for loopback.
const SHORT_TIMEOUT: Duration = Duration::from_millis(200);

async fn error_of(steps: Vec<Step>) -> partner_api::Error {
    let server = RawServer::start(move |_| steps.clone()).await;
    server.client().wallet().await.unwrap_err()
}

async fn error_after(bytes: impl Into<Vec<u8>>) -> partner_api::Error {
    error_of(vec![Step::Read, Step::Send(bytes.into())]).await
}

#[tokio::test]
async fn a_port_where_nothing_listens_refuses_before_anything_is_sent() {
    let client = client(&format!("http://{}", closed_port()));
    let error = client.wallet().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (&ErrorKind::Connect, RequestOutcome::NotSent));
    assert!(error.is_retryable() && error.is_connection());
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_response_may_have_done_its_work() {
    for steps in [
        vec![Step::Read],
        vec![Step::Read, Step::Reset],
        vec![Step::Read, Step::Send(b"HTTP/1.1 20".to_vec())],
        vec![Step::Read, Step::Send(b"HTTP/1.1 200 OK\r\ncontent-ty".to_vec())],
        vec![
            Step::Read,
            Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n".to_vec()),
            Step::Reset,
        ],
    ] {
        let error = error_of(steps.clone()).await;
        assert_eq!(*error.kind(), ErrorKind::Interrupted, "{steps:?}");
        assert_eq!(error.outcome(), RequestOutcome::Unknown, "{steps:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn what_is_not_http_is_named() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..],
        b"\0\x01\x02\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
    ] {
        let error = error_after(bytes).await;
        assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{error:?}");
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let line = format!("x-filler: {}\r\n", "a".repeat(1000));
    let error = error_of(vec![
        Step::Read,
        Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()),
        Step::SendForever(line.into()),
    ])
    .await;
    assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{error:?}");
}

#[tokio::test]
async fn a_body_that_was_cut_anywhere_is_never_taken_for_whole() {
    let whole = json(WALLET);
    let head = whole.len() - WALLET.len();
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{WALLET}\r\n0\r\n\r\n",
        WALLET.len()
    );
    let chunked_head = chunked.find("\r\n\r\n").unwrap() + 4;
    let closing = format!("HTTP/1.1 200 OK\r\n\r\n{WALLET}");
    let closing_head = closing.len() - WALLET.len();
    for (bytes, offsets) in [
        (whole.clone(), head..whole.len()),
        (chunked.clone().into_bytes(), chunked_head..chunked.len()),
        (closing.clone().into_bytes(), closing_head..closing.len()),
    ] {
        let cut = bytes.clone();
        let first = offsets.start;
        let server = RawServer::start(move |count| {
            vec![Step::Read, Step::Send(cut[..first + count].to_vec())]
        })
        .await;
        let client = server.client();
        for offset in offsets {
            let error = client.wallet().await.unwrap_err();
            let shown = String::from_utf8_lossy(&bytes[..offset]);
            assert_eq!(*error.kind(), ErrorKind::Interrupted, "{shown}");
            assert_eq!(error.outcome(), RequestOutcome::Responded, "{shown}");
            assert_eq!(error.status().unwrap(), 200, "{shown}");
        }
        assert_eq!(server.connections(), bytes.len() - first);
    }
}

#[tokio::test]
async fn garbage_in_framing_and_codings_that_were_not_asked_for_are_named() {
    for bytes in [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        http_response("200 OK", &["content-encoding: br"], "x"),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n".to_vec(),
        http_response("200 OK", &["content-type: text/html"], "<html>Sign in</html>"),
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n".to_vec(),
    ] {
        let error = error_after(bytes.clone()).await;
        let shown = String::from_utf8_lossy(&bytes);
        assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{shown}: {error:?}");
        assert!(!error.is_retryable(), "{shown}");
    }
}

#[tokio::test]
async fn a_body_that_never_began_is_a_broken_connection_however_it_is_coded() {
    for coding in ["Identity", ""] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\n\r\n");
        let error = error_after(head).await;
        assert_eq!(*error.kind(), ErrorKind::Interrupted, "{coding}: {error:?}");
    }
}

#[tokio::test]
async fn an_empty_success_is_a_decode_error() {
    for bytes in
        [&b"HTTP/1.1 204 No Content\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]
    {
        let error = error_after(bytes).await;
        assert!(error.is_decode() && error.to_string().contains("the body is empty"), "{error:?}");
    }
}

#[tokio::test]
async fn a_wrong_shape_is_named_by_its_path_and_without_its_value() {
    let error = error_after(json(WALLET.replace("8450", "\"hunter2\""))).await;
    let ErrorKind::Decode(problem) = error.kind() else { panic!("{error:?}") };
    assert_eq!(problem.path, "balance");
    assert!(error.to_string().contains("`balance`: invalid type: string, expected i64"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"));
    assert!(error.body().is_some_and(|body| body.starts_with(b"{\"balance\":\"hunter2\"")));
}

#[tokio::test]
async fn a_connection_whose_response_was_not_read_to_its_end_is_not_used_again() {
    let too_short = String::from_utf8(json(WALLET))
        .unwrap()
        .replace("content-length: 8", "content-length: 7")
        .into_bytes();
    let endless = b"HTTP/1.1 500 Oops\r\ncontent-length: 99999999\r\n\r\n".to_vec();
    let filler = vec![b'x'; 2 * partner_api::MAX_ERROR_BODY_BYTES];
    let redirect =
        b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 99999999\r\n\r\n".to_vec();
    for first in [
        vec![Step::Send(too_short)],
        vec![Step::Send(endless), Step::Send(filler.clone()), Step::AwaitClose],
        vec![Step::Send(redirect), Step::Send(filler), Step::AwaitClose],
        vec![Step::Send(
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        )],
    ] {
        let server = RawServer::start(move |count| {
            let good = vec![Step::Send(json(WALLET))];
            let rest = if count == 0 { first.clone() } else { good };
            std::iter::once(Step::Read).chain(rest).chain([Step::Read]).collect()
        })
        .await;
        let client = server.client();
        client.wallet().await.unwrap_err();
        client.wallet().await.unwrap();
        assert_eq!((server.connections(), server.requests().len()), (2, 2));
    }
}

#[tokio::test]
async fn a_server_that_stalls_runs_into_the_deadline_wherever_it_stalls() {
    let half = [&json(WALLET)[..], b""].concat();
    let half = half[..half.len() - 5].to_vec();
    for (steps, status) in [
        (vec![Step::Hang], None),
        (vec![Step::Read, Step::Hang], None),
        (vec![Step::Read, Step::Send(b"HTTP/1.1 200".to_vec()), Step::Hang], None),
        (vec![Step::Read, Step::Send(half), Step::Hang], Some(200)),
    ] {
        let server = RawServer::start(move |_| steps.clone()).await;
        let error = server.client().wallet().timeout(SHORT_TIMEOUT).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Timeout(TimeLimit::Deadline));
        assert_eq!(error.status().map(|status| status.as_u16()), status);
        assert!(error.is_timeout() && error.elapsed() >= SHORT_TIMEOUT);
    }
}

#[tokio::test]
async fn an_error_whose_body_stalls_keeps_its_status() {
    let head = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 9\r\n\r\nhalf".to_vec();
    let server =
        RawServer::start(move |_| vec![Step::Read, Step::Send(head.clone()), Step::Hang]).await;
    let error = server.client().wallet().timeout(SHORT_TIMEOUT).await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.body()), (500, Some(&b"half"[..])));
}

#[tokio::test]
async fn a_call_that_is_dropped_lets_go_of_its_connection() {
    let server = RawServer::start(|_| vec![Step::Read, Step::AwaitClose, Step::Read]).await;
    let client = server.client();
    let call = tokio::time::timeout(SHORT_TIMEOUT, client.wallet().into_future());
    assert!(call.await.is_err());
    assert!(client.wallet().timeout(SHORT_TIMEOUT).await.unwrap_err().is_timeout());
    assert_eq!(server.connections(), 2);
}
