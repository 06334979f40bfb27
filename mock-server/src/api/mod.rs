//! The simulated service: an axum router of the endpoints of the reference, the extractor that
//! authorizes a request, and error responses. The endpoints are in `endpoints`, listed in [`ROUTES`].

pub(crate) mod auth;
mod body;
pub(crate) mod contract;
pub(crate) mod disposition;
mod endpoints;
pub(crate) mod error;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod path;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};

use self::disposition::Disposition;
pub use self::endpoints::ROUTES;
use crate::state::payload::Payload;

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
    handler: fn() -> MethodRouter,
}

/// The documented calls, and 404 or 405 for all else. All mocks share it: it holds no state.
pub(crate) fn router() -> Router {
    static ROUTER: LazyLock<Router> = LazyLock::new(routes);
    ROUTER.clone()
}

fn routes() -> Router {
    let router = ROUTES.iter().fold(Router::new(), |router, route| {
        router.route(route.path, (route.handler)().fallback(async || Disposition::WrongMethod))
    });
    router.fallback(async || Disposition::UnknownPath)
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The route of a request, if it is for a documented call.
pub(crate) fn find(method: &Method, path: &str) -> Option<&'static Route> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    ROUTES.iter().find(|route| route.path == path && method == route.method)
}

/// Whether the reference has this call.
pub(crate) fn is_documented(method: &Method, path: &str) -> bool {
    find(method, path).is_some()
}

/// Whether the reference has a call on this path.
pub(crate) fn is_documented_path(path: &str) -> bool {
    ROUTES.iter().any(|route| route.path == path)
}

/// 405 on a path with stubs for these methods. Those that the path has anyway are allowed also.
pub(crate) fn wrong_method(path: &str, stubbed: &[Method]) -> Response {
    let mut allowed: BTreeSet<_> = stubbed.iter().map(Method::as_str).collect();
    if allowed.remove("GET") || is_documented_path(path) {
        allowed.insert("GET, HEAD");
    }
    let mut response = Disposition::WrongMethod.into_response();
    if let Ok(allow) = HeaderValue::try_from(Vec::from_iter(allowed).join(", ")) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

/// "All responses are JSON" (reference, Base URL).
pub(crate) fn json(status: StatusCode, body: impl Into<Payload>) -> Response {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
