//! At stake: the key goes over TLS to whom it is meant for, or nowhere.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use partner_api::{Client, ClientBuilder, ErrorKind, RequestOutcome, RetryPolicy};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::{KEY, RawServer, WALLET, answer, json};

const HOST: &str = "127.0.0.1";

/// A certificate authority of this test's own. OpenSSL tells authorities by their names.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn certificate_for(host: &str) -> CertificateParams {
    CertificateParams::new([host.to_owned()]).unwrap()
}

/// What stands on the other side of the connections.
#[derive(Clone)]
enum Peer {
    /// TLS, and the wallet behind it.
    Tls(Arc<ServerConfig>),
    /// These bytes as the answer to whatever comes first.
    Bytes(Vec<u8>),
    /// The end of the connection as the answer to whatever comes first.
    HangsUp,
}

impl Peer {
    /// Shows a certificate that the authority has signed, or one that nobody has.
    fn with(
        certificate: &CertificateParams,
        signed_by: Option<&CertifiedIssuer<'static, KeyPair>>,
    ) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = match signed_by {
            Some(authority) => certificate.signed_by(&key, authority),
            None => certificate.self_signed(&key),
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.unwrap().der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            );
        Self::Tls(Arc::new(config.unwrap()))
    }
}

/// Runs until it is dropped.
struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    /// As they came over the wire.
    bytes: Vec<u8>,
    /// What TLS hid.
    requests: Vec<u8>,
}

impl Server {
    /// The n-th connection, from 0, meets the n-th peer, or the last.
    async fn start(peers: Vec<Peer>) -> Self {
        let listener = TcpListener::bind((HOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let accepting = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                let mut serving = tokio::task::JoinSet::new();
                for number in 0.. {
                    let (stream, _) = listener.accept().await.unwrap();
                    seen.lock().unwrap().connections += 1;
                    let peer = peers.get(number).or(peers.last()).unwrap().clone();
                    let seen = Arc::clone(&seen);
                    serving.spawn(async move { serve(stream, peer, &seen).await });
                }
            }
        });
        Self { address, seen, accepting }
    }

    /// A client for this server, with retries on and without their waits.
    fn builder(&self) -> ClientBuilder {
        #[cfg(not(any(feature = "native-tls", feature = "rustls")))]
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut impatient = RetryPolicy::default();
        impatient.base_delay = Duration::ZERO;
        Client::builder()
            .base_url(format!("https://{}", self.address))
            .api_key(KEY)
            .retry(impatient)
    }

    /// Trusts the authority, too.
    fn trusting(&self, authority: &CertifiedIssuer<'static, KeyPair>) -> Client {
        self.builder().add_root_certificate_pem(authority.pem().as_bytes()).build().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut stream: TcpStream, peer: Peer, seen: &Mutex<Seen>) -> io::Result<()> {
    let mut tls = match &peer {
        Peer::Tls(config) => Some(ServerConnection::new(Arc::clone(config)).unwrap()),
        Peer::Bytes(_) | Peer::HangsUp => None,
    };
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let bytes = &buffer[..count];
        seen.lock().unwrap().bytes.extend_from_slice(bytes);
        match (&peer, &mut tls) {
            (Peer::HangsUp, _) => return Ok(()),
            (Peer::Bytes(answer), _) => stream.write_all(answer).await?,
            (Peer::Tls(_), None) => unreachable!(),
            (Peer::Tls(_), Some(tls)) => {
                let out = pump(tls, bytes, &mut seen.lock().unwrap().requests);
                if out.is_err() {
                    // The alert says why.
                    let mut alert = Vec::new();
                    while tls.wants_write() {
                        tls.write_tls(&mut alert)?;
                    }
                    stream.write_all(&alert).await?;
                    stream.shutdown().await?;
                }
                stream.write_all(&out?).await?;
            }
        }
    }
}

/// Takes in what came, and gives what is to be sent.
fn pump(tls: &mut ServerConnection, mut came: &[u8], plain: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    while !came.is_empty() {
        tls.read_tls(&mut came)?;
        tls.process_new_packets().map_err(io::Error::other)?;
    }
    let before = plain.len();
    let _ = tls.reader().read_to_end(plain); // "would block", once it has given what there is
    if plain.len() > before && plain.ends_with(b"\r\n\r\n") {
        let request = String::from_utf8_lossy(plain.get(before..).unwrap_or_default()).into_owned();
        let moved =
            request.strip_prefix("GET /api/v1/moved/").and_then(|rest| rest.split(' ').next());
        let answer = match moved {
            Some(port) => answer("302 Found", &[&format!("location: http://{HOST}:{port}/")], ""),
            None => json(WALLET),
        };
        tls.writer().write_all(&answer)?;
    }
    let mut out = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut out)?;
    }
    Ok(out)
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The call is refused as TLS, nothing was sent, and nothing was tried again.
async fn assert_refused(server: &Server, client: &Client, case: &str, reason: &str) {
    let error = client.wallet().await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(&format!("TLS handshake with {} failed: ", server.address)), "{text}");
    // The library of the system has its own words.
    assert!(cfg!(feature = "native-tls") || text.contains(reason), "{text}");
    assert_eq!(error.kind(), &ErrorKind::Tls, "{case}: {error:?}");
    assert_eq!(error.outcome(), RequestOutcome::NotSent, "{case}");
    assert!(!error.is_retryable(), "{case}");
    assert_eq!(error.attempts().len(), 1, "{case}: {error:?}");
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.connections, 1, "{case}");
    assert!(!seen.bytes.is_empty() && !holds(&seen.bytes, KEY), "{case}");
    assert!(seen.requests.is_empty(), "{case}");
}

#[tokio::test]
async fn a_trusted_service_is_called_and_the_key_is_hidden_on_the_way() {
    let authority = authority("ours");
    let peer = Peer::with(&certificate_for(HOST), Some(&authority));
    let server = Server::start(vec![peer]).await;
    let client = server.trusting(&authority);
    for _ in 0..2 {
        assert_eq!(client.wallet().await.unwrap().balance, 8450);
    }
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.connections, 1);
    assert!(holds(&seen.requests, KEY) && !holds(&seen.bytes, KEY));
}

#[tokio::test]
async fn a_redirect_from_https_to_http_takes_the_key_nowhere() {
    let plain = RawServer::answering(json(WALLET)).await;
    let authority = authority("ours");
    let peer = Peer::with(&certificate_for(HOST), Some(&authority));
    let server = Server::start(vec![peer]).await;
    let port = plain.address.port().to_string();
    let call = server.trusting(&authority).get(["moved", &port]).send_empty();
    let error = call.await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Redirect { .. }), "{error:?}");
    assert_eq!(plain.connections(), 0);
}

#[tokio::test]
async fn certificates_that_do_not_hold_are_refused() {
    let authority = authority("ours");
    let mut expired = certificate_for(HOST);
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 1, 1);
    let mut not_yet = certificate_for(HOST);
    not_yet.not_before = date_time_ymd(3000, 1, 1);
    for (case, certificate, reason) in [
        ("expired", expired, "the certificate expired on 2021-01-01"),
        ("not valid yet", not_yet, "the certificate is not valid before 3000-01-01"),
        ("another host", certificate_for("app.example.com"), "the certificate is for another host"),
        ("another address", certificate_for("127.0.0.2"), "the certificate is for another host"),
    ] {
        let server = Server::start(vec![Peer::with(&certificate, Some(&authority))]).await;
        assert_refused(&server, &server.trusting(&authority), case, reason).await;
    }
}

#[tokio::test]
async fn certificates_of_nobody_that_is_trusted_are_refused() {
    let (known, unknown) = (authority("known"), authority("unknown"));
    for (case, signed_by) in [("self-signed", None), ("unknown", Some(&unknown))] {
        let server = Server::start(vec![Peer::with(&certificate_for(HOST), signed_by)]).await;
        let reason = "self-signed or of an unknown authority";
        assert_refused(&server, &server.builder().build().unwrap(), case, reason).await;

        let server = Server::start(vec![Peer::with(&certificate_for(HOST), signed_by)]).await;
        assert_refused(&server, &server.trusting(&known), case, reason).await;
    }
}

#[tokio::test]
async fn what_is_not_the_tls_of_today_is_refused() {
    // A ServerHello: TLS 1.0, 32 random bytes, no session, TLS_RSA_WITH_AES_128_CBC_SHA, no
    // compression. Source: RFC 2246, sections 6.2.1 and 7.4.1.3.
    let mut tls_1_0 = vec![0x16, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
    tls_1_0.extend([7; 32]);
    tls_1_0.extend([0, 0, 0x2f, 0]);
    // Fatal (2), protocol_version (70). Source: RFC 5246, section 7.2.
    let alert = vec![0x15, 3, 1, 0, 2, 2, 70];
    for (case, answer) in [
        ("TLS 1.0", tls_1_0),
        ("an alert", alert),
        ("plain HTTP", json(WALLET)),
        ("garbage", vec![0xff; 64]),
    ] {
        let server = Server::start(vec![Peer::Bytes(answer)]).await;
        assert_refused(&server, &server.builder().build().unwrap(), case, "").await;
    }
}

#[tokio::test]
async fn a_handshake_that_breaks_off_is_a_fault_of_the_connection_and_tried_again() {
    let authority = authority("ours");
    let peer = Peer::with(&certificate_for(HOST), Some(&authority));
    let server = Server::start(vec![Peer::HangsUp, peer]).await;
    let response = server.trusting(&authority).wallet().with_response().await.unwrap();
    assert_eq!(response.failed_attempts.len(), 1);
    assert_eq!(response.failed_attempts[0].kind, ErrorKind::Connect);
}

#[tokio::test]
async fn a_text_may_hold_several_authorities_and_texts_add_up() {
    let authorities = ["first", "second", "third"].map(authority);
    let pem = |index: usize| authorities[index].pem();
    for authority in &authorities {
        let peer = Peer::with(&certificate_for(HOST), Some(authority));
        let server = Server::start(vec![peer]).await;
        let client = server
            .builder()
            .add_root_certificate_pem(format!("a comment\n{}{}", pem(0), pem(1)).as_bytes())
            .add_root_certificate_pem(pem(2).as_bytes())
            .build()
            .unwrap();
        client.wallet().await.unwrap();
    }
}

#[test]
fn a_text_that_holds_no_certificate_is_a_problem_of_the_configuration() {
    let begin_and_end =
        |inner: &str| format!("-----BEGIN CERTIFICATE-----\n{inner}\n-----END CERTIFICATE-----\n");
    for pem in [
        String::new(),
        "hunter2".to_owned(),
        KeyPair::generate().unwrap().serialize_pem(),
        begin_and_end("*"),
        begin_and_end("aHVudGVyMg=="),
        authority("ours").pem() + &begin_and_end("aHVudGVyMg=="),
    ] {
        let error = Client::builder()
            .base_url("https://app.example.com")
            .api_key(KEY)
            .add_root_certificate_pem(pem.as_bytes())
            .build()
            .unwrap_err();
        let ErrorKind::Config(problems) = error.kind() else { panic!("{error:?}") };
        let settings: Vec<_> = problems.iter().map(|problem| problem.setting).collect();
        assert!(settings.contains(&"add_root_certificate_pem"), "{pem}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

/// Asks for a certificate of the client that the authority has signed.
fn peer_that_requires_a_certificate(authority: &CertifiedIssuer<'static, KeyPair>) -> Peer {
    let key = KeyPair::generate().unwrap();
    let certificate = certificate_for(HOST).signed_by(&key, authority).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        );
    Peer::Tls(Arc::new(config.unwrap()))
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_required() {
    let authority = authority("ours");
    let server = Server::start(vec![peer_that_requires_a_certificate(&authority)]).await;
    let key = KeyPair::generate().unwrap();
    let certificate = certificate_for("client.example.com").signed_by(&key, &authority).unwrap();
    let builder = server.builder().add_root_certificate_pem(authority.pem().as_bytes());
    let builder =
        builder.identity_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes());
    assert!(!format!("{builder:?}").contains("PRIVATE"));
    assert_eq!(builder.build().unwrap().wallet().await.unwrap().balance, 8450);
}

#[tokio::test]
async fn a_client_certificate_that_is_missing_or_of_nobody_is_an_error_of_tls_and_not_retried() {
    let (ours, other) = (authority("ours"), authority("other"));
    let key = KeyPair::generate().unwrap();
    let untrusted = certificate_for("client.example.com").signed_by(&key, &other).unwrap();
    for identity in [None, Some((untrusted.pem(), key.serialize_pem()))] {
        let server = Server::start(vec![peer_that_requires_a_certificate(&ours)]).await;
        let mut builder = server.builder().add_root_certificate_pem(ours.pem().as_bytes());
        if let Some((certificate, key)) = &identity {
            builder = builder.identity_pem(certificate.as_bytes(), key.as_bytes());
        }
        let error = builder.build().unwrap().wallet().await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Tls, "{error:?}");
        assert_eq!((error.outcome(), error.attempts().len()), (RequestOutcome::NotSent, 1));
        let text = error.to_string();
        assert!(identity.is_some() || text.contains("identity_pem()"), "{text}");
        assert!(server.seen.lock().unwrap().requests.is_empty());
    }
}

#[test]
fn an_identity_that_cannot_be_read_is_an_invalid_setting() {
    let key = KeyPair::generate().unwrap();
    let certificate = certificate_for("client.example.com").self_signed(&key).unwrap().pem();
    for (certificate, key) in [
        ("", key.serialize_pem().as_str()),
        ("hunter2", key.serialize_pem().as_str()),
        (certificate.as_str(), ""),
        (certificate.as_str(), "hunter2"),
        (certificate.as_str(), certificate.as_str()),
        (certificate.as_str(), KeyPair::generate().unwrap().serialize_pem().as_str()),
    ] {
        let builder = Client::builder().base_url("https://app.example.com").api_key(KEY);
        let error =
            builder.identity_pem(certificate.as_bytes(), key.as_bytes()).build().unwrap_err();
        let ErrorKind::Config(settings) = error.kind() else { panic!("{error:?}") };
        assert_eq!(settings[0].setting, "identity_pem", "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

/// Run by `.ci/run` in a process of its own, since what is installed is the process's.
#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
#[tokio::test]
async fn a_missing_crypto_provider_is_a_problem_of_the_configuration_and_no_panic() {
    for base_url in ["https://app.example.com", "http://127.0.0.1:9"] {
        let error = Client::new(base_url, KEY).unwrap_err();
        assert!(error.to_string().contains("no crypto provider is installed"), "{error}");
    }
    let authority = authority("ours");
    let peer = Peer::with(&certificate_for(HOST), Some(&authority));
    let server = Server::start(vec![peer]).await; // whose builder installs one
    server.trusting(&authority).wallet().await.unwrap();
}
