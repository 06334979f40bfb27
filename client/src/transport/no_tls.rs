//! What stands in for `tls.rs` where the crate is built without a TLS feature.

use super::reqwest_service::TransportSettings;
use crate::error::ConfigProblem;

const NO_TLS: &str = "the crate was built without a TLS feature";

/// There is none, since nothing could check by it.
#[derive(Clone, Debug)]
pub(crate) enum RootCertificate {}

impl RootCertificate {
    pub(crate) fn from_pem(_: &[u8]) -> Result<Vec<Self>, String> {
        Err(format!("it has no meaning, since {NO_TLS}"))
    }
}

pub(super) fn missing(settings: &TransportSettings) -> Option<ConfigProblem> {
    settings.https.then(|| ConfigProblem {
        setting: "base_url",
        problem: format!("it is https, and {NO_TLS}"),
    })
}

pub(super) fn secure(
    builder: reqwest::ClientBuilder,
    settings: &TransportSettings,
) -> reqwest::ClientBuilder {
    debug_assert!(settings.root_certificates.is_empty(), "it has no values");
    builder
}
