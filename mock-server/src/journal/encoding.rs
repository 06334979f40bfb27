//! Header lines and a body in one piece of memory, and out of it again.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::state::api_key;

/// An empty line ends the head, as it does on the wire.
pub(super) const BEFORE_BODY: &[u8] = b"\n\n";

#[inline]
pub(super) fn write_headers(text: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        let is_secret = api_key::is_secret(name);
        let value = if is_secret { api_key::REDACTED.as_bytes() } else { value.as_bytes() };
        text.push(b'\n');
        text.extend_from_slice(name.as_str().as_bytes());
        text.push(b':');
        text.extend_from_slice(value);
    }
}

/// What stands before the body, and the body.
pub(super) fn split_body(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memmem::find(text, BEFORE_BODY) {
        None => (text, None),
        Some(at) => {
            let (head, body) = text.split_at(at);
            (head, body.strip_prefix(BEFORE_BODY))
        }
    }
}

/// The headers in the lines after the first.
pub(super) fn headers(lines: &[u8]) -> HeaderMap {
    lines.split(|byte| *byte == b'\n').skip(1).filter_map(header_of).collect()
}

fn header_of(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_at_checked(memchr::memchr(b':', line)?)?;
    let value = value.strip_prefix(b":")?;
    Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
}
