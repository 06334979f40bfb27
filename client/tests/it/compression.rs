//! Responses are read in the content codings that the client requests, and in no other.

use partner_api::ErrorKind;

use crate::support::{RawServer, Step, WALLET, http_response};

const CODED: [&str; 1] = ["content-encoding: gzip"];

async fn sent(bytes: &[u8]) -> RawServer {
    let steps = vec![Step::Read, Step::Send(bytes.to_vec())];
    RawServer::start(move |_| steps.clone()).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn an_empty_body_is_an_empty_body_whatever_encoding_its_headers_name() {
    for encoding in ["gzip", "x-gzip", "br", "deflate, gzip", "identity"] {
        let header = format!("content-encoding: {encoding}");
        let head = |status: &str, framing: &str| {
            format!("HTTP/1.1 {status}\r\n{header}\r\n{framing}\r\n").into_bytes()
        };
        let chunked =
            [&head("200 OK", "transfer-encoding: chunked\r\n")[..], b"0\r\n\r\n"].concat();
        let trailers =
            [&head("202 Accepted", "transfer-encoding: chunked\r\n")[..], b"0\r\nx-sum: 1\r\n\r\n"]
                .concat();
        for response in [
            head("204 No Content", ""),
            head("200 OK", "content-length: 0\r\n"),
            head("200 OK", "connection: close\r\n"),
            head("204 No Content", "content-type: text/html\r\n"),
            chunked,
            trailers,
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_vec(),
        ] {
            let server = sent(&response).await;
            let shown = String::from_utf8_lossy(&response);
            let deleted = server.client().delete("templates/1").send_empty().await;
            assert!(deleted.is_ok(), "{shown}: {deleted:?}");
            // A document or a list is missing, which is not the fault of the encoding.
            let wallet = server.client().wallet().await.unwrap_err();
            let companies = server.client().companies().await.unwrap_err();
            let streamed = server.client().companies().stream().next().await.unwrap().unwrap_err();
            for error in [wallet, companies, streamed] {
                let is_empty = error.is_decode() && error.to_string().contains("the body is empty");
                let is_about_type = shown.contains("text/html")
                    && error.to_string().contains("content type is text/html");
                let is_cut = *error.kind() == ErrorKind::Interrupted && shown.contains("close");
                assert!(is_empty || is_about_type || is_cut, "{shown}: {error:?}");
            }
        }
    }
    let head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1000\r\n\r\n";
    let server = sent(head).await;
    let headed = server.client().request("HEAD".parse().unwrap(), "stats").send_empty().await;
    assert!(headed.is_ok(), "{headed:?}");
}

#[tokio::test]
async fn an_encoded_body_that_never_begins_is_interrupted() {
    for encoding in ["gzip", "br"] {
        for framing in ["content-length: 9", "transfer-encoding: chunked"] {
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\n{framing}\r\n\r\n");
            let server = sent(head.as_bytes()).await;
            let error = server.client().wallet().await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Interrupted, "{head}: {error:?}");
        }
    }
}

#[cfg(not(feature = "gzip"))]
#[tokio::test]
async fn a_coding_that_was_not_requested_is_named() {
    let server = sent(&http_response("200 OK", &CODED, gzip(WALLET.as_bytes()))).await;
    let error = server.client().wallet().await.unwrap_err();
    let ErrorKind::Protocol(problem) = error.kind() else { panic!("{error:?}") };
    assert_eq!(problem, "its content coding is gzip, which the client does not support");
    assert!(!error.is_retryable() && error.body().is_none_or(<[u8]>::is_empty));
    assert!(!server.requests()[0].to_ascii_lowercase().contains("accept-encoding"));
}

#[cfg(feature = "gzip")]
mod gzip {
    use super::*;

    #[tokio::test]
    async fn a_response_may_be_compressed_in_any_form_of_gzip() {
        let (start, end) = WALLET.as_bytes().split_at(20);
        for whole in [
            http_response(
                "200 OK",
                &["content-type: application/json", CODED[0]],
                gzip(WALLET.as_bytes()),
            ),
            http_response("200 OK", &["content-encoding: X-GZip"], gzip(WALLET.as_bytes())),
            // A file of gzip may be several, one after the other (RFC 1952, section 2.2).
            http_response("200 OK", &CODED, [gzip(start), gzip(b""), gzip(end)].concat()),
        ] {
            for steps in [Step::Send(whole.clone()), Step::SendByteByByte(whole.clone())] {
                let server = RawServer::start(move |_| vec![Step::Read, steps.clone()]).await;
                let result = server.client().wallet().await;
                assert_eq!(result.unwrap().balance, 8450, "{}", String::from_utf8_lossy(&whole));
            }
        }
    }

    #[tokio::test]
    async fn invalid_gzip_is_named() {
        let mut corrupt = gzip(WALLET.as_bytes());
        let mut wrong_sum = corrupt.clone();
        corrupt[12] ^= 0xff;
        let sum = wrong_sum.len() - 8;
        wrong_sum[sum] ^= 0xff;
        for body in [b"this is not gzip".to_vec(), corrupt, wrong_sum] {
            let server = sent(&http_response("200 OK", &CODED, &body)).await;
            let error = server.client().wallet().await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{body:?}: {error:?}");
            assert!(!error.is_retryable(), "{body:?}");
        }
    }

    #[tokio::test]
    async fn a_compressed_body_that_was_cut_is_interrupted() {
        let compressed = gzip(WALLET.as_bytes());
        for kept in [0, 1, 5, 12, compressed.len() - 9, compressed.len() - 1] {
            let mut bytes = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n".to_vec();
            bytes.extend_from_slice(&compressed[..kept]);
            let error = sent(&bytes).await.client().wallet().await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Interrupted, "{kept} bytes: {error:?}");
        }
    }

    #[tokio::test]
    async fn the_size_limit_counts_decompressed_bytes() {
        let padded = format!("{}{WALLET}", " ".repeat(1 << 20));
        let bomb = gzip(padded.as_bytes());
        assert!(bomb.len() < 4096);
        let server = RawServer::responding(http_response("200 OK", &CODED, bomb)).await;
        assert_eq!(server.client().wallet().await.unwrap().balance, 8450);
        let capped = server.builder().max_response_bytes(1 << 20).build().unwrap();
        let error = capped.wallet().await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::BodyTooLarge { limit: 1_048_576, .. }),
            "{error:?}"
        );
    }
}
