//! What HTTP says of a response, and the header that the mock adds.

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, StatusCode};

/// Says that the mock refused a request, and not the service that it simulates, and by what.
pub(crate) const BY_THE_MOCK: HeaderName = HeaderName::from_static("x-partner-api-mock");

/// Whether a response with this status has no body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5).
pub(crate) fn is_bodyless(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Whether a header says where a response ends, which the mock says itself.
pub(crate) fn is_framing(name: &HeaderName) -> bool {
    matches!(*name, CONNECTION | CONTENT_LENGTH | TRANSFER_ENCODING)
}
