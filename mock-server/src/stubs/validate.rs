//! What must hold of a stub before it is taken.

use http::Method;

use super::Stub;
use crate::api::{self, path};
use crate::input::json::truncate;

/// A stub that cannot be added. It shows as one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StubError {
    /// It would override a documented call, and does not say that it is meant to.
    #[error(
        "{0} {1} is documented; say `override_documented()` if the stub is meant to replace it"
    )]
    Documented(Method, String),
    /// Its path is empty.
    #[error("`{}`: expected a path under /api/v1, such as `stats`", truncate(.0).escape_debug())]
    Path(String),
    /// No request has its path, which is as it was sent: percent-encoded, and without a query.
    #[error("`{}`: no request has this path: expected it percent-encoded, without a query, and braces \
             around whole segments only", truncate(.0).escape_debug())]
    Unsent(String),
}

/// A stub that is where one may be.
pub(crate) fn checked(stub: Stub) -> Result<Stub, StubError> {
    if !path::is_below_base(&stub.path) {
        return Err(StubError::Path(stub.path));
    }
    if !path::can_be_sent(&stub.path) {
        return Err(StubError::Unsent(stub.path));
    }
    let is_documented = api::is_documented(&stub.method, &stub.path);
    if is_documented && !stub.override_documented {
        return Err(StubError::Documented(stub.method, stub.path));
    }
    Ok(stub)
}
