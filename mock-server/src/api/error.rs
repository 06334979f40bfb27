//! Responses without data: a status, a code in a body of the documented shape, and their headers.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};

use super::headers::BY_THE_MOCK;
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
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD");

/// A challenge has at least one parameter (RFC 6750, section 3), and names no error for a request
/// that brought no token (section 3.1).
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="Partner API""#);
const CHALLENGE_INVALID: HeaderValue =
    HeaderValue::from_static(r#"Bearer realm="Partner API", error="invalid_token""#);

const LIMITED: Option<(HeaderName, HeaderValue)> =
    Some((BY_THE_MOCK, HeaderValue::from_static("limit")));

impl ErrorBody {
    /// The status, the code in the body, and the header that goes with them.
    fn parts(self) -> (StatusCode, &'static str, Option<(HeaderName, HeaderValue)>) {
        match self {
            Self::MissingBearerToken => {
                let challenge = Some((WWW_AUTHENTICATE, CHALLENGE));
                (StatusCode::UNAUTHORIZED, "missing_bearer_token", challenge)
            }
            Self::InvalidToken => {
                let challenge = Some((WWW_AUTHENTICATE, CHALLENGE_INVALID));
                (StatusCode::UNAUTHORIZED, "invalid_token", challenge)
            }
            Self::BadRequest => (StatusCode::BAD_REQUEST, "bad_request", None),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", None),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", Some((ALLOW, ALLOWED)))
            }
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "request_timeout", LIMITED),
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", LIMITED),
            Self::NotImplemented => (StatusCode::NOT_IMPLEMENTED, "not_implemented", None),
            Self::TooManyConnections => {
                (StatusCode::SERVICE_UNAVAILABLE, "too_many_connections", LIMITED)
            }
            Self::TooManyBodies => (StatusCode::SERVICE_UNAVAILABLE, "too_many_bodies", LIMITED),
        }
    }
}

impl IntoResponse for ErrorBody {
    fn into_response(self) -> Response<Body> {
        let (status, code, header) = self.parts();
        let mut response = json(status, format!(r#"{{"error":"{code}"}}"#));
        response.headers_mut().extend(header);
        response
    }
}
