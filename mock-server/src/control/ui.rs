//! The page and its files, which stand in the binary.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, Response, StatusCode};

use super::request::ControlRequest;
use super::response::{self, ApiError, ControlResult};
use super::route::Route;
use crate::state::payload::Payload;

pub(super) const ROUTES: &[Route] = &[
    Route::infallible("GET", "", to_the_page).public(),
    Route::infallible("GET", "/", page).public(),
    Route::new("GET", "/page/{file}", file).public(),
];

const PAGE: &[u8] = include_bytes!("../../ui/index.html");

/// What the page is made of, by name.
const FILES: &[(&str, &[u8])] = &[
    ("api.js", include_bytes!("../../ui/api.js")),
    ("companies.js", include_bytes!("../../ui/companies.js")),
    ("company.js", include_bytes!("../../ui/company.js")),
    ("dom.js", include_bytes!("../../ui/dom.js")),
    ("faults.js", include_bytes!("../../ui/faults.js")),
    ("form.js", include_bytes!("../../ui/form.js")),
    ("icon.svg", include_bytes!("../../ui/icon.svg")),
    ("keys.js", include_bytes!("../../ui/keys.js")),
    ("page.css", include_bytes!("../../ui/page.css")),
    ("page.js", include_bytes!("../../ui/page.js")),
    ("partner.js", include_bytes!("../../ui/partner.js")),
    ("reference.js", include_bytes!("../../ui/reference.js")),
    ("requests.js", include_bytes!("../../ui/requests.js")),
    ("server.js", include_bytes!("../../ui/server.js")),
    ("state.js", include_bytes!("../../ui/state.js")),
    ("wallet.js", include_bytes!("../../ui/wallet.js")),
];

/// By the end of a file's name.
const TYPES: &[(&str, &str)] = &[
    (".css", "text/css; charset=utf-8"),
    (".js", "text/javascript; charset=utf-8"),
    (".svg", "image/svg+xml"),
];

/// The page names its files relative to a slash.
fn to_the_page(_: &ControlRequest) -> Response<Payload> {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static("/_mock/"));
    response
}

fn page(_: &ControlRequest) -> Response<Payload> {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response::with_type(html, Bytes::from_static(PAGE))
}

fn file(request: &ControlRequest) -> ControlResult {
    let found = FILES.iter().find(|(name, _)| *name == request.name(0));
    let (name, bytes) = found.ok_or_else(|| ApiError::not_found("the page has no such file"))?;
    let content_type = TYPES.iter().find(|(end, _)| name.ends_with(end));
    let content_type = content_type.map_or("application/octet-stream", |(_, name)| name);
    Ok(response::with_type(HeaderValue::from_static(content_type), Bytes::from_static(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_type_that_a_browser_takes_it_for() {
        for (name, _) in FILES {
            assert!(TYPES.iter().any(|(end, _)| name.ends_with(end)), "{name}");
        }
    }
}
