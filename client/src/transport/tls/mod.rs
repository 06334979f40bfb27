//! The choice of the TLS library, its configuration, and the meaning of its errors.

use std::error::Error as StdError;
use std::io;

use crate::error::InvalidSetting;

// A program that turns native-tls on means it; rustls may be on only because it is the default.
#[cfg_attr(feature = "native-tls", path = "with_native_tls.rs")]
#[cfg_attr(
    all(not(feature = "native-tls"), any(feature = "rustls", feature = "rustls-no-provider")),
    path = "with_rustls.rs"
)]
#[cfg_attr(
    not(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider")),
    path = "without.rs"
)]
mod library;

pub(crate) use library::{Identity, RootCertificate};

/// The configuration of TLS, made once and shared by all pools of a client: to read the
/// certificates of the system takes milliseconds.
#[derive(Clone)]
pub(super) struct TlsConfig(library::Config);

/// Makes the configuration, with TLS 1.2 as the oldest version (RFC 8996).
///
/// For plain `http` the certificates of the system are neither read nor missed.
pub(super) fn configure(
    https: bool,
    roots: &[RootCertificate],
    identity: Option<&Identity>,
) -> Result<TlsConfig, InvalidSetting> {
    library::configure(https, roots, identity).map(TlsConfig)
}

impl TlsConfig {
    /// Chooses the library by the features of this crate, since those of reqwest depend on the
    /// whole program.
    pub(super) fn apply(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        library::apply(&self.0, builder)
    }
}

/// Returns why a handshake failed, if this is such an error.
pub(super) fn handshake_error(cause: &(dyn StdError + 'static)) -> Option<String> {
    library::handshake_error(cause)
}

const CLIENT_CERTIFICATE_REQUIRED: &str =
    "the server requires a client certificate; set one with identity_pem()";

/// A TLS alert of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Alert {
    /// The server rejected the client's certificate, so it did not accept the request.
    pub(super) rejects_certificate: bool,
    pub(super) reason: String,
}

/// The alert in an error of a connection.
///
/// In TLS 1.3 a server rejects the client's certificate after the client has sent its request, so
/// the alert arrives as an error of reading. HTTP/2 keeps only its text.
pub(super) fn alert(error: &io::Error) -> Option<Alert> {
    let text = error.to_string();
    // rustls, and OpenSSL
    let (_, name) =
        text.split_once("received fatal alert: ").or_else(|| text.split_once(" alert "))?;
    let name: String = name.chars().filter(char::is_ascii_alphabetic).collect();
    let name = name.to_ascii_lowercase();
    let rejects_certificate =
        ["certificate", "unknownca", "accessdenied"].iter().any(|word| name.contains(word));
    let reason = if name.starts_with("certificaterequired") {
        CLIENT_CERTIFICATE_REQUIRED.to_owned()
    } else {
        text
    };
    Some(Alert { rejects_certificate, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_known_by_the_texts_of_both_libraries() {
        for (text, rejects_certificate) in [
            ("received fatal alert: CertificateRequired", true),
            ("received fatal alert: UnknownCA", true),
            ("received fatal alert: InternalError", false),
            ("error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required", true),
            ("error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca", true),
            ("error:0A000438:SSL routines:ssl3_read_bytes:tlsv1 alert internal error", false),
        ] {
            let alert = alert(&io::Error::other(text)).unwrap();
            assert_eq!(alert.rejects_certificate, rejects_certificate, "{text}");
            assert_eq!(alert.reason.contains("identity_pem()"), text.contains("equired"), "{text}");
        }
        assert_eq!(alert(&io::Error::other("connection reset by peer")), None);
    }
}
