//! The contracts: the document that the mock keeps and that a live service is held to, and that of
//! the mock's own control API.

use std::sync::OnceLock;

use crate::yaml;

/// The contract of the Partner API, an `OpenAPI` 3.1 document in YAML, written from the published
/// reference.
///
/// What the reference says and what is assumed beyond it are kept apart: its first lines say how to
/// read it. [`contract_json`] is the same as JSON.
pub const CONTRACT: &str = include_str!("../openapi.yaml");

/// [`CONTRACT`] as JSON, in one line. It is converted when it is first asked for, and kept.
pub fn contract_json() -> &'static str {
    static JSON: OnceLock<String> = OnceLock::new();
    JSON.get_or_init(|| as_json(CONTRACT))
}

/// The contract of the [control API](crate::Control), an `OpenAPI` 3.1 document in YAML.
/// [`control_contract_json`] is the same as JSON.
pub const CONTROL_CONTRACT: &str = include_str!("../control.openapi.yaml");

/// [`CONTROL_CONTRACT`] as JSON, in one line. It is converted when it is first asked for, and kept.
pub fn control_contract_json() -> &'static str {
    static JSON: OnceLock<String> = OnceLock::new();
    JSON.get_or_init(|| as_json(CONTROL_CONTRACT))
}

/// A test holds that they can be converted: nothing else comes in here.
fn as_json(yaml: &str) -> String {
    yaml::to_json(yaml).map(|json| json.text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_can_be_read_as_json() {
        let document: serde_json::Value = serde_json::from_str(contract_json()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        assert!(document["paths"]["/wallet"]["get"]["responses"]["401"].is_object());
        let document: serde_json::Value = serde_json::from_str(control_contract_json()).unwrap();
        assert!(document["paths"]["/_mock/clock"]["put"]["responses"]["200"].is_object());
    }
}
