//! The client's decoder, through the client with an HTTP service that returns the bytes.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use harness::{Outcome, decode};
use http::Response;
use http_body::{Body, Frame};
use partner_api::Client;

/// `COMPANIES`, and `streamed` to read them one after the other and keep none.
fn main() -> Outcome {
    let (body, check) = decode()?;
    let body = Pieces(body.into());
    let service = tower::service_fn(move |_| {
        let body = body.clone();
        async { Ok::<_, Infallible>(Response::new(body)) }
    });
    let client = Client::builder()
        .base_url("https://partner-api.invalid")
        .api_key("pk_live_exampleexampleexample001")
        .http_service(service)
        .build()?;
    if std::env::args().nth(2).as_deref() != Some("streamed") {
        return check.decode_all(async { Ok(client.companies().await?.len()) });
    }
    check.decode_all(async {
        let (mut companies, mut count) = (client.companies().stream(), 0);
        while let Some(company) = companies.next().await {
            company?;
            count += 1;
        }
        Ok(count)
    })
}

/// A body in pieces of the size that hyper reads from a socket in one call.
#[derive(Clone)]
struct Pieces(Bytes);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let size = self.0.len().min(16 * 1024);
        let piece = self.0.split_to(size);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }
}
