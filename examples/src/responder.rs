//! A server that sends any bytes, for errors of proxies and of other servers.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::AbortHandle;

/// Responds to every request with the same bytes until it is dropped.
#[derive(Debug)]
pub struct Responder {
    url: String,
    task: AbortHandle,
}

impl Responder {
    /// Starts on a free port. Without a `response` it accepts requests and never responds.
    ///
    /// # Errors
    /// If no port is available.
    pub async fn start(response: Option<String>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let task = tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                match &response {
                    // A client may close the connection early.
                    Some(response) => drop(exchange(&mut stream, response).await),
                    None => silent.push(stream), // kept open
                }
            }
        });
        Ok(Self { url, task: task.abort_handle() })
    }

    /// Returns its URL, such as `http://127.0.0.1:49152`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads the head of one request, responds, and closes the connection.
async fn exchange(stream: &mut TcpStream, response: &str) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

/// Returns the bytes of a response with a body. `status` is for example `502 Bad Gateway`.
pub fn response(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )
}

/// Returns the bytes of a response with a JSON body.
pub fn json(status: &str, body: &str) -> String {
    response(status, "application/json", body)
}

/// Returns a URL on which no server listens, as long as the socket, which holds the port, is kept.
///
/// # Errors
/// If no port is available.
pub fn deaf_port() -> io::Result<(String, TcpSocket)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let url = format!("http://{}", socket.local_addr()?);
    Ok((url, socket))
}
