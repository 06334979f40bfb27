//! The value that a call returns, with its response.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::error::Attempt;
use crate::models::object::UnknownFields;

/// A value, and the response that contained it. See
/// [`Call::with_response`](crate::Call::with_response).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiResponse<T> {
    /// The decoded value.
    pub value: T,
    /// The status of the response.
    pub status: StatusCode,
    /// The headers of the response, without those that framed or compressed the body.
    pub headers: HeaderMap,
    /// The fields beside a list, in its envelope, that this version of the crate does not know. A
    /// single object keeps its own.
    pub unknown_fields: UnknownFields,
    /// The attempts that failed before this response, in order; usually none.
    pub failed_attempts: Vec<Attempt>,
    /// How long the call took, waits and body included.
    pub elapsed: Duration,
}

impl<T> ApiResponse<T> {
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> ApiResponse<U> {
        let Self { value, status, headers, unknown_fields, failed_attempts, elapsed } = self;
        let value = change(value);
        ApiResponse { value, status, headers, unknown_fields, failed_attempts, elapsed }
    }
}
