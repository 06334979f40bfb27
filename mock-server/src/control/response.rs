//! What the control API answers, and the headers that each of its answers has.

use std::io::{Result as Written, Write};

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::ser::Formatter;

use super::PREFIX;
use crate::api::headers::BY_THE_MOCK;
use crate::faults::RuleError;
use crate::input::escape::is_unsafe_to_print;
use crate::input::json::ParseError;
use crate::state::api_key;
use crate::state::payload::Payload;
use crate::state::store::{DuplicateKey, NotFound};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Nothing but the page's own files, and nothing that could lead elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' \
                      data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const COMMON_HEADERS: [(HeaderName, HeaderValue); 6] = [
    (BY_THE_MOCK, HeaderValue::from_static("control")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// What stands for itself in a segment of a path (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a route answers.
pub(super) type ControlResult = Result<Response<Payload>, ApiError>;

/// Several of a kind, wrapped as the service wraps them (reference, List companies).
#[derive(Serialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
}

pub(super) fn finish(mut response: Response<Payload>) -> Response<Payload> {
    response.headers_mut().extend(COMMON_HEADERS);
    response
}

pub(super) fn json(body: &impl Serialize) -> ControlResult {
    let mut json = Vec::new();
    let mut to = serde_json::Serializer::with_formatter(&mut json, EscapingFormatter);
    let written = body.serialize(&mut to);
    written.map(|()| raw_json(json)).map_err(|error| {
        let message = format!("this cannot be shown as JSON: {error}");
        ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    })
}

/// JSON that can be shown on a terminal, whoever wrote the texts in it.
struct EscapingFormatter;

impl Formatter for EscapingFormatter {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, to: &mut W, text: &str) -> Written<()> {
        let mut rest = text;
        while let Some(at) = rest.find(is_unsafe_to_print) {
            let (before, from) = rest.split_at(at);
            to.write_all(before.as_bytes())?;
            let mut chars = from.chars();
            if let Some(char) = chars.next() {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    write!(to, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        to.write_all(rest.as_bytes())
    }
}

pub(super) fn raw_json(body: impl Into<Payload>) -> Response<Payload> {
    with_type(JSON, body)
}

pub(super) fn with_type(content_type: HeaderValue, body: impl Into<Payload>) -> Response<Payload> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// The response of what was made, and where it is from now on: these segments below `/_mock`.
pub(super) fn created(mut response: Response<Payload>, place: &[&str]) -> Response<Payload> {
    *response.status_mut() = StatusCode::CREATED;
    let segments = place.iter().map(|name| utf8_percent_encode(name, SEGMENT).to_string());
    let place = segments.fold(PREFIX.to_owned(), |path, segment| format!("{path}/{segment}"));
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}

pub(super) fn no_content() -> Response<Payload> {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    error: &'static str,
    message: String,
    field: Option<String>,
    allow: Option<String>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl ApiError {
    /// The message may hold texts from the request.
    pub(super) fn of(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        let message = api_key::redact_text(&message.into());
        Self { status, error, message, field: None, allow: None }
    }

    pub(super) fn forbidden(error: &'static str, message: &str) -> Self {
        Self::of(StatusCode::FORBIDDEN, error, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::of(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::of(StatusCode::CONFLICT, "conflict", message)
    }

    pub(super) fn too_large() -> Self {
        let message = "the body goes on after 64 MiB: expected no more than that";
        Self::of(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message)
    }

    pub(super) fn token_required() -> Self {
        let message = "expected `Authorization: Bearer` with the token of this mock's control API";
        Self::of(StatusCode::UNAUTHORIZED, "token_required", message)
    }

    pub(super) fn wrong_method(methods: &[&str]) -> Self {
        let methods = methods.iter().map(|one| if *one == "GET" { "GET, HEAD" } else { one });
        let allow = methods.collect::<Vec<_>>().join(", ");
        let message = format!("expected one of {allow} here");
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self { allow: Some(allow), ..Self::of(status, "method_not_allowed", message) }
    }

    /// What is wrong with a body or a query, and where in it.
    pub(super) fn invalid(field: impl Into<String>, message: impl AsRef<str>) -> Self {
        let (field, message) = (api_key::redact_text(&field.into()), message.as_ref());
        if field.is_empty() {
            return Self::of(StatusCode::BAD_REQUEST, "invalid", message);
        }
        let message = format!("{field}: {message}");
        Self { field: Some(field), ..Self::of(StatusCode::BAD_REQUEST, "invalid", message) }
    }

    pub(super) fn into_response(self) -> Response<Payload> {
        let (error, message) = (self.error, self.message.as_str());
        let body = ErrorBody { error, message, field: self.field.as_deref() };
        let mut response = json(&body).unwrap_or_else(|_| Response::new(Bytes::new().into()));
        *response.status_mut() = self.status;
        if let Some(Ok(allow)) = self.allow.as_deref().map(HeaderValue::from_str) {
            response.headers_mut().insert(ALLOW, allow);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"partner-api-mock\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<ParseError> for ApiError {
    fn from(ParseError { place: (line, column), field, message }: ParseError) -> Self {
        if let Some(missing) = missing_field(&message) {
            let dot = if field.is_empty() { "" } else { "." };
            return Self::invalid(format!("{field}{dot}{missing}"), "this field is missing");
        }
        if field.is_empty() {
            return Self::invalid("", format!("line {line}, column {column}: {message}"));
        }
        Self::invalid(field, message)
    }
}

/// The name in serde's message for a field that has to be there and is not.
fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

impl From<RuleError> for ApiError {
    fn from(error: RuleError) -> Self {
        let message = error.to_string();
        match error.option() {
            Some(option) => Self { field: Some(option.to_owned()), ..Self::invalid("", message) },
            None => Self::invalid("", message),
        }
    }
}

impl From<NotFound> for ApiError {
    fn from(unknown: NotFound) -> Self {
        Self::not_found(unknown.to_string().escape_debug().to_string())
    }
}

impl From<DuplicateKey> for ApiError {
    fn from(taken: DuplicateKey) -> Self {
        Self::conflict(taken.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_means_the_same() {
        let text = "a\u{9b}\u{202e}\u{e0001}\u{e9}";
        let json = json(&text).ok().unwrap().into_body().into_bytes();
        assert_eq!(json, "\"a\\u009b\\u202e\\udb40\\udc01\u{e9}\"");
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
    }
}
