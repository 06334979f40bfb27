//! The contract of the service, and the document of the control API itself.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};

use super::asked::Asked;
use super::reply::{self, Failure};
use super::table::Route;
use crate::yaml;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/openapi/partner-api.yaml", contract),
    Route::new("GET", "/openapi/partner-api.json", contract_as_json),
    Route::new("GET", "/openapi/control.yaml", control),
    Route::new("GET", "/openapi/control.json", control_as_json),
];

const CONTRACT: &str = include_str!("../../openapi.yaml");
const CONTROL: &str = include_str!("../../control.openapi.yaml");

fn contract(_: &Asked) -> Result<Response<Bytes>, Failure> {
    Ok(yaml(CONTRACT))
}

fn control(_: &Asked) -> Result<Response<Bytes>, Failure> {
    Ok(yaml(CONTROL))
}

fn contract_as_json(_: &Asked) -> Result<Response<Bytes>, Failure> {
    static JSON: OnceLock<Bytes> = OnceLock::new();
    as_json(&JSON, CONTRACT)
}

fn control_as_json(_: &Asked) -> Result<Response<Bytes>, Failure> {
    static JSON: OnceLock<Bytes> = OnceLock::new();
    as_json(&JSON, CONTROL)
}

/// Made once, when it is first asked for.
fn as_json(made: &'static OnceLock<Bytes>, text: &str) -> Result<Response<Bytes>, Failure> {
    let json = match made.get() {
        Some(json) => json.clone(),
        None => {
            let json = yaml::to_json(text).map_err(|error| {
                let message = format!("the document is no YAML: {}", error.message);
                Failure::of(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
            })?;
            made.get_or_init(|| json.text.into()).clone()
        }
    };
    Ok(reply::raw_json(json))
}

/// RFC 9512.
fn yaml(text: &'static str) -> Response<Bytes> {
    let yaml = HeaderValue::from_static("application/yaml");
    reply::with_type(yaml, Bytes::from_static(text.as_bytes()))
}
