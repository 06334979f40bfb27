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

/// The files of the page, by name.
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
    ("shell.js", include_bytes!("../../ui/shell.js")),
    ("state.js", include_bytes!("../../ui/state.js")),
    ("wallet.js", include_bytes!("../../ui/wallet.js")),
];

/// Content types, by the end of a file's name.
const TYPES: &[(&str, &str)] = &[
    (".css", "text/css; charset=utf-8"),
    (".js", "text/javascript; charset=utf-8"),
    (".svg", "image/svg+xml"),
];

async fn get_page_file(Path(file): Path<String>) -> Result<impl IntoResponse, ApiError> {
    let found = FILES.iter().find(|(name, _)| *name == file);
    let (name, bytes) = found.ok_or_else(|| ApiError::not_found("the page has no such file"))?;
    let content_type = TYPES.iter().find(|(end, _)| name.ends_with(end));
    let content_type = content_type.map_or("application/octet-stream", |(_, name)| name);
    Ok(([(CONTENT_TYPE, content_type)], *bytes))
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
