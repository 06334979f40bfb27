//! The contract of the service, and the document of the control API.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::CONTENT_TYPE;

use crate::api::contract::{CONTRACT, CONTROL_CONTRACT, contract_json, control_contract_json};
use crate::control::ControlState;

pub(super) fn router() -> Router<ControlState> {
    Router::new()
        .route("/openapi/partner-api.yaml", get(get_contract))
        .route("/openapi/partner-api.json", get(get_contract_as_json))
        .route("/openapi/control.yaml", get(get_control_document))
        .route("/openapi/control.json", get(get_control_document_as_json))
}

async fn get_contract() -> impl IntoResponse {
    yaml(CONTRACT)
}

async fn get_contract_as_json() -> impl IntoResponse {
    json(contract_json())
}

async fn get_control_document() -> impl IntoResponse {
    yaml(CONTROL_CONTRACT)
}

async fn get_control_document_as_json() -> impl IntoResponse {
    json(control_contract_json())
}

/// RFC 9512.
fn yaml(text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/yaml")], text)
}

fn json(text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], text)
}
