//! At stake: HTTP/2 is spoken where the service offers it, and retries have one owner there, too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use partner_api::{Client, ErrorKind, RetryPolicy};
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::support::{KEY, WALLET};

/// An HTTP/2 server that refuses the first streams, "not processed" (RFC 9113, section 8.7), and
/// answers the others with the wallet.
struct Server {
    address: SocketAddr,
    certificate: String,
    requests: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Server {
    async fn refusing(refused: usize) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let tls = acceptor.accept(stream).await.unwrap();
                let mut connection = h2::server::handshake(tls).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    if counter.fetch_add(1, Ordering::Relaxed) < refused {
                        respond.send_reset(h2::Reason::REFUSED_STREAM);
                    } else {
                        let mut body =
                            respond.send_response(http::Response::new(()), false).unwrap();
                        body.send_data(Bytes::from(WALLET), true).unwrap();
                    }
                }
            }
        });
        Self { address, certificate: certificate.pem(), requests, accepting }
    }

    fn client(&self, policy: RetryPolicy) -> Client {
        Client::builder()
            .base_url(format!("https://{}", self.address))
            .api_key(KEY)
            .add_root_certificate_pem(self.certificate.as_bytes())
            .retry(policy)
            .build()
            .unwrap()
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[tokio::test]
async fn it_is_spoken_where_it_is_offered() {
    let server = Server::refusing(0).await;
    let client = server.client(RetryPolicy::off());
    assert_eq!(client.wallet().await.unwrap().balance, 8450);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_refused_stream_is_sent_again_by_the_policy_and_by_nothing_below_it() {
    let server = Server::refusing(1).await;
    let error = server.client(RetryPolicy::off()).wallet().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Connection, "{error:?}");
    assert_eq!(server.requests(), 1);

    let server = Server::refusing(1).await;
    let response = server.client(RetryPolicy::default()).wallet().with_response().await.unwrap();
    assert_eq!((response.failed_attempts.len(), server.requests()), (1, 2));
}

#[tokio::test]
async fn a_service_that_resets_every_stream_gets_little_more_than_a_request_a_call() {
    let server = Server::refusing(usize::MAX).await;
    let mut quick = RetryPolicy::default();
    quick.base_delay = std::time::Duration::ZERO;
    let client = server.client(quick);
    for _ in 0..50 {
        client.wallet().await.unwrap_err();
    }
    let before = server.requests();
    for _ in 0..100 {
        client.wallet().await.unwrap_err();
    }
    assert_eq!(server.requests() - before, 100);
}
