//! Which TLS is used, and whom it trusts.

use super::error::chain;
use crate::error::ConfigProblem;

/// A certificate authority that is trusted beside those of the system.
#[derive(Clone, Debug)]
pub(crate) struct RootCertificate(reqwest::Certificate);

impl RootCertificate {
    /// All that stand in a PEM text, at least one.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Vec<Self>, String> {
        let certificates = reqwest::Certificate::from_pem_bundle(pem)
            .map_err(|cause| format!("it cannot be read: {}", chain(&cause)))?;
        #[cfg(not(feature = "native-tls"))]
        check(pem)?;
        if certificates.is_empty() {
            return Err("there is no certificate in it; expected PEM, which has a line -----BEGIN CERTIFICATE-----".into());
        }
        Ok(certificates.into_iter().map(Self).collect())
    }
}

/// With rustls, reqwest reads no further than the base64 until it builds a client.
#[cfg(not(feature = "native-tls"))]
fn check(pem: &[u8]) -> Result<(), String> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};

    let mut store = rustls::RootCertStore::empty();
    CertificateDer::pem_slice_iter(pem)
        .flatten()
        .try_for_each(|certificate| store.add(certificate))
        .map_err(|cause| format!("it cannot be read: {cause}"))
}

/// What keeps a client from being built, if anything does.
pub(super) fn missing(_https: bool) -> Option<ConfigProblem> {
    // reqwest would panic, and for plain http, too: `default_rustls_crypto_provider` in 0.13.5.
    #[cfg(not(any(feature = "native-tls", feature = "rustls")))]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        return Some(ConfigProblem {
            setting: "tls",
            problem: "no crypto provider is installed, and the feature rustls-no-provider brings none; install one \
                      before the client is built, such as with \
                      rustls::crypto::aws_lc_rs::default_provider().install_default()"
                .into(),
        });
    }
    None
}

/// Sets the TLS library by this crate's own features, since reqwest's hang on the whole program,
/// and says whom it trusts.
pub(super) fn secure(
    builder: reqwest::ClientBuilder,
    https: bool,
    roots: &[RootCertificate],
) -> reqwest::ClientBuilder {
    // Who turns native-tls on means it; rustls may be on by default only.
    #[cfg(feature = "native-tls")]
    let builder = builder.tls_backend_native();
    #[cfg(not(feature = "native-tls"))]
    let builder = builder.tls_backend_rustls();

    let builder = builder.tls_version_min(reqwest::tls::Version::TLS_1_2); // RFC 8996
    if https {
        let trusted = roots.iter().cloned();
        builder.tls_certs_merge(trusted.map(|RootCertificate(certificate)| certificate))
    } else {
        // Plain http needs nobody's certificate, so those of the system are neither read nor missed.
        builder.tls_certs_only([])
    }
}
