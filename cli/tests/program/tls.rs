//! Over TLS the key is sent only to a server that the machine trusts.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::sync::Arc;

use partner_api::{Client, ErrorKind};
use partner_api_mock::MockServer;
use rcgen::KeyPair;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::folder::Folder;
use crate::remote::run;
use crate::{Running, command, fails, mock_command, mock_fails};

/// A mock behind TLS, with a self-signed certificate for 127.0.0.1: its address, and the
/// certificate as PEM.
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
    // Outside of Linux, the system decides which certificates are trusted.
    if cfg!(target_os = "linux") {
        assert_eq!((verified.code, recorded.code), (Some(0), Some(0)), "{verified:?} {recorded:?}");
    }
}

/// The response to a request for the wallet, by a client that trusts this authority and no other and
/// accepts gzip.
async fn wallet(address: SocketAddr, name: &str, ca: &str, key: &str) -> std::io::Result<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let head = format!("host: m\r\nauthorization: Bearer {key}\r\naccept-encoding: gzip");
    let request = format!("GET /api/v1/wallet HTTP/1.1\r\n{head}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await?;
    Ok(response)
}

#[tokio::test]
async fn a_mock_with_tls_is_trusted_with_the_file_that_it_wrote_before_it_was_ready() {
    let folder = Folder::new();
    let file = folder.file("ca.pem");
    fs::write(&file, "of an earlier start").unwrap();
    let mut program = mock_command(&["--listen", "127.0.0.1:0", "--ready", "json", "--key", "k"]);
    program.args(["--tls", "--tls-ca-file", &file, "--tls-name", "partner-api-mock", "--gzip"]);
    let mut child = program.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let ca = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    let base_url = ready["baseUrl"].as_str().unwrap();
    let origin = base_url.strip_suffix("/api/v1").unwrap();
    assert_eq!(ready["controlUrl"], format!("{origin}/_mock"));
    let address: SocketAddr = origin.strip_prefix("https://").unwrap().parse().unwrap();

    let client = || Client::builder().api_key("k").base_url(base_url).no_proxy();
    let trusting = client().add_root_certificate_pem(ca.as_bytes()).build().unwrap();
    assert_eq!(trusting.wallet().await.unwrap().currency, "XAF");
    let error = client().build().unwrap().wallet().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Tls), "{error}");

    for name in ["localhost", "partner-api-mock"] {
        let response = wallet(address, name, &ca, "k").await.unwrap();
        let response = response.escape_ascii().to_string();
        assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
        assert!(response.contains("content-encoding: gzip"), "{response}");
    }
    assert!(wallet(address, "other-name", &ca, "k").await.is_err());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_curl_lines_of_a_mock_with_tls_name_its_authority() {
    let folder = Folder::new();
    let file = folder.file("the ca.pem");
    let listen = ["--listen", "127.0.0.1:0", "--tls"];
    let with_file = Running::start(&[&listen[..], &["--tls-ca-file", &file]].concat());
    let with_file = with_file.greeting.last().unwrap();
    assert!(with_file.starts_with(&format!("curl --cacert '{file}' https://")), "{with_file}");
    let without = Running::start(&listen);
    let without = without.greeting.last().unwrap();
    assert!(without.starts_with("curl --insecure https://127.0.0.1:"), "{without}");
}

#[test]
fn health_of_a_mock_with_tls_says_where_the_help_is() {
    let mock = Running::start(&["--listen", "127.0.0.1:0", "--tls"]);
    let url = mock.value("base URL").replacen("https:", "http:", 1);
    let said = fails(&["mock", "health", &url]);
    assert!(
        said.ends_with("; if the mock has --tls, see `partner-api mock health --help`"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn everybody_can_read_the_authority() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let file = folder.file("ca.pem");
    let listen = r#"umask 022 && exec "$0" mock --listen 127.0.0.1:0 --tls --tls-ca-file "$1""#;
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", listen, env!("CARGO_BIN_EXE_partner-api"), &file]);
    drop(Running::spawn(crate::piped(&mut shell)));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn a_command_gets_the_file_with_the_authority_also_in_another_directory() {
    let folder = Folder::new();
    let script =
        r#"cd / && printf '%s\n' "$PARTNER_API_BASE_URL" && cat "$PARTNER_API_MOCK_CA_FILE""#;
    let mut program = command(&["mock", "exec", "--tls", "--tls-ca-file", "ca.pem"]);
    program.args(["--", "sh", "-c", script]).current_dir(folder.path());
    let output = program.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let (base_url, ca) = stdout.split_once('\n').unwrap();
    assert!(base_url.starts_with("https://127.0.0.1:"), "{base_url}");
    assert_eq!(ca, fs::read_to_string(folder.file("ca.pem")).unwrap());
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

/// Outside of Linux, the system decides which certificates are trusted.
#[cfg(target_os = "linux")]
#[test]
fn the_client_trusts_the_mock_of_a_command() {
    let folder = Folder::new();
    let script = r#"SSL_CERT_FILE=$PARTNER_API_MOCK_CA_FILE exec "$0" verify"#;
    let mut program = command(&["mock", "exec", "--tls", "--tls-ca-file", &folder.file("ca.pem")]);
    program.args(["--", "sh", "-c", script, env!("CARGO_BIN_EXE_partner-api")]);
    let output = program.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn an_invalid_file_or_name_is_an_error() {
    let folder = Folder::new();
    let listen = ["--quiet", "--listen", "127.0.0.1:0", "--tls"];
    let said =
        mock_fails(&[&listen[..], &["--tls-ca-file", folder.path().to_str().unwrap()]].concat());
    assert!(said.starts_with("--tls-ca-file ") && said.contains("is a directory"), "{said}");
    let missing = folder.file("no/such/ca.pem");
    let said = mock_fails(&[&listen[..], &["--tls-ca-file", &missing]].concat());
    assert!(said.starts_with(&format!("--tls-ca-file {missing}: cannot be written: ")), "{said}");
    let said = mock_fails(&[&listen[..], &["--tls-name", "a b"]].concat());
    assert_eq!(said, "TLS name `a b`: expected a DNS name or an IP address");
}
