//! TLS by the library of the system: OpenSSL on Linux.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use native_tls::{Certificate, Protocol, TlsConnector};

use crate::error::InvalidSetting;

/// A certificate authority that is trusted in addition to those of the system.
#[derive(Clone)]
pub(crate) struct RootCertificate(Certificate);

impl RootCertificate {
    /// All certificates in a PEM text, at least one.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Vec<Self>, String> {
        let certificates = Certificate::stack_from_pem(pem)
            .map_err(|cause| format!("it cannot be read: {cause}"))?;
        if certificates.is_empty() {
            return Err("there is no certificate in it; expected PEM, with a line -----BEGIN \
                        CERTIFICATE-----"
                .into());
        }
        Ok(certificates.into_iter().map(Self).collect())
    }
}

impl fmt::Debug for RootCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootCertificate")
    }
}

/// The certificate of the client and its private key.
pub(crate) struct Identity(native_tls::Identity);

impl Identity {
    pub(crate) fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, String> {
        let identity = native_tls::Identity::from_pkcs8(certificate, key).map_err(|cause| {
            format!("it cannot be read: {cause}; expected a certificate and a PKCS #8 key as PEM")
        })?;
        // OpenSSL compares the certificate and the key only here.
        TlsConnector::builder()
            .identity(identity.clone())
            .build()
            .map_err(|cause| format!("the certificate and the key cannot be used: {cause}"))?;
        Ok(Self(identity))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(redacted)")
    }
}

pub(super) type Config = TlsConnector;

pub(super) fn configure(
    https: bool,
    roots: &[RootCertificate],
    identity: Option<&Identity>,
) -> Result<Config, InvalidSetting> {
    let mut builder = TlsConnector::builder();
    builder.min_protocol_version(Some(Protocol::Tlsv12)).disable_built_in_roots(!https);
    builder.request_alpns(&[
        #[cfg(feature = "http2")]
        "h2",
        "http/1.1",
    ]);
    for RootCertificate(certificate) in roots {
        builder.add_root_certificate(certificate.clone());
    }
    if let Some(Identity(identity)) = identity {
        builder.identity(identity.clone());
    }
    builder.build().map_err(|cause| InvalidSetting {
        setting: "tls",
        message: format!("it cannot be configured: {cause}"),
    })
}

pub(super) fn apply(config: &Config, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_backend_preconfigured(config.clone())
}

/// Told from a connection that broke during the handshake, which has an `io::Error` as a source, or
/// OpenSSL's words for an early end.
pub(super) fn handshake_error(cause: &(dyn StdError + 'static)) -> Option<String> {
    let error = cause.downcast_ref::<native_tls::Error>()?;
    let mut sources = std::iter::successors(Some(cause), |error| (*error).source());
    let text = error.to_string();
    let broke = sources.any(<dyn StdError>::is::<io::Error>)
        || text.to_ascii_lowercase().contains("unexpected eof");
    (!broke).then_some(text)
}
