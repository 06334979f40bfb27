//! A server that sends what a mock of the service never would: for the errors that come from what
//! stands between a client and the service.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::AbortHandle;

/// Answers every request with the same bytes until it is dropped.
#[derive(Debug)]
pub struct Responder {
    url: String,
    task: AbortHandle,
}

impl Responder {
    /// Starts on a free port. With no `answer` it takes requests and stays silent.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(answer: Option<String>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let task = tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                match &answer {
                    // A client that hangs up early is none of our business.
                    Some(answer) => drop(exchange(&mut stream, answer).await),
                    None => silent.push(stream), // kept open
                }
            }
        });
        Ok(Self { url, task: task.abort_handle() })
    }

    /// Where it is, such as `http://127.0.0.1:49152`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads the head of one request, answers, and closes.
async fn exchange(stream: &mut TcpStream, answer: &str) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// The bytes of an answer with a body. `status` is such as `502 Bad Gateway`.
pub fn response(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )
}

/// The bytes of an answer with a JSON body.
pub fn json(status: &str, body: &str) -> String {
    response(status, "application/json", body)
}

/// A URL at which nothing listens, as long as the socket is kept: it holds the port.
///
/// # Errors
/// If no port can be had.
pub fn deaf_port() -> io::Result<(String, TcpSocket)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let url = format!("http://{}", socket.local_addr()?);
    Ok((url, socket))
}
