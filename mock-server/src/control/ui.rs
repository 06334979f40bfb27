//! The web UI, whose files are in the binary.

use axum::Router;
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::get;
use http::header::CONTENT_TYPE;

use super::ControlState;
use super::extract::Path;
use super::response::ApiError;

pub(super) fn router() -> Router<ControlState> {
    Router::new()
        // The page names its files relative to the slash.
        .route("/_mock", get(async || Redirect::permanent("/_mock/")))
        .route("/_mock/", get(async || Html(PAGE)))
        .route("/_mock/page/{file}", get(get_page_file))
}

const PAGE: &[u8] = include_bytes!("../../ui/index.html");

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// The files of the page, by name, with their content types.
const FILES: &[(&str, &str, &[u8])] = &[
    ("api.js", JS, include_bytes!("../../ui/api.js")),
    ("companies.js", JS, include_bytes!("../../ui/companies.js")),
    ("company.js", JS, include_bytes!("../../ui/company.js")),
    ("dom.js", JS, include_bytes!("../../ui/dom.js")),
    ("faults.js", JS, include_bytes!("../../ui/faults.js")),
    ("form.js", JS, include_bytes!("../../ui/form.js")),
    ("icon.svg", SVG, include_bytes!("../../ui/icon.svg")),
    ("keys.js", JS, include_bytes!("../../ui/keys.js")),
    ("page.css", CSS, include_bytes!("../../ui/page.css")),
    ("page.js", JS, include_bytes!("../../ui/page.js")),
    ("partner.js", JS, include_bytes!("../../ui/partner.js")),
    ("reference.js", JS, include_bytes!("../../ui/reference.js")),
    ("requests.js", JS, include_bytes!("../../ui/requests.js")),
    ("server.js", JS, include_bytes!("../../ui/server.js")),
    ("shell.js", JS, include_bytes!("../../ui/shell.js")),
    ("state.js", JS, include_bytes!("../../ui/state.js")),
    ("wallet.js", JS, include_bytes!("../../ui/wallet.js")),
];

async fn get_page_file(Path(file): Path<String>) -> Result<impl IntoResponse, ApiError> {
    let found = FILES.iter().find(|(name, ..)| *name == file);
    let (_, content_type, bytes) =
        found.ok_or_else(|| ApiError::not_found("the page has no such file"))?;
    Ok(([(CONTENT_TYPE, *content_type)], *bytes))
}
