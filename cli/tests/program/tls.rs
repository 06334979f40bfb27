//! At stake: over TLS the key goes to whom the machine trusts, and to nobody else.

use std::net::SocketAddr;
use std::sync::Arc;

use partner_api_mock::MockServer;
use rcgen::KeyPair;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::remote::run;

/// A mock behind TLS, with a certificate for 127.0.0.1 that vouches for itself: where it is, and
/// the certificate as PEM.
async fn behind_tls(mock: &MockServer) -> (SocketAddr, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        );
    let (acceptor, to) = (TlsAcceptor::from(Arc::new(config.unwrap())), mock.address());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut inside = acceptor.accept(stream).await?;
                let mut mock = TcpStream::connect(to).await?;
                tokio::io::copy_bidirectional(&mut inside, &mut mock).await
            });
        }
    });
    (address, certificate.pem())
}

#[tokio::test]
async fn a_certificate_decides_whether_the_key_is_sent() {
    let mock = MockServer::start().await.unwrap();
    let (address, certificate) = behind_tls(&mock).await;
    let file = std::env::temp_dir().join(format!("tls-{}.pem", std::process::id()));
    let base = format!("https://{address}");
    let api_key = mock.api_key();
    let key = ("PARTNER_API_KEY", api_key.as_str());
    for command in ["verify", "record"] {
        let untrusted = run(&[command, "--base-url", &base], &[key]).await;
        let said = format!("{}{}", untrusted.stdout, untrusted.stderr);
        assert_eq!(untrusted.code, Some(2), "{said}");
        assert!(
            said.contains("TLS handshake with 127.0.0.1:") && said.contains("certificate"),
            "{said}"
        );
    }
    assert!(mock.requests().is_empty(), "nothing was sent");

    std::fs::write(&file, certificate).unwrap();
    let trusted = ("SSL_CERT_FILE", file.to_str().unwrap());
    let verified = run(&["verify", "--base-url", &base], &[key, trusted]).await;
    let recorded = run(&["record", "--base-url", &base], &[key, trusted]).await;
    std::fs::remove_file(&file).unwrap();
    // Who is trusted is the system's choice elsewhere than on Linux.
    if cfg!(target_os = "linux") {
        assert_eq!((verified.code, recorded.code), (Some(0), Some(0)), "{verified:?} {recorded:?}");
    }
}
