//! What is answered to a request that never reaches the service.
//!
//! The HTTP library would answer with a bare status, or with nothing.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};

use super::limits::Limits;
use crate::api::headers::{BY_THE_MOCK, LIMIT};
use crate::faults::body::ResponseBody;

/// What the HTTP library reads of a target, however large a head may be.
const MAX_URI: usize = 65_534;

pub(super) const CLOSE: HeaderValue = HeaderValue::from_static("close");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProtocolError {
    /// What came is not HTTP/1.1.
    BadRequest,
    /// The request was begun and did not come to its end in time (RFC 9110, section 15.5.9).
    RequestTimeout,
    BodyTooLarge,
    UriTooLong,
    HeadTooLarge,
    /// A method or a transfer coding that there is no way to serve (RFC 9110, section 9.1; RFC
    /// 9112, section 6.1).
    NotImplemented,
    TooManyConnections,
    /// Another version of HTTP (RFC 9110, section 15.6.6).
    Version,
}

impl ProtocolError {
    /// Why the HTTP library took no request out of these bytes.
    pub(super) fn of(error: &hyper::Error, unread: &[u8], limits: &Limits) -> Self {
        let line = unread.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if error.is_parse_too_large() {
            // "A server that receives a request-target longer than any URI it wishes to parse MUST
            // respond with a 414" (RFC 9112, section 3).
            if line.len() >= limits.head_bytes.min(MAX_URI) {
                return Self::UriTooLong;
            }
            let lines = memchr::memchr_iter(b'\n', unread).count();
            // A length beyond all lengths is told of in the same way, once the head is out of there.
            let is_head = unread.len() >= limits.head_bytes || lines > limits.headers;
            return if is_head { Self::HeadTooLarge } else { Self::BodyTooLarge };
        }
        let version = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next();
        if version.is_some_and(is_another_version) { Self::Version } else { Self::BadRequest }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::TooManyConnections => StatusCode::SERVICE_UNAVAILABLE,
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        }
    }

    fn body(self) -> Bytes {
        Bytes::from_static(match self {
            Self::BadRequest => br#"{"error":"bad_request"}"#,
            Self::RequestTimeout => br#"{"error":"request_timeout"}"#,
            Self::BodyTooLarge => br#"{"error":"payload_too_large"}"#,
            Self::UriTooLong => br#"{"error":"uri_too_long"}"#,
            Self::HeadTooLarge => br#"{"error":"request_header_fields_too_large"}"#,
            Self::NotImplemented => br#"{"error":"not_implemented"}"#,
            Self::TooManyConnections => br#"{"error":"too_many_connections"}"#,
            Self::Version => br#"{"error":"http_version_not_supported"}"#,
        })
    }

    /// Whether a limit of the mock is what stands in the way. What is malformed any server refuses.
    fn is_limit(self) -> bool {
        match self {
            Self::RequestTimeout
            | Self::BodyTooLarge
            | Self::UriTooLong
            | Self::HeadTooLarge
            | Self::TooManyConnections => true,
            Self::BadRequest | Self::NotImplemented | Self::Version => false,
        }
    }

    /// The response, after which the connection is closed.
    pub(super) fn answer(self) -> Response<ResponseBody> {
        let mut answer = Response::new(ResponseBody::whole(self.body()));
        *answer.status_mut() = self.status();
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONNECTION, CLOSE);
        if self.is_limit() {
            headers.insert(BY_THE_MOCK, LIMIT);
        }
        answer
    }
}

/// `HTTP-version` (RFC 9112, section 2.3), and none that is spoken here. The library refuses it once
/// its first wrong digit is there, so the rest may be missing.
fn is_another_version(word: &[u8]) -> bool {
    let Some((major, minor)) = word.strip_prefix(b"HTTP/").and_then(|rest| rest.split_first())
    else {
        return false;
    };
    match (major, minor) {
        (b'1', [b'.', minor]) => matches!(minor, b'2'..=b'9'),
        (b'0' | b'2'..=b'9', [] | [b'.'] | [b'.', b'0'..=b'9']) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_written_as_a_version_is_one() {
        for other in [&b"HTTP/0.9"[..], b"HTTP/1.2", b"HTTP/2", b"HTTP/2.0", b"HTTP/9.9"] {
            assert!(is_another_version(other), "{}", other.escape_ascii());
        }
        for none in
            [&b"HTTP/1.1"[..], b"HTTP/1.0", b"HTTP/1", b"http/2.0", b"HTTP/a.b", b"HTTP/", b""]
        {
            assert!(!is_another_version(none), "{}", none.escape_ascii());
        }
    }
}
