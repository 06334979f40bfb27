//! A server over raw sockets that does, connection by connection, what a test tells it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use partner_api::{Client, ClientBuilder, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A key that must show up nowhere.
pub(crate) const KEY: &str = "pk_live_canary7f3a9c51e8d24b06";

pub(crate) const WALLET: &str =
    r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

/// What the server does next on a connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Reads one request head, and notes it.
    Read,
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes in single pieces of one byte.
    Drip(Vec<u8>),
    /// Sends these bytes again and again, until the other side has enough.
    SendForever(Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Does nothing more, but keeps the connection open.
    Hang,
    /// Waits until the client has closed the connection.
    AwaitClose,
}

/// Runs until it is dropped.
pub(crate) struct RawServer {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    accepting: JoinHandle<()>,
    /// Told when a connection has been served to its end.
    served: Arc<tokio::sync::Notify>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<String>,
}

impl RawServer {
    /// Serves the n-th connection, from 0, by these steps, and closes it after the last.
    pub(crate) async fn start(steps: impl Fn(usize) -> Vec<Step> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let served = Arc::new(tokio::sync::Notify::new());
        let accepting = tokio::spawn({
            let (seen, served) = (Arc::clone(&seen), Arc::clone(&served));
            async move {
                let mut connections = tokio::task::JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    let count = {
                        let mut seen = seen.lock().unwrap();
                        seen.connections += 1;
                        seen.connections
                    };
                    let (steps, seen, served) =
                        (steps(count - 1), Arc::clone(&seen), Arc::clone(&served));
                    connections.spawn(async move {
                        serve(stream, steps, seen).await;
                        served.notify_one();
                    });
                }
            }
        });
        Self { address, seen, accepting, served }
    }

    /// Answers every connection's one request with these bytes.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |_| vec![Step::Read, Step::Send(answer.clone())]).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// Waits until a connection has been served to its end.
    pub(crate) async fn connection_ended(&self) {
        self.served.notified().await;
    }

    /// The heads of the requests so far, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    /// A client for this server, with retries off.
    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder().base_url(self.url()).api_key(KEY).retry(RetryPolicy::never())
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut stream: TcpStream, steps: Vec<Step>, seen: Arc<Mutex<Seen>>) {
    stream.set_nodelay(true).unwrap();
    for step in steps {
        if perform(step, &mut stream, &seen).await.is_err() {
            return;
        }
    }
}

async fn perform(step: Step, stream: &mut TcpStream, seen: &Mutex<Seen>) -> io::Result<()> {
    match step {
        Step::Read => {
            let head = read_head(stream).await?;
            seen.lock().unwrap().requests.push(head);
        }
        Step::Send(bytes) => stream.write_all(&bytes).await?,
        Step::Drip(bytes) => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                tokio::task::yield_now().await;
            }
        }
        Step::SendForever(bytes) => loop {
            stream.write_all(&bytes).await?;
        },
        Step::Reset => stream.set_zero_linger()?,
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

/// A whole answer with its length.
pub(crate) fn answer(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for header in headers {
        answer.push_str(header);
        answer.push_str("\r\n");
    }
    answer.push_str("\r\n");
    let mut answer = answer.into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// A good answer.
pub(crate) fn json(body: impl AsRef<[u8]>) -> Vec<u8> {
    answer("200 OK", &["content-type: application/json"], body)
}

/// The key as it is, and as it would look to whoever encodes what he prints.
fn forms() -> Vec<String> {
    let hex = format!("{:02x?}", KEY.as_bytes()).replace([',', ' ', '[', ']'], "");
    let bytes = format!("{:?}", KEY.as_bytes()).trim_matches(['[', ']']).to_owned();
    // It may begin at any of the three places in a group of base64; its last group is left out.
    let base64 =
        [0, 1, 2].map(|skip| BASE64_STANDARD.encode(&KEY.as_bytes()[skip..])[..36].to_owned());
    // A part of it is enough to be a sighting.
    let others = [KEY[8..].to_owned(), KEY.replace('_', "%5F"), hex, bytes];
    others.into_iter().chain(base64).collect()
}

/// In which forms the key stands in a text.
pub(crate) fn sightings(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    forms().into_iter().filter(|form| text.contains(&form.to_lowercase())).collect()
}
