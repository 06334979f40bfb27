//! What the control API responds with: JSON, errors, and the headers that each response has.

use std::io::{self, Write};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::ser::Formatter;

use super::{MAX_CONTROL_BODY, MAX_RESOURCES, PREFIX};
use crate::api::headers::BY_THE_MOCK;
use crate::faults::RuleError;
use crate::input::escape::is_unsafe_to_print;
use crate::input::json::ParseError;
use crate::mock::VerificationError;
use crate::state::clock::ClockNotPaused;
use crate::state::keys::api_key;
use crate::state::payload::Payload;
use crate::state::store::{DuplicateKey, NotFound};

/// Only the page's own files, and nothing that could lead elsewhere.
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

/// The characters that a path segment holds as they are (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A layer over every response.
pub(super) async fn add_common_headers(mut response: Response) -> Response {
    // The router's own response has no body; it adds the Allow header to what leaves this layer.
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response = ApiError::wrong_method().into_response();
    }
    response.headers_mut().extend(COMMON_HEADERS);
    response
}

/// Runs work that may take long, such as a million companies, where it does not stop other requests.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::internal(&error.to_string()))
}

/// Several items, wrapped as the service wraps them (reference, List companies).
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "{T}List"))]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
}

/// JSON that is ready to be sent.
pub(super) struct RawJson(pub(super) Payload);

impl IntoResponse for RawJson {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.0));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

/// 201, and where the new resource is: these segments below `/_mock`.
pub(super) fn created(place: &[&str], body: impl IntoResponse) -> Response {
    let segments = place.iter().map(|name| utf8_percent_encode(name, SEGMENT).to_string());
    let place = segments.fold(PREFIX.to_owned(), |path, segment| format!("{path}/{segment}"));
    (StatusCode::CREATED, [(LOCATION, place)], body).into_response()
}

pub(super) fn json(body: &impl Serialize) -> Response {
    let mut json = Vec::new();
    let mut to = serde_json::Serializer::with_formatter(&mut json, EscapingFormatter);
    match body.serialize(&mut to) {
        Ok(()) => RawJson(json.into()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// JSON that can be shown on a terminal, wherever its texts come from.
struct EscapingFormatter;

impl Formatter for EscapingFormatter {
    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        to: &mut W,
        text: &str,
    ) -> io::Result<()> {
        for char in text.chars() {
            if is_unsafe_to_print(char) {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    write!(to, "\\u{unit:04x}")?;
                }
            } else {
                write!(to, "{char}")?;
            }
        }
        Ok(())
    }
}

/// Why a request is rejected.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    body: ErrorBody,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Error"))]
pub(super) struct ErrorBody {
    error: &'static str,
    /// For people: what is wrong, and what was expected.
    message: String,
    /// The JSON path of the field, as `companies[0].name`, or the query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

impl ApiError {
    /// The message may hold texts from the request.
    pub(super) fn new(status: StatusCode, error: &'static str, message: impl AsRef<str>) -> Self {
        let message = api_key::redact_text(message.as_ref());
        Self { status, body: ErrorBody { error, message, field: None } }
    }

    pub(super) fn forbidden(error: &'static str, message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, error, message)
    }

    /// The message may hold an id from the path.
    pub(super) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message.escape_debug().to_string())
    }

    pub(super) fn no_such_path() -> Self {
        Self::not_found("the control API has no such path")
    }

    pub(super) fn wrong_method() -> Self {
        let message = "this path has no such method; see the Allow header";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }

    pub(super) fn conflict(message: impl AsRef<str>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub(super) fn too_large() -> Self {
        let message = format!("the request body exceeds {} MiB", MAX_CONTROL_BODY >> 20);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message)
    }

    pub(super) fn unread() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "the request body ended too early")
    }

    pub(super) fn internal(message: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    pub(super) fn token_required() -> Self {
        let message = "expected `Authorization: Bearer` with the token of this mock's control API";
        Self::new(StatusCode::UNAUTHORIZED, "token_required", message)
    }

    /// The body or the query is wrong, at this field.
    pub(super) fn invalid(field: impl AsRef<str>, message: impl AsRef<str>) -> Self {
        let (field, message) = (api_key::redact_text(field.as_ref()), message.as_ref());
        let invalid = |message: &str| Self::new(StatusCode::BAD_REQUEST, "invalid", message);
        if field.is_empty() {
            return invalid(message);
        }
        invalid(&format!("{field}: {message}")).in_field(field)
    }

    fn in_field(mut self, field: impl Into<String>) -> Self {
        self.body.field = Some(field.into());
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = json(&self.body);
        *response.status_mut() = self.status;
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

/// The name in serde's message for a field that is required and missing; serde's path ends at the
/// object around it.
fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

impl From<RuleError> for ApiError {
    fn from(error: RuleError) -> Self {
        let invalid = Self::invalid("", error.to_string());
        match error.option() {
            Some(option) => invalid.in_field(option),
            None => invalid,
        }
    }
}

impl From<NotFound> for ApiError {
    fn from(error: NotFound) -> Self {
        Self::not_found(&error.to_string())
    }
}

impl From<DuplicateKey> for ApiError {
    fn from(error: DuplicateKey) -> Self {
        Self::conflict(error.to_string())
    }
}

impl From<ClockNotPaused> for ApiError {
    fn from(error: ClockNotPaused) -> Self {
        Self::conflict(error.to_string())
    }
}

impl From<VerificationError> for ApiError {
    fn from(error: VerificationError) -> Self {
        Self::new(StatusCode::CONFLICT, "verification_failed", error.to_string())
    }
}

/// Fails if there are as many of a kind as the control API adds.
pub(super) fn check_quota(count: usize, what: &str) -> Result<(), ApiError> {
    if count < MAX_RESOURCES {
        return Ok(());
    }
    Err(ApiError::conflict(format!("there are {count} {what}, the maximum; remove some first")))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn control_and_format_characters_are_escaped_and_mean_the_same() {
        let text = "a\u{9b}\u{202e}\u{e0001}\u{e9}";
        let json: Bytes = json(&text).into_body().collect().await.unwrap().to_bytes();
        assert_eq!(json, "\"a\\u009b\\u202e\\udb40\\udc01\u{e9}\"");
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
    }
}
