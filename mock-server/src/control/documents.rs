//! The contract of the service, and the document of the control API itself.

use bytes::Bytes;
use http::{HeaderValue, Response};

use super::asked::Asked;
use super::reply::{self, Failure};
use super::table::Route;
use crate::contract::CONTRACT;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/openapi/partner-api.yaml", contract),
    Route::new("GET", "/openapi/control.yaml", control),
];

const CONTROL: &str = include_str!("../../control.openapi.yaml");

fn contract(_: &Asked) -> Result<Response<Bytes>, Failure> {
    Ok(yaml(CONTRACT))
}

fn control(_: &Asked) -> Result<Response<Bytes>, Failure> {
    Ok(yaml(CONTROL))
}

/// RFC 9512.
fn yaml(text: &'static str) -> Response<Bytes> {
    let yaml = HeaderValue::from_static("application/yaml");
    reply::with_type(yaml, Bytes::from_static(text.as_bytes()))
}
