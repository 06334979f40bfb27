//! TLS with a certificate authority that is generated for one mock.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan as _};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};

use super::listener::Phase;
use super::stream::Stream;
use crate::faults::outage::Outage;
use crate::mock::log;

/// TLS for a mock, by [`MockServerBuilder::tls`](crate::MockServerBuilder::tls): https with a
/// certificate of a generated authority.
///
/// The certificate is for `localhost`, 127.0.0.1, `::1`, the address that the mock listens on, and every
/// [`name`](Self::name). Its authority is generated when the mock starts, and its private key is
/// dropped immediately; give its certificate, [`MockServer::ca_pem`](crate::MockServer::ca_pem), to the
/// client as a trusted root.
#[derive(Debug, Clone, Default)]
#[must_use = "it is switched on by `MockServerBuilder::tls`"]
pub struct Tls {
    names: Vec<String>,
}

impl Tls {
    /// TLS for `localhost`, 127.0.0.1, `::1` and the address that the mock listens on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a DNS name or an IP address by which clients reach the mock, such as the name of a
    /// service in Docker Compose.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("TLS name `{}`: expected a DNS name or an IP address", .0.escape_debug())]
    Name(String),
    #[error("cannot generate a certificate for TLS")]
    Generate(#[source] Box<dyn Error + Send + Sync>),
}

impl TlsError {
    fn generate(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Generate(error.into())
    }
}

/// What accepts the connections of one mock, and the authority's certificate.
pub(super) struct Identity {
    pub(super) acceptor: TlsAcceptor,
    pub(super) ca_pem: String,
}

impl Identity {
    /// Generates an authority, and a certificate of it for this address and for all names.
    pub(super) fn generate(tls: Tls, address: SocketAddr) -> Result<Self, TlsError> {
        let is_name = |name: &&String| ServerName::try_from(name.as_str()).is_ok();
        if let Some(wrong) = tls.names.iter().find(|name| !is_name(name)) {
            return Err(TlsError::Name(wrong.clone()));
        }
        let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        if !address.ip().is_unspecified() {
            names.push(address.ip().to_string());
        }
        names.extend(tls.names);
        names.sort();
        names.dedup();

        let authority = authority().map_err(TlsError::generate)?;
        let (certificate, key) = certificate(&authority, names).map_err(TlsError::generate)?;
        // Given to rustls alone: a program may have chosen a default provider.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                let chain = vec![certificate.der().clone()];
                let key = PrivatePkcs8KeyDer::from(key.serialize_der());
                config.with_no_client_auth().with_single_cert(chain, key.into())
            });
        let mut config = config.map_err(TlsError::generate)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), ca_pem: authority.pem() })
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = params(Vec::new(), "partner-api-mock certificate authority")?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn certificate(
    authority: &CertifiedIssuer<'static, KeyPair>,
    names: Vec<String>,
) -> Result<(rcgen::Certificate, KeyPair), rcgen::Error> {
    let mut params = params(names, "partner-api-mock")?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Python 3.13 and later want it.
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, authority)?, key))
}

/// Valid from yesterday, for clients whose clock is late, and for a year.
fn params(names: Vec<String>, common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    let today = Offset::UTC.to_datetime(Timestamp::now()).date();
    let midnight = |date: jiff::civil::Date| {
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = midnight(today.saturating_sub(1.day()));
    params.not_after = midnight(today.saturating_add(1.year()));
    Ok(params)
}

/// The connection with TLS, if its client completes the handshake in time.
pub(super) async fn handshake(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    limit: Duration,
    phase: &mut watch::Receiver<Phase>,
) -> Option<Stream> {
    let mut accept = acceptor.accept(stream);
    let result = tokio::select! {
        biased;
        _ = phase.changed() => None,
        result = tokio::time::timeout(limit, &mut accept) => Some(result),
    };
    match result {
        Some(Ok(Ok(stream))) => return Some(Box::new(stream)),
        Some(Ok(Err(error))) => log::handshake_failed(&error),
        Some(Err(_)) => {}
        None => {
            if *phase.borrow() == Phase::Down(Outage::Blackhole) {
                let _ = phase.changed().await;
            }
            if *phase.borrow() == Phase::Down(Outage::Reset)
                && let Some(stream) = accept.get_mut()
            {
                let _ = stream.set_zero_linger();
            }
        }
    }
    None
}
