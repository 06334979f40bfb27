//! The control API, asked over a socket as a test in any language does.

use std::net::SocketAddr;

use partner_api_mock::{Control, MockServer};
use serde_json::Value;

use crate::raw;

pub(crate) async fn start() -> MockServer {
    MockServer::builder().control(Control::new()).start().await.unwrap()
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    /// `null` if there was none.
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    /// The code, the field and the message of an error.
    pub(crate) fn error(&self) -> (&str, &str, &str) {
        let part = |name: &str| self.body[name].as_str().unwrap_or_default();
        (part("error"), part("field"), part("message"))
    }
}

/// A request below `/_mock` with a JSON body, or none where it is empty.
pub(crate) async fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Answer {
    let request = format!(
        "{method} /_mock{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = raw::exchange(address, request).await;
    assert_eq!(answer.header("x-partner-api-mock"), Some("control"), "{method} {path}");
    Answer {
        status: answer.status,
        location: answer.header("location").map(str::to_owned),
        body: serde_json::from_str(&answer.body).unwrap_or_default(),
        text: answer.body,
    }
}

/// As [`ask`], where only one status will do.
pub(crate) async fn told(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
    status: u16,
) -> Value {
    let answer = ask(address, method, path, body).await;
    assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text);
    answer.body
}
