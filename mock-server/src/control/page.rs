//! The page and its files, which stand in the binary.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, Response, StatusCode};

use super::asked::Asked;
use super::reply::{self, Failure};
use super::table::Route;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "", to_the_page).open(),
    Route::new("GET", "/", page).open(),
    Route::new("GET", "/page.js", script).open(),
    Route::new("GET", "/page.css", style).open(),
    Route::new("GET", "/icon.svg", icon).open(),
];

/// The page names its files relative to a slash.
fn to_the_page(_: &Asked) -> Result<Response<Bytes>, Failure> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static("/_mock/"));
    Ok(response)
}

fn page(_: &Asked) -> Result<Response<Bytes>, Failure> {
    Ok(file("text/html; charset=utf-8", include_bytes!("page/index.html")))
}

fn script(_: &Asked) -> Result<Response<Bytes>, Failure> {
    Ok(file("text/javascript; charset=utf-8", include_bytes!("page/page.js")))
}

fn style(_: &Asked) -> Result<Response<Bytes>, Failure> {
    Ok(file("text/css; charset=utf-8", include_bytes!("page/page.css")))
}

fn icon(_: &Asked) -> Result<Response<Bytes>, Failure> {
    Ok(file("image/svg+xml", include_bytes!("page/icon.svg")))
}

fn file(content_type: &'static str, bytes: &'static [u8]) -> Response<Bytes> {
    reply::with_type(HeaderValue::from_static(content_type), Bytes::from_static(bytes))
}
