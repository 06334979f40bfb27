//! One request to the mock, without a socket.

use bytes::Bytes;
use http::{Request, response};
use http_body_util::BodyExt as _;
use partner_api_mock::Mock;
use tower::ServiceExt as _;

/// The response and its body; an error if a fault breaks it.
pub(crate) async fn ask(
    mock: &Mock,
    request: Request<Bytes>,
) -> Result<(response::Parts, Vec<u8>), String> {
    let request = request.map(http_body_util::Full::new);
    let response = mock.service().oneshot(request).await.map_err(|error| error.to_string())?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?;
    Ok((head, body.to_bytes().to_vec()))
}
