//! The contract of the service, and the document of the control API itself.

use bytes::Bytes;
use http::{HeaderValue, Response};

use crate::api::contract::{CONTRACT, CONTROL_CONTRACT, contract_json, control_contract_json};
use crate::control::request::ControlRequest;
use crate::control::response;
use crate::control::route::Route;
use crate::state::payload::Payload;

pub(crate) const ROUTES: &[Route] = &[
    Route::infallible("GET", "/openapi/partner-api.yaml", contract),
    Route::infallible("GET", "/openapi/partner-api.json", contract_as_json),
    Route::infallible("GET", "/openapi/control.yaml", control),
    Route::infallible("GET", "/openapi/control.json", control_as_json),
];

fn contract(_: &ControlRequest) -> Response<Payload> {
    yaml(CONTRACT)
}

fn contract_as_json(_: &ControlRequest) -> Response<Payload> {
    response::raw_json(Bytes::from_static(contract_json().as_bytes()))
}

fn control(_: &ControlRequest) -> Response<Payload> {
    yaml(CONTROL_CONTRACT)
}

fn control_as_json(_: &ControlRequest) -> Response<Payload> {
    response::raw_json(Bytes::from_static(control_contract_json().as_bytes()))
}

/// RFC 9512.
fn yaml(text: &'static str) -> Response<Payload> {
    let yaml = HeaderValue::from_static("application/yaml");
    response::with_type(yaml, Bytes::from_static(text.as_bytes()))
}
