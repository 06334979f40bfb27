//! A stub as a seed file has it, and as it comes over HTTP: a canned response.

use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::value::RawValue;

use crate::api::headers::{is_bodyless, is_framing};
use crate::input::json::{Fields, ValidationError, non_null};
#[cfg(feature = "schema")]
use crate::input::schema;
use crate::stubs::{self, ResponseTemplate, Stub, StubError};

/// A response on a path under `/api/v1`, behind the same authorization.
#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "StubNew", transform = super::schema::stub_rules))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[serde(expecting = "an object with the `path` of a stub")]
pub(crate) struct StubFile {
    /// In capitals. GET, if left out. GET includes HEAD.
    #[serde(default, deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = schema::METHOD)))]
    method: Option<String>,
    /// As a request has it: percent-encoded, without a query. `stats` is `/api/v1/stats`; a segment in
    /// braces, as in `templates/{id}`, is any one segment.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = schema::PATH)))]
    path: String,
    /// 200, if left out.
    #[serde(default, deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(range(min = 200, max = 599)))]
    status: Option<u16>,
    /// Headers of the response.
    #[serde(default, deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::stub_headers"))]
    headers: Option<Fields<String>>,
    /// The body, as any JSON. `{}`, if there is no `body` either.
    #[serde(default, deserialize_with = "non_null")]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    json: Option<Box<RawValue>>,
    /// The body, as text.
    #[serde(default, deserialize_with = "non_null")]
    body: Option<String>,
    /// Whether it may respond to a documented call.
    #[serde(default)]
    override_documented: bool,
}

impl StubFile {
    pub(super) fn checked(self) -> Result<Stub, ValidationError> {
        let wrong =
            |field: &'static str, message: &str| Err(ValidationError::of(message).at(field));
        let method = self.method.as_deref().unwrap_or("GET");
        // A method's letters have a case, so `get` would be another one, which nobody sends.
        let is_capital = !method.bytes().any(|byte| byte.is_ascii_lowercase());
        let Some(method) = method.parse().ok().filter(|_: &Method| is_capital) else {
            return wrong("method", "expected the name of a method in capitals, such as `POST`");
        };
        let status = self.status.unwrap_or(200);
        if !(200..600).contains(&status) {
            return wrong("status", "expected one from 200 to 599");
        }
        let is_bodyless = StatusCode::from_u16(status).is_ok_and(is_bodyless);
        let bodyless = "a response with this status has none";
        let mut response = match (self.json, self.body) {
            (Some(_), Some(_)) => return wrong("body", "expected it, or `json`, and not both"),
            (Some(_), _) if is_bodyless => return wrong("json", bodyless),
            (_, Some(_)) if is_bodyless => return wrong("body", bodyless),
            (Some(json), None) => ResponseTemplate::json(status, minified(json.get())),
            (None, Some(body)) => ResponseTemplate::text(status, body),
            (None, None) if is_bodyless => ResponseTemplate::empty(status),
            (None, None) => ResponseTemplate::json(status, "{}"),
        };
        for (name, value) in self.headers.into_iter().flat_map(|Fields(headers)| headers) {
            let (header, value) = header(&name, &value)
                .map_err(|wrong| ValidationError::of(wrong).at(name).at("headers"))?;
            response = response.header(header, value);
        }
        let mut stub = Stub::new(method, self.path).respond(response);
        stub.override_documented = self.override_documented;
        stubs::checked(stub).or_else(|error| match error {
            StubError::Documented(..) => wrong(
                "overrideDocumented",
                "this call is documented: expected `true`, if the stub is meant to override it",
            ),
            StubError::Path(_) | StubError::Unsent(_) => wrong("path", &error.to_string()),
        })
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name = HeaderName::from_bytes(name.as_bytes());
    let name = name.map_err(|_| "a name that HTTP does not allow")?;
    if is_framing(&name) {
        return Err("not this one: the mock sets the length of a response itself");
    }
    let value = HeaderValue::from_str(value);
    Ok((name, value.map_err(|_| "a value that HTTP does not allow in a header")?))
}

/// JSON without the whitespace between its values, and else letter by letter: a number that is written
/// `1.50` is served so.
fn minified(json: &str) -> String {
    let (mut is_string, mut is_escaped) = (false, false);
    let mut text = String::with_capacity(json.len());
    for char in json.chars() {
        if is_string || !char.is_ascii_whitespace() {
            text.push(char);
        }
        if char == '"' && !is_escaped {
            is_string = !is_string;
        }
        is_escaped = is_string && char == '\\' && !is_escaped;
    }
    text
}
