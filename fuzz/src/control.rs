//! The control API, over a socket: every request gets a response, an error says why in one line,
//! and no change is half applied.
//!
//! The bytes are requests, separated by a line `===`. The first line of each is a method and a path
//! below `/_mock`; the rest is the body. `$KEY` is replaced by a key.

use std::net::SocketAddr;

use partner_api_mock::{Control, MockServer};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const SECRET: &str = "canary0123456789";
/// More requests would test nothing new.
const MOST_REQUESTS: usize = 6;

/// Tests requests in the form above.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).replace("$KEY", &format!("pk_live_{SECRET}"));
    // Waiting, or generating many companies, is slow and would test nothing new.
    let is_long = text.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_digit));
    if text.contains("within") || (text.contains("generate") && is_long) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mock = MockServer::builder().control(Control::new()).start().await.expect("a mock");
        for request in text.split("\n===\n").take(MOST_REQUESTS) {
            let (line, body) = request.split_once('\n').unwrap_or((request, ""));
            let Some((method, path)) = line.split_once(' ') else { continue };
            let is_method = method.bytes().all(|byte| byte.is_ascii_uppercase());
            // The part after a `#` is not in the target.
            let is_target = !path.contains('#') && path.parse::<http::Uri>().is_ok();
            let is_path = path.starts_with('/') && is_target;
            if is_method && !method.is_empty() && is_path {
                check_response(mock.address(), method, path, body).await;
            }
        }
    });
}

async fn check_response(address: SocketAddr, method: &str, path: &str, body: &str) {
    let before = state(address).await;
    let response = ask(address, method, path, body).await;
    let is_change = response.status < 400 && !matches!(method, "GET" | "HEAD");
    if !is_change {
        assert_eq!(state(address).await, before, "{method} {path} changed something: {body}");
    }
    assert!(
        matches!(response.status, 200 | 201 | 204 | 308 | 400 | 404 | 405 | 409 | 413),
        "{response:?}"
    );
    if response.status >= 400 && method != "HEAD" {
        let said: Value = serde_json::from_str(&response.body).expect("a refusal is JSON");
        let part = |name: &str| said[name].as_str().unwrap_or_default();
        assert!(!part("error").is_empty() && !part("message").is_empty(), "{response:?}");
        let is_in_one_line = |text: &str| !text.chars().any(char::is_control);
        // The error of a wrong count has several lines.
        assert!(
            part("error") == "verification_failed" || is_in_one_line(part("message")),
            "{response:?}"
        );
        assert!(is_in_one_line(part("field")), "{response:?}");
        assert!(!response.body.contains(SECRET), "a key is shown: {response:?}");
    }
}

/// Everything that a request could change, as the mock reports it.
async fn state(address: SocketAddr) -> Vec<String> {
    let mut state = Vec::new();
    for path in ["/partners", "/faults", "/stubs", "/clock"] {
        let response = ask(address, "GET", path, "").await;
        // A running clock always has another time.
        let is_running = path == "/clock" && response.body.contains("\"paused\":false");
        state.push(if is_running { "runs".to_owned() } else { response.body });
    }
    state
}

#[derive(Debug)]
struct Response {
    status: u16,
    body: String,
}

async fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Response {
    let head = format!(
        "{method} /_mock{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut bytes = Vec::new();
    // The mock may respond and close the connection before all of it is sent.
    let _ = stream.write_all((head + body).as_bytes()).await;
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).expect("a response is text");
    let (head, body) = text.split_once("\r\n\r\n").expect("every request gets a response");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    assert!(head.contains("\r\nx-partner-api-mock: "), "{method} {path}: {head}");
    Response { status, body: body.to_owned() }
}
