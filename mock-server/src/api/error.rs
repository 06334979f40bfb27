//! What the service answers when it refuses.

use bytes::Bytes;
use http::StatusCode;

/// The bodies have the shape of the reference's 401s; the other codes are ours, the reference names
/// none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorBody {
    /// Reference, Errors: "no Authorization header".
    MissingBearerToken,
    /// Reference, Errors: "unknown, revoked, or inactive partner".
    InvalidToken,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    PayloadTooLarge,
}

impl ErrorBody {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::MissingBearerToken | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    pub(crate) fn body(self) -> Bytes {
        Bytes::from_static(match self {
            Self::MissingBearerToken => br#"{"error":"missing_bearer_token"}"#,
            Self::InvalidToken => br#"{"error":"invalid_token"}"#,
            Self::BadRequest => br#"{"error":"bad_request"}"#,
            Self::NotFound => br#"{"error":"not_found"}"#,
            Self::MethodNotAllowed => br#"{"error":"method_not_allowed"}"#,
            Self::PayloadTooLarge => br#"{"error":"payload_too_large"}"#,
        })
    }
}
