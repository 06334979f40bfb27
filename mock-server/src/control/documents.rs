//! The contract of the service, and the document of the control API itself.

use bytes::Bytes;
use http::{HeaderValue, Response};

use super::asked::Asked;
use super::reply;
use super::route::Route;
use crate::content::Content;
use crate::contract::{CONTRACT, CONTROL_CONTRACT, contract_json, control_contract_json};

pub(super) const ROUTES: &[Route] = &[
    Route::always("GET", "/openapi/partner-api.yaml", contract),
    Route::always("GET", "/openapi/partner-api.json", contract_as_json),
    Route::always("GET", "/openapi/control.yaml", control),
    Route::always("GET", "/openapi/control.json", control_as_json),
];

fn contract(_: &Asked) -> Response<Content> {
    yaml(CONTRACT)
}

fn contract_as_json(_: &Asked) -> Response<Content> {
    reply::raw_json(Bytes::from_static(contract_json().as_bytes()))
}

fn control(_: &Asked) -> Response<Content> {
    yaml(CONTROL_CONTRACT)
}

fn control_as_json(_: &Asked) -> Response<Content> {
    reply::raw_json(Bytes::from_static(control_contract_json().as_bytes()))
}

/// RFC 9512.
fn yaml(text: &'static str) -> Response<Content> {
    let yaml = HeaderValue::from_static("application/yaml");
    reply::with_type(yaml, Bytes::from_static(text.as_bytes()))
}
