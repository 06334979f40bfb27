//! The headers that a program may set.

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TE, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderName, HeaderValue, Request};

use crate::pipeline::retry::IDEMPOTENCY_KEY;
use crate::transport::RequestBody;

/// Headers that belong to the client or to HTTP itself.
const RESERVED: [HeaderName; 8] = [
    AUTHORIZATION,
    HOST,
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Sets a header that a program may set.
pub(crate) fn set_header(
    request: &mut Request<RequestBody>,
    name: &str,
    value: &str,
) -> Result<(), String> {
    let name = HeaderName::try_from(name)
        .map_err(|_| "the name of a header has a character that is not allowed".to_owned())?;
    if RESERVED.contains(&name) {
        return Err(format!("the header {name} is set by the client"));
    }
    let value = HeaderValue::try_from(value.trim())
        .map_err(|_| format!("the header {name} has a character that is not allowed"))?;
    if name == IDEMPOTENCY_KEY && value.is_empty() {
        return Err("the idempotency key must not be empty".into());
    }
    request.headers_mut().insert(name, value);
    Ok(())
}
