//! What stands in for `tls.rs` where the crate is built without a TLS feature.

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

pub(super) fn missing(https: bool) -> Option<ConfigProblem> {
    https.then(|| ConfigProblem {
        setting: "base_url",
        problem: format!("it is https, and {NO_TLS}"),
    })
}

pub(super) fn secure(
    builder: reqwest::ClientBuilder,
    _https: bool,
    _no_roots: &[RootCertificate],
) -> reqwest::ClientBuilder {
    builder
}
