//! The Host header, which hyper does not check.
//!
//! "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message
//! that lacks a Host header field and to any request message that contains more than one Host
//! header field line or a Host header field with an invalid field value" (RFC 9112, section 3.2).

use std::net::Ipv6Addr;

use http::header::HOST;
use http::{HeaderMap, Version};

/// How a request came. Host is a matter of the wire: a client that is joined without a socket
/// hands over its request before that header is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestSource {
    Socket,
    InProcess,
}

/// Whether the Host header is valid. A request without a valid one gets 400.
pub(crate) fn is_valid_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => host.to_str().is_ok_and(is_host_and_port),
        (Some(_), Some(_)) => false,
    }
}

/// `uri-host [ ":" port ]` (RFC 9110, section 7.2). An empty host is refused, since an `http` URI
/// cannot have one (RFC 9110, section 4.2.1).
fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, ""),
    };
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => is_reg_name(host),
    };
    is_host && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// `reg-name` (RFC 3986, section 3.2.2), which IPv4 addresses are a part of; not empty.
pub(crate) fn is_reg_name(host: &str) -> bool {
    let mut bytes = host.bytes();
    let is_hex =
        |bytes: &mut std::str::Bytes<'_>| bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
    while let Some(byte) = bytes.next() {
        let good = match byte {
            b'%' => is_hex(&mut bytes) && is_hex(&mut bytes),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&'..=b',' | b';' | b'=' => true,
            _ => byte.is_ascii_alphanumeric(),
        };
        if !good {
            return false;
        }
    }
    !host.is_empty()
}
