//! What a response means by its status, its headers and the body of an error.

use std::borrow::Cow;
use std::fmt;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, StatusCode, response};
use serde_core::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use url::Url;

use crate::error::{ErrorKind, UnauthorizedCode};
use crate::models::json_text::without_lone_surrogates;

/// Why the body of a successful response cannot be read: an encoding that is not supported.
pub(crate) fn unsupported_encoding(head: &response::Parts) -> Option<String> {
    // RFC 9112, section 7: a client that sends no TE can get no other coding than chunked.
    if let Some(coding) = other_than(&head.headers, &TRANSFER_ENCODING, "chunked") {
        return Some(format!("its transfer coding is {coding} instead of chunked"));
    }
    // A supported encoding is decompressed by now, and its header is removed.
    other_than(&head.headers, &CONTENT_ENCODING, "identity")
        .map(|coding| format!("its content coding is {coding}, which the client does not support"))
}

/// The kind of error of a response whose status is not a success.
pub(crate) fn classify_error(head: &response::Parts, body: &[u8]) -> ErrorKind {
    let status = head.status;
    if status.is_informational() {
        let problem =
            format!("it has the status {}, which the client does not support", status.as_u16());
        return ErrorKind::Protocol(problem);
    }
    if status.is_redirection() {
        return ErrorKind::Redirect { status, host: redirect_host(&head.headers) };
    }
    if status == StatusCode::UNAUTHORIZED {
        return ErrorKind::Unauthorized(unauthorized_code(body));
    }
    ErrorKind::Status(status)
}

/// The content type, where it says that the body is not JSON.
pub(crate) fn non_json_content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json" || essence.ends_with("+json");
    (!is_json).then(|| format!("its content type is {text} instead of application/json"))
}

/// The error of the documented shape, which may have been cut behind it. Source: the reference,
/// "Errors".
fn unauthorized_code(body: &[u8]) -> UnauthorizedCode {
    let text = body.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let text = without_lone_surrogates(text).map_or(Cow::from(text), Cow::from);
    let mut found = None;
    let _ = serde_json::Deserializer::from_str(&text).deserialize_map(FindCode(&mut found));
    match found.as_deref() {
        Some("missing_bearer_token") => UnauthorizedCode::MissingBearerToken,
        Some("invalid_token") => UnauthorizedCode::InvalidToken,
        Some(other) => UnauthorizedCode::Other(other.to_owned()),
        None => UnauthorizedCode::Unspecified,
    }
}

/// Keeps the code as soon as it comes.
struct FindCode<'a>(&'a mut Option<String>);

impl<'de> Visitor<'de> for FindCode<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a code in its field error")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "error" {
                *self.0 = Some(map.next_value()?);
                return Ok(());
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Only the host, since a path or query may hold a secret.
fn redirect_host(headers: &HeaderMap) -> Option<String> {
    let url = Url::parse(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The first value of a header that is not the one that is expected.
fn other_than(headers: &HeaderMap, name: &HeaderName, expected: &str) -> Option<String> {
    headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase())
        .find(|value| !value.is_empty() && value != expected)
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;

    fn head(status: u16, headers: &[(&str, &str)]) -> response::Parts {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_code_of_a_401_is_read_and_its_absence_is_one() {
        for (body, expected) in [
            (r#"{ "error": "missing_bearer_token" }"#, UnauthorizedCode::MissingBearerToken),
            (r#"{ "error": "invalid_token" }"#, UnauthorizedCode::InvalidToken),
            (r#"{"error":"key_expired","more":1}"#, UnauthorizedCode::Other("key_expired".into())),
            (r#"{"x":"\udc00","error":"no\ud83d"}"#, UnauthorizedCode::Other("no\u{fffd}".into())),
            (r#"{"error":{"code":"x"}}"#, UnauthorizedCode::Unspecified),
            (
                r#"{"trace":[1],"error":"invalid_token","more":"cut he"#,
                UnauthorizedCode::InvalidToken,
            ),
            (r#"{"error":"invalid_to"#, UnauthorizedCode::Unspecified),
            ("<html>401</html>", UnauthorizedCode::Unspecified),
            ("", UnauthorizedCode::Unspecified),
        ] {
            assert_eq!(
                classify_error(&head(401, &[]), body.as_bytes()),
                ErrorKind::Unauthorized(expected),
                "{body}"
            );
        }
    }

    #[test]
    fn every_3xx_is_a_redirect_that_tells_no_more_than_the_host() {
        for (location, host) in [
            ("https://evil.example:8443/steal?token=hunter2", Some("evil.example:8443")),
            ("http://user:hunter2@evil.example/", Some("evil.example")),
            ("/login", None),
            ("::", None),
        ] {
            for status in [300, 301, 302, 303, 304, 307, 308, 399] {
                let kind = classify_error(&head(status, &[("location", location)]), b"");
                let status = StatusCode::from_u16(status).unwrap();
                assert_eq!(kind, ErrorKind::Redirect { status, host: host.map(Into::into) });
            }
        }
    }

    #[test]
    fn codings_that_were_not_asked_for_are_named() {
        for (headers, named) in [
            (&[("transfer-encoding", "gzip, chunked")][..], Some("gzip, chunked")),
            (&[("transfer-encoding", "Chunked")], None),
            (&[("content-encoding", "br")], Some("br")),
            (&[("content-encoding", "identity")], None),
            (&[("content-encoding", "")], None),
            (&[("content-encoding", "identity"), ("content-encoding", "zstd")], Some("zstd")),
            (&[], None),
        ] {
            let problem = unsupported_encoding(&head(200, headers));
            assert_eq!(problem.is_some(), named.is_some(), "{problem:?}");
            assert!(problem.unwrap_or_default().contains(named.unwrap_or_default()));
        }
        let unasked = classify_error(&head(101, &[]), b"");
        assert!(matches!(unasked, ErrorKind::Protocol(problem) if problem.contains("101")));
    }

    #[test]
    fn json_is_told_from_other_content_types() {
        for (content_type, foreign) in [
            ("application/json", false),
            ("Application/JSON; charset=utf-8", false),
            ("application/problem+json", false),
            ("text/html; charset=utf-8", true),
            ("", true),
        ] {
            let problem =
                non_json_content_type(&head(200, &[("content-type", content_type)]).headers);
            assert_eq!(problem.is_some(), foreign, "{content_type}");
        }
        assert_eq!(non_json_content_type(&HeaderMap::new()), None);
    }
}
