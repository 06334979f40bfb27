//! The Authorization header, any number of times with any values: a valid key is accepted, and
//! everything else is rejected by the rule of docs/http-behaviour.md.
//!
//! The bytes are lines, each a value of the header; `$KEY` is replaced by a valid key.

use bytes::Bytes;
use http::{HeaderValue, Request};
use partner_api_mock::{Disposition, Mock};

use crate::block_on;
use crate::mock::ask;

/// The result for a client: a documented code, or data.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Served,
    Missing,
    Invalid,
}

/// Tests values in the form above.
pub fn holds(bytes: &[u8]) {
    let mock = Mock::new();
    let key = mock.api_key();
    let values: Vec<Vec<u8>> = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| filled(line, key.as_bytes()))
        .filter(|value| HeaderValue::from_bytes(value).is_ok())
        .collect();
    // A file that ends with a line end has no further value.
    let values = values.strip_suffix(&[Vec::new()]).unwrap_or(&values);

    let mut request = Request::get("/api/v1/wallet");
    for value in values {
        request = request.header("authorization", &value[..]);
    }
    let request = request.body(Bytes::new()).expect("a good request");
    let (head, body) = block_on(ask(&mock, request)).expect("no fault was asked for");
    let body = String::from_utf8(body).expect("a response is text");
    let seen = match (head.status.as_u16(), body.as_str()) {
        (200, body) if body.starts_with("{\"balance\":") => Seen::Served,
        (401, "{\"error\":\"missing_bearer_token\"}") => Seen::Missing,
        (401, "{\"error\":\"invalid_token\"}") => Seen::Invalid,
        response => panic!("unexpected response of the mock: {response:?}"),
    };
    assert_eq!(seen, expected(values, key.as_bytes()));
    let challenges = head.headers.get_all("www-authenticate").iter().count();
    assert_eq!(challenges, usize::from(seen != Seen::Served), "a 401 has a challenge");

    let recorded = mock.requests().pop().expect("a request is in the journal");
    assert_eq!(recorded.disposition == Disposition::Served, seen == Seen::Served);
    assert_eq!(recorded.partner.is_some(), seen == Seen::Served);
    let secret = key.strip_prefix("pk_live_").expect("a key of the mock");
    assert!(!format!("{recorded:?} {mock:?}").contains(secret), "the key is shown");
    for value in recorded.headers.get_all("authorization") {
        assert_eq!(value, "[redacted]");
    }
}

fn filled(line: &[u8], key: &[u8]) -> Vec<u8> {
    let mut rest = line;
    let mut filled = Vec::new();
    while let Some(at) = rest.windows(4).position(|four| four == b"$KEY") {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(key);
        rest = &rest[at + 4..];
    }
    filled.extend_from_slice(rest);
    filled
}

/// The table of docs/http-behaviour.md, written independently of the mock.
fn expected(values: &[Vec<u8>], key: &[u8]) -> Seen {
    let [value] = values else {
        return if values.is_empty() { Seen::Missing } else { Seen::Invalid };
    };
    let is_blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = value.iter().position(|byte| !is_blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    let value = &value[start..end];
    if value.len() < 6 || !value[..6].eq_ignore_ascii_case(b"bearer") {
        return Seen::Missing;
    }
    // Otherwise it is another scheme, which begins with `Bearer`, or there is no token after it.
    let Some(rest) = value[6..].strip_prefix(b" ") else { return Seen::Missing };
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    if &rest[spaces..] == key { Seen::Served } else { Seen::Invalid }
}
