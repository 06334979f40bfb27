//! The code of the guide "Keep a copy in step", as a user copies it.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use partner_api::{Error, ErrorKind};

/// An error of a call in a handler that returns `Result<…, ApiError>`.
pub struct ApiError(Error);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(error) = self;
        // Log the error here. The response has nothing of it, since it names your hosts.
        let status = status(&error);
        let mut response = (status, status.canonical_reason().unwrap_or_default()).into_response();
        if let (StatusCode::SERVICE_UNAVAILABLE, Some(wait)) = (status, error.retry_after()) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}

fn status(error: &Error) -> StatusCode {
    match error.kind() {
        ErrorKind::Config(_)
        | ErrorKind::Request(_)
        | ErrorKind::Credentials
        | ErrorKind::Unauthorized(_) => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
        _ if error.is_retryable() => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    }
}
