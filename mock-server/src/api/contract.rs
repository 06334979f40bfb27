//! The contracts: the document that the mock keeps and that a live service is held to, and that of
//! the mock's own control API.

/// The contract of the Partner API, an `OpenAPI` 3.1 document in YAML, written from the published
/// reference.
///
/// What the reference says and what is assumed beyond it are kept apart: its first lines say how to
/// read it. [`contract_json`] is the same as JSON.
pub const CONTRACT: &str = include_str!("../../openapi.yaml");

/// Returns [`CONTRACT`] as JSON.
// Converted from the YAML by `tests/tests/contract.rs`, which also compares the two.
pub fn contract_json() -> &'static str {
    include_str!("../../openapi.json")
}

/// The contract of the [control API](crate::Control), an `OpenAPI` 3.1 document in YAML.
/// [`control_contract_json`] is the same as JSON.
pub const CONTROL_CONTRACT: &str = include_str!("../../control.openapi.yaml");

/// Returns [`CONTROL_CONTRACT`] as JSON.
pub fn control_contract_json() -> &'static str {
    include_str!("../../control.openapi.json")
}
