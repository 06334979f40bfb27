//! Responses without data: a status, a code in a body of the documented shape, and their headers.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};

use super::headers::{BY_THE_MOCK, LIMIT};
use super::json;

/// The bodies have the shape of the reference's 401s; the reference names no code but those two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorBody {
    /// Reference, Errors: "no Authorization header".
    MissingBearerToken,
    /// Reference, Errors: "unknown, revoked, or inactive partner".
    InvalidToken,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    PayloadTooLarge,
    /// A method or a transfer coding that is not supported (RFC 9110, section 9.1; RFC 9112, section
    /// 6.1).
    NotImplemented,
    TooManyConnections,
    TooManyBodies,
}

/// Methods of a documented path.
pub(super) const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD");

/// A challenge has at least one parameter (RFC 6750, section 3), and names no error for a request
/// that brought no token (section 3.1).
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="Partner API""#);
const CHALLENGE_INVALID: HeaderValue =
    HeaderValue::from_static(r#"Bearer realm="Partner API", error="invalid_token""#);

impl ErrorBody {
    fn status(self) -> StatusCode {
        match self {
            Self::MissingBearerToken | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::TooManyConnections | Self::TooManyBodies => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn body(self) -> Bytes {
        Bytes::from_static(match self {
            Self::MissingBearerToken => br#"{"error":"missing_bearer_token"}"#,
            Self::InvalidToken => br#"{"error":"invalid_token"}"#,
            Self::BadRequest => br#"{"error":"bad_request"}"#,
            Self::NotFound => br#"{"error":"not_found"}"#,
            Self::MethodNotAllowed => br#"{"error":"method_not_allowed"}"#,
            Self::RequestTimeout => br#"{"error":"request_timeout"}"#,
            Self::PayloadTooLarge => br#"{"error":"payload_too_large"}"#,
            Self::NotImplemented => br#"{"error":"not_implemented"}"#,
            Self::TooManyConnections => br#"{"error":"too_many_connections"}"#,
            Self::TooManyBodies => br#"{"error":"too_many_bodies"}"#,
        })
    }

    fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::MissingBearerToken => Some((WWW_AUTHENTICATE, CHALLENGE)),
            Self::InvalidToken => Some((WWW_AUTHENTICATE, CHALLENGE_INVALID)),
            Self::MethodNotAllowed => Some((ALLOW, ALLOWED)),
            Self::RequestTimeout
            | Self::PayloadTooLarge
            | Self::TooManyConnections
            | Self::TooManyBodies => Some((BY_THE_MOCK, LIMIT)),
            Self::BadRequest | Self::NotFound | Self::NotImplemented => None,
        }
    }
}

impl IntoResponse for ErrorBody {
    fn into_response(self) -> Response<Body> {
        let mut response = json(self.status(), self.body());
        response.headers_mut().extend(self.header());
        response
    }
}
