//! The simulated service: the endpoints of the reference, authorization and errors.

pub(crate) mod auth;
mod companies;
pub(crate) mod contract;
pub(crate) mod error;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod path;
mod wallet;

use std::collections::BTreeSet;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Response, StatusCode};

use crate::state::payload::Payload;
use crate::state::store::PartnerState;

/// What every path of the service begins with (reference, Base URL).
pub(crate) const BASE_PATH: &str = "/api/v1";

/// An endpoint of the reference.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Route {
    /// What it is called in rules, and in the reference's paths: `companies`, `wallet`.
    pub name: &'static str,
    /// The method, in capitals.
    pub method: &'static str,
    /// The path, `/api/v1` included.
    pub path: &'static str,
    pub(crate) handler: fn(&PartnerState) -> Response<Payload>,
}

/// Every route of the mock: the endpoints that the reference lists, and no other.
///
/// Requests are matched against this table. `HEAD` works wherever `GET` does (RFC 9110, section
/// 9.3.2).
pub const ROUTES: &[Route] = &[companies::ROUTE, wallet::ROUTE];

/// Why the table has no route for a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unrouted {
    UnknownPath,
    WrongMethod,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The route of a request.
pub(crate) fn find(method: &Method, path: &str) -> Result<&'static Route, Unrouted> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let mut here = ROUTES.iter().filter(|route| route.path == path).peekable();
    here.peek().ok_or(Unrouted::UnknownPath)?;
    here.find(|route| method == route.method).ok_or(Unrouted::WrongMethod)
}

/// Whether the reference has this call.
pub(crate) fn is_documented(method: &Method, path: &str) -> bool {
    find(method, path).is_ok()
}

/// The methods of a path's stubs, and those that it has anyway.
pub(crate) fn allow(path: &str, stubbed: &[Method]) -> Option<HeaderValue> {
    let documented = ROUTES.iter().any(|route| route.path == path);
    let documented = documented.then_some("GET, HEAD");
    let get = stubbed.contains(&Method::GET).then_some("GET, HEAD");
    let mut all = BTreeSet::new();
    all.extend(stubbed.iter().map(Method::as_str).filter(|name| *name != "GET"));
    all.extend(documented.or(get));
    HeaderValue::from_str(&Vec::from_iter(all).join(", ")).ok()
}

/// "All responses are JSON" (reference, Base URL).
pub(crate) fn json(status: StatusCode, body: impl Into<Payload>) -> Response<Payload> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
