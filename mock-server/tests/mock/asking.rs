//! Requests to the control API over a socket, as a test in any language sends them.

use std::net::SocketAddr;

use partner_api_mock::{Control, MockServer};
use serde_json::Value;

use crate::raw;

pub(crate) async fn start() -> MockServer {
    MockServer::builder().control(Control::new()).start().await.unwrap()
}

pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    /// `null` if the response has no body.
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Response {
    /// The code, the field and the message of an error.
    pub(crate) fn error(&self) -> (&str, &str, &str) {
        let part = |name: &str| self.body[name].as_str().unwrap_or_default();
        (part("error"), part("field"), part("message"))
    }
}

/// Sends a request below `/_mock`. An empty `body` means no body.
pub(crate) async fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Response {
    let request = format!(
        "{method} /_mock{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let response = raw::exchange(address, request).await;
    assert_eq!(response.header("x-partner-api-mock"), Some("control"), "{method} {path}");
    Response {
        status: response.status,
        location: response.header("location").map(str::to_owned),
        body: serde_json::from_str(&response.body).unwrap_or_default(),
        text: response.body,
    }
}

/// As [`ask`]; panics if the status is another one.
pub(crate) async fn told(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
    status: u16,
) -> Value {
    let response = ask(address, method, path, body).await;
    assert_eq!(response.status, status, "{method} {path} {body}: {}", response.text);
    response.body
}
