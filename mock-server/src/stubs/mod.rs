//! Stubs: responses defined by a test, on any path under `/api/v1`.

mod registry;
mod validate;

use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, request};

pub(crate) use self::registry::{Found, Placed, StubList};
pub use self::validate::StubError;
pub(crate) use self::validate::checked;
use crate::api::path;
use crate::state::keys::api_key;

/// A response on a path under `/api/v1`, behind the same authorization as the documented calls: for
/// endpoints that are announced, or that only you know.
///
/// ```
/// use partner_api_mock::{ResponseTemplate, Stub};
///
/// Stub::get("stats").respond(ResponseTemplate::json(200, r#"{"sent":3}"#));
/// Stub::post("templates").respond_with(|request| {
///     let body = format!(r#"{{"id":"t-1","bytes":{}}}"#, request.body.len());
///     ResponseTemplate::json(201, body)
/// });
/// Stub::get("templates/{id}").respond(ResponseTemplate::json(404, r#"{"error":"not_found"}"#));
/// ```
#[derive(Clone)]
#[must_use = "a stub does nothing until it is added"]
pub struct Stub {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) override_documented: bool,
    responder: Responder,
}

#[derive(Clone)]
enum Responder {
    Fixed(ResponseTemplate),
    Computed(Arc<dyn Fn(&StubRequest) -> ResponseTemplate + Send + Sync>),
}

impl Stub {
    /// Responds to this method on this path with `{}` and 200, unless configured otherwise. `stats` and `/stats` are
    /// `/api/v1/stats`; a segment in braces, as in `templates/{id}`, is any one segment. It is the path
    /// as a request has it: percent-encoded, and without a query.
    ///
    /// `GET` includes `HEAD`.
    pub fn new(method: Method, path: impl AsRef<str>) -> Self {
        Self {
            method,
            path: path::full(path.as_ref()),
            override_documented: false,
            responder: Responder::Fixed(ResponseTemplate::json(200, "{}")),
        }
    }

    /// [`new`](Self::new) for `GET`.
    pub fn get(path: impl AsRef<str>) -> Self {
        Self::new(Method::GET, path)
    }

    /// [`new`](Self::new) for `POST`.
    pub fn post(path: impl AsRef<str>) -> Self {
        Self::new(Method::POST, path)
    }

    /// Always this response.
    pub fn respond(mut self, response: ResponseTemplate) -> Self {
        self.responder = Responder::Fixed(response);
        self
    }

    /// A response that is made of the request. Requests may come at the same time.
    pub fn respond_with(
        mut self,
        respond: impl Fn(&StubRequest) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        self.responder = Responder::Computed(Arc::new(respond));
        self
    }

    /// Lets this stub respond to a documented call. Without it, a stub of one
    /// cannot be added, and one with braces leaves the documented calls alone.
    pub fn override_documented(mut self) -> Self {
        self.override_documented = true;
        self
    }

    /// The response, if it is not computed.
    pub(crate) fn canned(&self) -> Option<&ResponseTemplate> {
        match &self.responder {
            Responder::Fixed(reply) => Some(reply),
            Responder::Computed(_) => None,
        }
    }

    pub(crate) fn is_on(&self, path: &str) -> bool {
        path::matches(&self.path, path)
    }

    pub(crate) fn is_for(&self, method: &Method) -> bool {
        self.method == method || (self.method == Method::GET && method == Method::HEAD)
    }

    pub(crate) fn respond_to(
        &self,
        head: &request::Parts,
        body: &Bytes,
        partner: &str,
    ) -> Response {
        match &self.responder {
            Responder::Fixed(reply) => reply.clone().into_response(),
            Responder::Computed(compute) => {
                let headers = head.headers.iter().filter(|(name, _)| !api_key::is_secret(name));
                let request = StubRequest {
                    method: head.method.clone(),
                    path: head.uri.path().to_owned(),
                    query: head.uri.query().map(str::to_owned),
                    headers: headers.map(|(name, value)| (name.clone(), value.clone())).collect(),
                    body: body.clone(),
                    partner: partner.to_owned(),
                };
                compute(&request).into_response()
            }
        }
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stub({} {})", self.method, self.path)
    }
}

/// The response of a stub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseTemplate {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl ResponseTemplate {
    /// This status with a body of JSON, which is sent as it is. A status that is not one from 200
    /// to 599 is sent as 500.
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        let reply = Self { body: body.into(), ..Self::empty(status) };
        reply.header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
    }

    /// This status with a text, as [`json`](Self::json) otherwise.
    pub fn text(status: u16, body: impl Into<Bytes>) -> Self {
        let reply = Self { body: body.into(), ..Self::empty(status) };
        reply.header(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))
    }

    /// This status without a body, as [`json`](Self::json) otherwise.
    pub fn empty(status: u16) -> Self {
        let status = if (200..600).contains(&status) { status } else { 500 };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// With this header, which replaces any of its name. The mock sets the length of the body.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if name != CONTENT_LENGTH && name != TRANSFER_ENCODING {
            self.headers.insert(name, value);
        }
        self
    }

    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// The body of a request to a stub, in the extensions of the response, for the journal.
#[derive(Clone)]
pub(crate) struct StubRequestBody(pub(crate) Bytes);

/// A request that a stub computes its response from.
#[derive(Clone)]
#[non_exhaustive]
pub struct StubRequest {
    /// The method.
    pub method: Method,
    /// The path as it was sent, `/api/v1` included.
    pub path: String,
    /// What follows the `?`, as it was sent.
    pub query: Option<String>,
    /// The headers, but for Authorization, Proxy-Authorization and Cookie.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The name of the partner whose key came with the request.
    pub partner: String,
}

/// There is no key in it.
impl fmt::Debug for StubRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StubRequest")
            .field("method", &self.method)
            .field("path", &api_key::redact_text(&self.path))
            .field("query", &self.query.as_deref().map(api_key::redact_text))
            .field("headers", &api_key::redact_text(&format!("{:?}", self.headers)))
            .field("body", &api_key::redact_text(&String::from_utf8_lossy(&self.body)))
            .field("partner", &self.partner)
            .finish()
    }
}
