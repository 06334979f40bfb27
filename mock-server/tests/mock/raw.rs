//! HTTP by hand: bytes to a socket, bytes from it, so that no client library changes what is sent.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;

/// Ends a test that hangs. Nothing here takes long.
const TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(one, _)| one == name);
        let first = all.next().map(|(_, value)| value.as_str());
        assert!(all.next().is_none(), "{name} is there twice");
        first
    }

    /// The error code. Panics unless the body has exactly the documented schema.
    pub(crate) fn error(&self) -> &str {
        let code =
            self.body.strip_prefix(r#"{"error":""#).and_then(|rest| rest.strip_suffix(r#""}"#));
        code.unwrap_or_else(|| panic!("not an error of the documented schema: {self:?}"))
    }
}

/// Any free port of a loopback address that no other test uses, in this process or in another: no
/// other test takes the port when it is free again, and a connection to it does not connect to
/// itself. On a machine with a single loopback address, it is that one.
pub(crate) fn unshared_address() -> SocketAddr {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let [_, _, process, id] = std::process::id().to_be_bytes();
    let [.., test] = (2 + TAKEN.fetch_add(1, Ordering::Relaxed) % 253).to_be_bytes();
    let own = SocketAddr::from((Ipv4Addr::new(127, process, id, test), 0));
    match TcpListener::bind(own) {
        Ok(_) => own,
        Err(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }
}

/// Requests the wallet with these further header lines, on a separate connection.
pub(crate) async fn wallet(address: SocketAddr, headers: impl AsRef<[u8]>) -> Response {
    let request = [
        b"GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n",
        headers.as_ref(),
        b"\r\n",
    ];
    exchange(address, request.concat()).await
}

/// Requests the wallet with this key.
pub(crate) async fn wallet_with(address: SocketAddr, key: &str) -> Response {
    wallet(address, format!("authorization: Bearer {key}\r\n")).await
}

/// Sends these bytes and returns the only response, after which the server closes the connection.
pub(crate) async fn exchange(address: SocketAddr, request: impl AsRef<[u8]>) -> Response {
    let mut connection = Connection::open(address).await;
    connection.send(request).await;
    parse(&connection.rest().await)
}

/// A kept-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// As [`send`](Self::send), to a server that may close before all is sent.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        within(self.stream.write_all(bytes.as_ref())).await
    }

    /// The next response, by its content-length.
    pub(crate) async fn response(&mut self) -> Response {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(within(self.stream.read_u8()).await.unwrap());
        }
        let length = parse(&bytes).header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        within(self.stream.read_exact(&mut body)).await.unwrap();
        bytes.extend(body);
        parse(&bytes)
    }

    /// Reads as many bytes as `text` has, which must be `text`.
    pub(crate) async fn expect(&mut self, text: &str) {
        let mut bytes = vec![0; text.len()];
        within(self.stream.read_exact(&mut bytes)).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), text);
    }

    /// The next response, or `None` if the server ended the connection before it began one.
    pub(crate) async fn response_or_end(&mut self) -> Option<Response> {
        let mut first = [0];
        match within(self.stream.peek(&mut first)).await {
            Ok(1..) => Some(self.response().await),
            Ok(0) | Err(_) => None,
        }
    }

    /// As [`end`](Self::end), if the connection has not ended yet.
    pub(crate) async fn try_end(&mut self) -> std::io::Result<()> {
        self.stream.shutdown().await
    }

    /// The last response, after which the server closes the connection.
    pub(crate) async fn last_response(&mut self) -> Response {
        parse(&self.rest().await)
    }

    /// Waits, reading nothing, until the server resets the connection.
    pub(crate) async fn wait_for_reset(&self) {
        while !within(self.stream.ready(Interest::ERROR)).await.unwrap().is_error() {}
    }

    /// Reads at most `most` bytes and returns how many: 0 if the connection has ended.
    pub(crate) async fn some(&mut self, most: usize) -> usize {
        let mut bytes = vec![0; most];
        within(self.stream.read(&mut bytes)).await.unwrap_or(0)
    }

    /// Ends this side of the connection; the other stays open.
    pub(crate) async fn end(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Whether the server has neither sent anything nor ended the connection so far.
    pub(crate) fn is_open(&self) -> bool {
        let read = self.stream.try_read(&mut [0]);
        read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// How the connection ends, on which nothing more is sent: `None` means without an error.
    pub(crate) async fn end_of_connection(&mut self) -> Option<std::io::ErrorKind> {
        match within(self.stream.read(&mut [0])).await {
            Ok(0) => None,
            Ok(_) => panic!("received a byte"),
            Err(error) => Some(error.kind()),
        }
    }

    /// All bytes until the server closes or resets the connection.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = within(self.stream.read_to_end(&mut bytes)).await;
        bytes
    }
}

async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, what).await.expect("the server should have responded or closed")
}

/// All responses in these bytes, by their content-length.
pub(crate) fn all(mut bytes: &[u8]) -> Vec<Response> {
    let mut responses = Vec::new();
    while !bytes.is_empty() {
        let (head, _) =
            bytes.split_at(bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4);
        let length =
            parse(head).header("content-length").map_or(0, |length| length.parse().unwrap());
        let (response, rest) = bytes.split_at(head.len() + length);
        responses.push(parse(response));
        bytes = rest;
    }
    responses
}

fn parse(bytes: &[u8]) -> Response {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let (head, body) =
        text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    Response {
        status: status.parse().unwrap(),
        headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
        body: body.to_owned(),
    }
}
