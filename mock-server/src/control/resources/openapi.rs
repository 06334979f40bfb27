//! The contract of the service, and the document of the control API.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::CONTENT_TYPE;

use crate::api::contract::{CONTRACT, CONTROL_CONTRACT, contract_json, control_contract_json};
use crate::control::ControlState;

pub(super) fn router() -> Router<ControlState> {
    Router::new()
        .route("/openapi/partner-api.yaml", get(async || yaml(CONTRACT)))
        .route("/openapi/partner-api.json", get(async || json(contract_json())))
        .route("/openapi/control.yaml", get(async || yaml(CONTROL_CONTRACT)))
        .route("/openapi/control.json", get(async || json(control_contract_json())))
}

/// RFC 9512.
fn yaml(text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/yaml")], text)
}

fn json(text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], text)
}
