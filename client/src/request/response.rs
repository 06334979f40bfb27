//! What a call brings beside its value.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::error::Attempt;
use crate::models::object::UnknownFields;

/// A value and what is known of the answer that brought it. See
/// [`Call::with_response`](crate::Call::with_response).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiResponse<T> {
    /// What was asked for.
    pub value: T,
    /// The status of the answer.
    pub status: StatusCode,
    /// The headers of the answer. Those that framed or compressed the body are gone with that.
    pub headers: HeaderMap,
    /// The fields beside a list, in its envelope, that this version of the crate does not know. A
    /// document keeps its own.
    pub unknown_fields: UnknownFields,
    /// The attempts that failed before it, in order; usually none.
    pub failed_attempts: Vec<Attempt>,
    /// How long the call took, waits and body included.
    pub elapsed: Duration,
}
