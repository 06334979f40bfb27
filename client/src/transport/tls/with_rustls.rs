//! TLS by rustls, with the certificates of the system.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::error::InvalidSetting;

/// A certificate authority that is trusted in addition to those of the system.
#[derive(Clone, Debug)]
pub(crate) struct RootCertificate(CertificateDer<'static>);

impl RootCertificate {
    /// All certificates in a PEM text, at least one.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Vec<Self>, String> {
        let certificates = certificates(pem)?;
        let mut store = RootCertStore::empty();
        for certificate in &certificates {
            store
                .add(certificate.clone())
                .map_err(|cause| format!("it cannot be read: {cause}"))?;
        }
        Ok(certificates.into_iter().map(Self).collect())
    }
}

/// The certificate of the client and its private key.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(crate) fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, String> {
        let chain = certificates(certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|cause| {
            format!("the key cannot be read: {cause}; expected a private key as PEM")
        })?;
        Ok(Self { chain, key })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(redacted)")
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|cause| format!("it cannot be read: {cause}"))?;
    if certificates.is_empty() {
        return Err("there is no certificate in it; expected PEM, with a line -----BEGIN \
                    CERTIFICATE-----"
            .into());
    }
    Ok(certificates)
}

pub(super) type Config = ClientConfig;

pub(super) fn configure(
    https: bool,
    roots: &[RootCertificate],
    identity: Option<&Identity>,
) -> Result<Config, InvalidSetting> {
    let invalid = |setting, message| InvalidSetting { setting, message };
    let provider = provider()?;
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|cause| invalid("tls", cause.to_string()))?;
    let builder = if https {
        let verifier = verifier(roots, provider).map_err(|cause| {
            invalid("tls", format!("the trusted certificates cannot be loaded: {cause}"))
        })?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { chain, key }) => builder
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(|cause| invalid("identity_pem", format!("it cannot be used: {cause}")))?,
    };
    config.alpn_protocols = [
        #[cfg(feature = "http2")]
        "h2",
        "http/1.1",
    ]
    .map(Into::into)
    .to_vec();
    Ok(config)
}

/// The provider that the program has installed, or aws-lc.
fn provider() -> Result<Arc<CryptoProvider>, InvalidSetting> {
    let installed = CryptoProvider::get_default().cloned();
    #[cfg(feature = "rustls")]
    let installed =
        installed.or_else(|| Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider())));
    installed.ok_or_else(|| InvalidSetting {
        setting: "tls",
        message:
            "no crypto provider is installed, and the feature rustls-no-provider brings none; \
                  install one before the client is built, for instance with \
                  rustls::crypto::aws_lc_rs::default_provider().install_default()"
                .into(),
    })
}

#[cfg(not(target_os = "android"))]
fn verifier(
    roots: &[RootCertificate],
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, rustls::Error> {
    let roots = roots.iter().map(|RootCertificate(certificate)| certificate.clone());
    Verifier::new_with_extra_roots(roots, provider)
}

#[cfg(target_os = "android")]
fn verifier(
    roots: &[RootCertificate],
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, rustls::Error> {
    if !roots.is_empty() {
        return Err(rustls::Error::General("not supported on Android".into()));
    }
    Verifier::new(provider)
}

pub(super) fn apply(config: &Config, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_backend_preconfigured(config.clone())
}

pub(super) fn handshake_error(cause: &(dyn StdError + 'static)) -> Option<String> {
    let error = cause.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(error) => certificate_problem(error),
        rustls::Error::InvalidMessage(_) => {
            "the response is not TLS; does this port speak https?".into()
        }
        other => other.to_string(),
    })
}

fn certificate_problem(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired => "the certificate has expired".into(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the certificate expired on {}", date(*not_after))
        }
        CertificateError::NotValidYet => "the certificate is not valid yet".into(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the certificate is not valid before {}", date(*not_before))
        }
        CertificateError::NotValidForName => "the certificate is for another host".into(),
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("the certificate is for another host ({})", presented.join(", "))
        }
        CertificateError::UnknownIssuer => {
            "the certificate is self-signed or of an unknown authority; trust it with \
             add_root_certificate_pem()"
                .into()
        }
        CertificateError::Revoked => "the certificate was revoked".into(),
        other => format!("the certificate is invalid: {other}"),
    }
}

fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds)
        .map_or_else(|_| "an unknown date".into(), |time| time.strftime("%Y-%m-%d").to_string())
}
