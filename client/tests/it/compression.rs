//! Response bodies are decoded from the content codings that the client accepts, and from no other.

use partner_api::ErrorKind;

use crate::support::{RawServer, Step, WALLET, http_response};

const CODED: [&str; 1] = ["content-encoding: gzip"];

async fn serve(bytes: &[u8]) -> RawServer {
    let steps = vec![Step::Read, Step::Send(bytes.to_vec())];
    RawServer::start(move |_| steps.clone()).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[cfg(not(feature = "gzip"))]
#[tokio::test]
async fn a_coding_that_was_not_accepted_is_named_and_its_body_is_not_read() {
    let server = serve(&http_response("200 OK", &CODED, gzip(WALLET.as_bytes()))).await;
    let error = server.client().wallet().await.unwrap_err();
    let ErrorKind::Protocol(problem) = error.kind() else { panic!("{error:?}") };
    assert_eq!(problem, "its content coding is gzip, which was not asked for");
    assert!(!error.is_retryable() && error.body().is_none_or(<[u8]>::is_empty));
    assert!(!server.requests()[0].to_ascii_lowercase().contains("accept-encoding"));
}

#[cfg(feature = "gzip")]
mod gzip {
    use super::*;

    #[tokio::test]
    async fn a_response_may_be_compressed_in_any_form_of_gzip() {
        let (start, end) = WALLET.as_bytes().split_at(20);
        for response in [
            http_response(
                "200 OK",
                &["content-type: application/json", CODED[0]],
                gzip(WALLET.as_bytes()),
            ),
            http_response("200 OK", &["content-encoding: X-GZip"], gzip(WALLET.as_bytes())),
            // A gzip file may have several members (RFC 1952, section 2.2).
            http_response("200 OK", &CODED, [gzip(start), gzip(b""), gzip(end)].concat()),
        ] {
            for steps in [Step::Send(response.clone()), Step::SendByteByByte(response.clone())] {
                let server = RawServer::start(move |_| vec![Step::Read, steps.clone()]).await;
                let result = server.client().wallet().await;
                assert_eq!(result.unwrap().balance, 8450, "{}", String::from_utf8_lossy(&response));
            }
        }
    }

    #[tokio::test]
    async fn invalid_gzip_data_is_a_protocol_error() {
        let mut corrupt = gzip(WALLET.as_bytes());
        let mut wrong_sum = corrupt.clone();
        corrupt[12] ^= 0xff;
        let sum = wrong_sum.len() - 8;
        wrong_sum[sum] ^= 0xff;
        for body in [b"this is not gzip".to_vec(), corrupt, wrong_sum] {
            let server = serve(&http_response("200 OK", &CODED, &body)).await;
            let error = server.client().wallet().await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{body:?}: {error:?}");
            assert!(!error.is_retryable(), "{body:?}");
        }
    }

    #[tokio::test]
    async fn a_truncated_gzip_body_is_an_interrupted_connection() {
        let compressed = gzip(WALLET.as_bytes());
        for length in [0, 1, 5, 12, compressed.len() - 9, compressed.len() - 1] {
            let mut bytes = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n".to_vec();
            bytes.extend_from_slice(&compressed[..length]);
            let error = serve(&bytes).await.client().wallet().await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Interrupted, "{length} bytes: {error:?}");
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
