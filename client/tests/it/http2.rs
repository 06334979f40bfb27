//! HTTP/2 over TLS: a request that the server did not process is resent; one that it may have
//! processed is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::{Connection, SendResponse};
use http::{Method, Request, Response};
use partner_api::{Client, ClientBuilder, ErrorKind, NotRetried, RequestOutcome, RetryPolicy};
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, Notify};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::support::{KEY, WALLET};

type Stream = (Request<RecvStream>, SendResponse<Bytes>);
type Http2 = Connection<DuplexStream, Bytes>;

/// An HTTP/2 server whose connections are served by a function of the test.
struct Server {
    url: String,
    certificate: String,
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Serves the n-th connection, from 0, with this function.
    async fn start<F>(serve: impl Fn(usize, Http2) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
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
        let url = format!("https://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                // A client that is gone by now closes its connection within the handshake.
                let Ok(tls) = acceptor.accept(stream).await else { continue };
                let (http2, wire) = tokio::io::duplex(64 * 1024);
                serving.spawn(linger(tls, wire));
                let Ok(connection) = h2::server::handshake(http2).await else { continue };
                serving.spawn(serve(counter.fetch_add(1, Ordering::Relaxed), connection));
            }
        });
        Self { url, certificate: certificate.pem(), connections, accepting }
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder()
            .base_url(&self.url)
            .api_key(KEY)
            .add_root_certificate_pem(self.certificate.as_bytes())
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Passes bytes on, and reads until the client closes: a server that closes with bytes unread resets the
/// connection, and the client loses what it has sent last, such as a GOAWAY.
async fn linger(tls: TlsStream<TcpStream>, wire: DuplexStream) {
    let (mut from_client, mut to_client) = tokio::io::split(tls);
    let (mut from_server, mut to_server) = tokio::io::split(wire);
    let send = async {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
        let _ = to_client.shutdown().await;
    };
    let receive = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _ = tokio::io::copy(&mut from_client, &mut tokio::io::empty()).await;
    };
    tokio::join!(send, receive);
}

fn respond(mut respond: SendResponse<Bytes>) {
    if let Ok(mut body) = respond.send_response(Response::new(()), false) {
        let _ = body.send_data(Bytes::from(WALLET), true);
    }
}

fn refuse((_, mut respond): Stream) {
    respond.send_reset(h2::Reason::REFUSED_STREAM);
}

/// Responds to every stream.
async fn serve_all(mut connection: Http2) {
    while let Some(Ok((_, response))) = connection.accept().await {
        respond(response);
    }
}

/// Responds to so many streams, and then ends the connection orderly, above the last of them.
async fn serve_some(mut connection: Http2, count: usize) {
    for _ in 0..count {
        let Some(Ok((_, response))) = connection.accept().await else { return };
        respond(response);
    }
    connection.graceful_shutdown();
    while let Some(Ok((_, response))) = connection.accept().await {
        respond(response);
    }
}

/// Takes the streams of the first connection without a response, and responds on the others.
async fn silent_at_first(connection_number: usize, mut connection: Http2) {
    let mut held = Vec::new();
    while let Some(Ok((_, response))) = connection.accept().await {
        if connection_number == 0 { held.push(response) } else { respond(response) }
    }
}

/// The results of so many concurrent POSTs.
async fn posts(client: &Client, count: usize) -> Vec<Result<(), partner_api::Error>> {
    let calls: Vec<_> = (0..count)
        .map(|number| {
            let call = client.post("messages").json(&number).send_empty();
            tokio::spawn(call.into_future())
        })
        .collect();
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.unwrap());
    }
    results
}

#[tokio::test]
async fn http2_is_used_where_the_server_offers_it() {
    let server = Server::start(|_, connection| serve_all(connection)).await;
    let client = server.client();
    for _ in 0..3 {
        assert_eq!(client.wallet().await.unwrap().balance, 8450);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_refused_stream_is_resent_at_no_cost_for_any_method_and_policy() {
    for policy in [RetryPolicy::default(), RetryPolicy::never()] {
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let server = Server::start(move |_, mut connection: Http2| {
            let counter = Arc::clone(&counter);
            async move {
                while let Some(Ok(stream)) = connection.accept().await {
                    if counter.fetch_add(1, Ordering::Relaxed) < 3 {
                        refuse(stream);
                    } else {
                        respond(stream.1);
                    }
                }
            }
        })
        .await;
        let client = server.builder().retry(policy).build().unwrap();
        let before = client.retry_tokens();
        let call = client.post("messages").json(&1).send::<serde_json::Value>();
        let response = call.with_response().await.unwrap();
        assert_eq!(response.failed_attempts.len(), 3);
        for attempt in &response.failed_attempts {
            assert_eq!(
                (&attempt.kind, attempt.outcome, attempt.backoff),
                (&ErrorKind::Interrupted, RequestOutcome::NotSent, Some(Duration::ZERO))
            );
        }
        assert_eq!((requests.load(Ordering::Relaxed), client.retry_tokens()), (4, before));
    }
}

#[tokio::test]
async fn a_connection_that_refuses_twice_is_replaced() {
    let server = Server::start(|count, mut connection: Http2| async move {
        while let Some(Ok(stream)) = connection.accept().await {
            if count == 0 { refuse(stream) } else { respond(stream.1) }
        }
    })
    .await;
    let client = server.client();
    client.post("messages").json(&1).send_empty().await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn posts_above_the_limit_of_concurrent_streams_succeed() {
    // The server refuses streams while ten are open, as Node's does.
    let open = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |_, mut connection: Http2| {
        let open = Arc::clone(&open);
        async move {
            while let Some(Ok(stream)) = connection.accept().await {
                if open.fetch_add(1, Ordering::Relaxed) >= 10 {
                    open.fetch_sub(1, Ordering::Relaxed);
                    refuse(stream);
                    continue;
                }
                let open = Arc::clone(&open);
                tokio::spawn(async move {
                    tokio::task::yield_now().await;
                    open.fetch_sub(1, Ordering::Relaxed);
                    respond(stream.1);
                });
            }
        }
    })
    .await;
    let client = server.client();
    let before = client.retry_tokens();
    for result in posts(&client, 30).await.into_iter().chain(posts(&client, 30).await) {
        result.unwrap();
    }
    assert_eq!(client.retry_tokens(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_above_the_last_stream_of_a_goaway_succeed() {
    for (requests_a_connection, at_once) in [(1, 4), (7, 64), (100, 64)] {
        let processed = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&processed);
        let server = Server::start(move |_, connection: Http2| {
            let counter = Arc::clone(&counter);
            async move {
                serve_some(connection, requests_a_connection).await;
                counter.fetch_add(requests_a_connection, Ordering::Relaxed);
            }
        })
        .await;
        let client = server.client();
        let before = client.retry_tokens();
        for round in 0..5 {
            for result in posts(&client, at_once).await {
                result.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
            }
        }
        assert_eq!(client.retry_tokens(), before);
    }
}

#[tokio::test]
async fn a_post_that_the_server_may_have_processed_is_not_sent_again() {
    type End = fn(&mut Http2, SendResponse<Bytes>);
    let ends: [End; 5] = [
        |_, mut response| response.send_reset(h2::Reason::INTERNAL_ERROR),
        |_, mut response| response.send_reset(h2::Reason::CANCEL),
        |connection, _response| connection.abrupt_shutdown(h2::Reason::INTERNAL_ERROR),
        |connection, _response| connection.abrupt_shutdown(h2::Reason::ENHANCE_YOUR_CALM),
        // An orderly GOAWAY that covers the stream, and then no response.
        |connection, _response| connection.graceful_shutdown(),
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let server = Server::start(move |_, mut connection: Http2| {
            let counter = Arc::clone(&counter);
            async move {
                let Some(Ok((_, response))) = connection.accept().await else { return };
                counter.fetch_add(1, Ordering::Relaxed);
                end(&mut connection, response);
                // Sends the pending frames, and then closes.
                let _ = tokio::time::timeout(Duration::from_millis(50), connection.accept()).await;
            }
        })
        .await;
        let client = server.client();
        let error = client.post("messages").json(&1).send_empty().await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Interrupted, "{number}: {error:?}");
        assert_eq!(error.outcome(), RequestOutcome::Unknown, "{number}: {error:?}");
        assert_eq!(error.not_retried(), Some(NotRetried::NotIdempotent), "{number}");
        assert_eq!(requests.load(Ordering::Relaxed), 1, "{number}");
    }
}

#[tokio::test]
async fn a_server_that_refuses_every_stream_gets_little_more_than_one_request_for_each_call() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let server = Server::start(move |_, mut connection: Http2| {
        let counter = Arc::clone(&counter);
        async move {
            while let Some(Ok(stream)) = connection.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                refuse(stream);
            }
        }
    })
    .await;
    let mut quick = RetryPolicy::default();
    quick.base_delay = Duration::ZERO;
    let client = server.builder().retry(quick).build().unwrap();
    for _ in 0..100 {
        client.wallet().await.unwrap_err();
    }
    let before = requests.load(Ordering::Relaxed);
    for _ in 0..100 {
        let error = client.wallet().await.unwrap_err();
        assert_eq!(error.outcome(), RequestOutcome::NotSent);
    }
    assert_eq!(requests.load(Ordering::Relaxed) - before, 100);
}

#[tokio::test]
async fn after_an_attempt_that_timed_out_the_next_one_uses_a_new_connection() {
    let server = Server::start(silent_at_first).await;
    let mut policy = RetryPolicy::default();
    policy.base_delay = Duration::ZERO;
    let builder = server.builder().retry(policy).attempt_timeout(Duration::from_millis(200));
    let client = builder.build().unwrap();
    let response = client.wallet().with_response().await.unwrap();
    assert_eq!((response.failed_attempts.len(), server.connections()), (1, 2));
}

#[tokio::test]
async fn calls_after_a_timeout_share_the_new_connection() {
    const CALLS: usize = 50;
    let server = Server::start(silent_at_first).await;
    let builder = server.builder().retry(RetryPolicy::never()).timeout(Duration::from_secs(5));
    let client = builder.build().unwrap();
    let first = client.wallet().timeout(Duration::from_millis(200)).await;
    first.unwrap_err();
    // One call first, so that all others find its connection.
    let started = Arc::new(Barrier::new(CALLS));
    assert_eq!(client.wallet().await.unwrap().balance, 8450);
    let calls: Vec<_> = (0..CALLS)
        .map(|_| {
            let (client, started) = (client.clone(), Arc::clone(&started));
            tokio::spawn(async move {
                started.wait().await;
                client.wallet().await
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_does_not_respond_to_pings_is_closed_before_the_attempt_times_out() {
    let stalled = Arc::new(Notify::new());
    let stall = Arc::clone(&stalled);
    let server = Server::start(move |count, mut connection: Http2| {
        let stall = Arc::clone(&stall);
        async move {
            if count > 0 {
                return serve_all(connection).await;
            }
            let stream = connection.accept().await;
            // The connection is not polled any more, so that no ping is responded to.
            stall.notified().await;
            drop(stream);
        }
    })
    .await;
    let client = server
        .builder()
        .http2_keep_alive_interval(Duration::from_millis(100))
        .http2_keep_alive_timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let response = client.wallet().with_response().await.unwrap();
    let [silent] = &response.failed_attempts[..] else { panic!("{response:?}") };
    assert_eq!((&silent.kind, silent.outcome), (&ErrorKind::Interrupted, RequestOutcome::Unknown));
    assert_eq!(server.connections(), 2);

    let client = server.builder().http2_keep_alive_interval(None).build();
    assert!(client.is_ok());
    stalled.notify_waiters();
}

#[tokio::test]
async fn the_method_of_a_request_is_the_one_that_was_sent() {
    let (sender, mut methods) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |_, mut connection: Http2| {
        let sender = sender.clone();
        async move {
            while let Some(Ok((request, response))) = connection.accept().await {
                sender.send(request.method().clone()).unwrap();
                respond(response);
            }
        }
    })
    .await;
    server.client().delete("messages/1").send_empty().await.unwrap();
    assert_eq!(methods.recv().await, Some(Method::DELETE));
}
