//! The contract of the service, and the document of the control API itself.

use bytes::Bytes;
use http::{HeaderValue, Response};

use crate::api::contract::{CONTRACT, CONTROL_CONTRACT, contract_json, control_contract_json};
use crate::control::request::Asked;
use crate::control::response;
use crate::control::route::Route;
use crate::state::payload::Content;

pub(crate) const ROUTES: &[Route] = &[
    Route::always("GET", "/openapi/partner-api.yaml", contract),
    Route::always("GET", "/openapi/partner-api.json", contract_as_json),
    Route::always("GET", "/openapi/control.yaml", control),
    Route::always("GET", "/openapi/control.json", control_as_json),
];

fn contract(_: &Asked) -> Response<Content> {
    yaml(CONTRACT)
}

fn contract_as_json(_: &Asked) -> Response<Content> {
    response::raw_json(Bytes::from_static(contract_json().as_bytes()))
}

fn control(_: &Asked) -> Response<Content> {
    yaml(CONTROL_CONTRACT)
}

fn control_as_json(_: &Asked) -> Response<Content> {
    response::raw_json(Bytes::from_static(control_contract_json().as_bytes()))
}

/// RFC 9512.
fn yaml(text: &'static str) -> Response<Content> {
    let yaml = HeaderValue::from_static("application/yaml");
    response::with_type(yaml, Bytes::from_static(text.as_bytes()))
}
