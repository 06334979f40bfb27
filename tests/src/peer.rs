//! Both ends of a plain socket: a server that records requests and sends the response that it was
//! given, and a client that sends the given request. Neither knows the Partner API.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::Checked;
use crate::http::{Request, Response};

/// Ends a test that hangs. No test waits this long.
const GUARD: Duration = Duration::from_secs(20);

/// A server on a free port of the loopback interface. It sends one response on every connection.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    response: Arc<Mutex<Vec<u8>>>,
    seen: mpsc::UnboundedReceiver<Vec<u8>>,
    task: JoinHandle<()>,
}

impl Peer {
    /// Starts a server that sends these bytes.
    pub async fn start(response: Vec<u8>) -> Checked<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let response = Arc::new(Mutex::new(response));
        let (record, seen) = mpsc::unbounded_channel();
        let task = tokio::spawn(serve(listener, Arc::clone(&response), record));
        Ok(Self { address, response, seen, task })
    }

    /// The URL of the server, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the bytes that the server sends from now on.
    pub fn set_response(&self, response: Vec<u8>) {
        *self.response.lock().unwrap_or_else(PoisonError::into_inner) = response;
    }

    /// The next request, with all bytes until the connection was closed.
    pub async fn request(&mut self) -> Checked<Request> {
        let bytes = tokio::time::timeout(GUARD, self.seen.recv()).await?;
        Request::parse(&bytes.ok_or("the server ended")?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    response: Arc<Mutex<Vec<u8>>>,
    record: mpsc::UnboundedSender<Vec<u8>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let response = response.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let record = record.clone();
        tokio::spawn(async move {
            // A broken connection is not recorded, and the test that waits for its request fails.
            if let Ok(bytes) = converse(stream, &response).await {
                let _ = record.send(bytes);
            }
        });
    }
}

async fn converse(mut stream: TcpStream, response: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    stream.write_all(response).await?;
    stream.shutdown().await?;
    stream.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Sends a request without a body and returns the response. `server` is `http://` and an address.
pub async fn ask(server: &str, method: &str, target: &str, headers: &[&str]) -> Checked<Response> {
    let address = server.strip_prefix("http://").ok_or("not http")?;
    let mut head =
        format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head.as_bytes()).await?;
    let mut bytes = Vec::new();
    tokio::time::timeout(GUARD, stream.read_to_end(&mut bytes)).await??;
    Response::parse(&bytes)
}
