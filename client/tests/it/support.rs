//! The servers of the tests, and the search for a key in a text.
//!
//! What the client sends, and how it reads ordinary responses, is tested against wiremock, which
//! others wrote. [`RawServer`] is for what happens on the wire: it runs the steps that a test gives
//! for each connection.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use partner_api::{Client, ClientBuilder, RetryPolicy};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// The key of the clients under test. No output may contain it.
pub(crate) const KEY: &str = "pk_live_canary7f3a9c51e8d24b06";

pub(crate) const WALLET: &str =
    r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

/// Makes a client without retries.
pub(crate) fn client(base_url: &str) -> Client {
    builder(base_url).build().unwrap()
}

pub(crate) fn builder(base_url: &str) -> ClientBuilder {
    Client::builder().base_url(base_url).api_key(KEY).retry(RetryPolicy::never())
}

/// Returns an address on which no server listens.
pub(crate) fn closed_port() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A server that returns this response to every request.
pub(crate) async fn responding(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    server
}

/// A successful response with a JSON body.
pub(crate) fn json_response(body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

/// Returns the requests that a server received so far, in order.
pub(crate) async fn received(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

/// A step that the server takes on a connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Reads one request head, and records it.
    Read,
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes one by one.
    SendByteByByte(Vec<u8>),
    /// Sends these bytes repeatedly until the client closes the connection.
    SendForever(Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Keeps the connection open and does nothing else.
    Hang,
    /// Waits until the client has closed the connection.
    AwaitClose,
}

/// Runs until it is dropped.
pub(crate) struct RawServer {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Received>>,
    accepting: JoinHandle<()>,
    /// Notified when a connection has taken its last step.
    served: Arc<tokio::sync::Notify>,
}

#[derive(Default)]
struct Received {
    connections: usize,
    requests: Vec<String>,
}

impl RawServer {
    /// Runs these steps on the n-th connection, counted from 0, and then closes it.
    pub(crate) async fn start(steps: impl Fn(usize) -> Vec<Step> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Received::default()));
        let served = Arc::new(tokio::sync::Notify::new());
        let accepting = tokio::spawn({
            let (received, served) = (Arc::clone(&received), Arc::clone(&served));
            async move {
                let mut connections = tokio::task::JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    let count = {
                        let mut received = received.lock().unwrap();
                        received.connections += 1;
                        received.connections
                    };
                    let (steps, received, served) =
                        (steps(count - 1), Arc::clone(&received), Arc::clone(&served));
                    connections.spawn(async move {
                        serve(stream, steps, received).await;
                        served.notify_one();
                    });
                }
            }
        });
        Self { address, received, accepting, served }
    }

    /// Responds with these bytes to one request on each connection.
    pub(crate) async fn responding(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |_| vec![Step::Read, Step::Send(response.clone())]).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.received.lock().unwrap().connections
    }

    /// Waits until a connection has taken its last step.
    pub(crate) async fn connection_ended(&self) {
        self.served.notified().await;
    }

    /// Returns the heads of the requests so far, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.received.lock().unwrap().requests.clone()
    }

    /// Makes a client for this server, without retries.
    pub(crate) fn client(&self) -> Client {
        client(&self.url())
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        builder(&self.url())
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut stream: TcpStream, steps: Vec<Step>, received: Arc<Mutex<Received>>) {
    stream.set_nodelay(true).unwrap();
    for step in steps {
        if run_step(step, &mut stream, &received).await.is_err() {
            return;
        }
    }
}

async fn run_step(
    step: Step,
    stream: &mut TcpStream,
    received: &Mutex<Received>,
) -> io::Result<()> {
    match step {
        Step::Read => {
            let head = read_head(stream).await?;
            received.lock().unwrap().requests.push(head);
        }
        Step::Send(bytes) => stream.write_all(&bytes).await?,
        Step::SendByteByByte(bytes) => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                tokio::task::yield_now().await;
            }
        }
        Step::SendForever(bytes) => loop {
            stream.write_all(&bytes).await?;
        },
        Step::Reset => SockRef::from(&*stream).set_linger(Some(Duration::ZERO))?,
        Step::Hang => std::future::pending().await,
        Step::AwaitClose => while stream.read(&mut [0; 1024]).await? > 0 {},
    }
    Ok(())
}

async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8(head).unwrap())
}

/// Returns a complete response with its length.
pub(crate) fn http_response(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let mut response = head.into_bytes();
    response.extend_from_slice(body);
    response
}

/// Returns a successful response with a JSON body.
pub(crate) fn json(body: impl AsRef<[u8]>) -> Vec<u8> {
    http_response("200 OK", &["content-type: application/json"], body)
}

/// Returns the key as it is, and as common encodings would print it.
fn forms() -> Vec<String> {
    let hex = format!("{:02x?}", KEY.as_bytes()).replace([',', ' ', '[', ']'], "");
    let bytes = format!("{:?}", KEY.as_bytes()).trim_matches(['[', ']']).to_owned();
    // The key may begin at any of three positions in a base64 group; its last group is left out.
    let base64 =
        [0, 1, 2].map(|skip| BASE64_STANDARD.encode(&KEY.as_bytes()[skip..])[..36].to_owned());
    // A part of the key is enough.
    let others = [KEY[8..].to_owned(), KEY.replace('_', "%5F"), hex, bytes];
    others.into_iter().chain(base64).collect()
}

/// Returns the forms of the key that a text contains.
pub(crate) fn key_forms_in(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    forms().into_iter().filter(|form| text.contains(&form.to_lowercase())).collect()
}
