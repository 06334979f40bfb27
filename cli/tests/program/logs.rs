//! The log reports what happens, to people and to programs, and a log that nobody reads does not
//! delay a response.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;

use serde_json::Value;

use super::{Running, mock_command, raw};

/// Requests of a client and of an attacker.
async fn ask(mock: &Running) -> SocketAddr {
    let (address, key) = (mock.address(), mock.value("API key"));
    assert_eq!(raw::wallet_with(address, key).await.status, 200);
    let get =
        |target: &str| format!("GET {target} HTTP/1.1\r\nhost: m\r\nconnection: close\r\n\r\n");
    raw::exchange(address, get(&format!("/api/v1/wallet?key={key}"))).await;
    raw::exchange(address, get("/%1b%5b31m")).await;
    // Not a request: neither it nor its bytes are logged.
    let mut connection = raw::Connection::open(address).await;
    connection.send("GET /raw\u{1b}[31m HTTP/1.1\r\nhost: m\r\n\r\n").await;
    connection.rest().await;
    address
}

fn ended(mut mock: Running) -> (Vec<String>, Option<i32>) {
    mock.signal("-TERM");
    let log = mock.log();
    (log, mock.end().0)
}

/// A line without its time and its duration, which vary.
fn steady(line: &str) -> String {
    let (time, rest) = line.split_once(' ').unwrap();
    time.parse::<jiff::Timestamp>().unwrap();
    let duration = rest.split_once(" duration_us=").map(|(rest, duration)| {
        duration.parse::<u64>().unwrap();
        rest
    });
    duration.unwrap_or(rest).trim_start().to_owned()
}

/// The line of a request.
fn request_line(id: &str, path: &str, rest: &str) -> String {
    format!(
        "INFO partner_api_mock::request: request handled request.id=\"{id}\" \
         http.request.method=\"GET\" url.path=\"{path}\" {rest}"
    )
}

#[tokio::test]
async fn each_request_is_a_line_of_text() {
    let mock = Running::start(&["--listen", "127.0.0.1:0"]);
    let key = mock.value("API key").to_owned();
    let address = ask(&mock).await;
    let (log, code) = ended(mock);
    let steady: Vec<_> = log.iter().map(|line| steady(line)).collect();
    let wallet = "/api/v1/wallet";
    let served = r#"http.response.status_code=200 disposition="served" partner="default""#;
    let redacted = "url.query=\"key=pk_live_[redacted]\" http.response.status_code=401 \
                    disposition=\"no Authorization header\"";
    let unknown = r#"http.response.status_code=404 disposition="unknown path""#;
    let event = |message| format!("INFO partner_api_mock::server: {message} address={address}");
    assert_eq!(
        steady,
        [
            event("listening"),
            request_line("req-1", wallet, served),
            request_line("req-2", wallet, redacted),
            request_line("req-3", "/%1b%5b31m", unknown),
            event("shutting down: finishing requests under way"),
            event("shut down"),
        ]
    );
    assert_eq!(code, Some(0));
    assert!(!log.concat().contains(&key));
    assert!(!log.concat().chars().any(char::is_control), "a pipe gets no colors: {log:?}");
}

#[tokio::test]
async fn each_request_can_be_a_line_of_json() {
    let mock = Running::start(&["--listen", "127.0.0.1:0", "--log-format", "json"]);
    let key = mock.value("API key").to_owned();
    ask(&mock).await;
    let (log, _) = ended(mock);
    assert!(!log.concat().contains(&key));
    assert!(!log.concat().chars().any(char::is_control), "{log:?}");
    let lines: Vec<Value> = log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(line["level"], "INFO");
    }
    let requests = lines.iter().filter(|line| line["target"] == "partner_api_mock::request");
    let requests: Vec<_> = requests.collect();
    let [served, refused, unknown] = requests[..] else { panic!("{lines:?}") };
    assert_eq!(served["request.id"], "req-1");
    assert_eq!(served["http.request.method"], "GET");
    assert_eq!(served["url.path"], "/api/v1/wallet");
    assert_eq!(served["http.response.status_code"], 200);
    assert_eq!((&served["disposition"], &served["partner"]), (&"served".into(), &"default".into()));
    assert!(served["duration_us"].is_u64() && served.get("url.query").is_none(), "{served}");
    assert_eq!(refused["url.query"], "key=pk_live_[redacted]");
    assert_eq!(
        (&refused["disposition"], refused.get("partner")),
        (&"no Authorization header".into(), None)
    );
    assert_eq!(unknown["url.path"], "/%1b%5b31m");
}

#[tokio::test]
async fn a_fault_is_named_and_a_request_without_a_response_has_no_status() {
    let faults = ["--fault", "status=503 times=1", "--fault", "connection=close times=1"];
    let mock = Running::start(&[&["--listen", "127.0.0.1:0"], &faults[..]].concat());
    let (address, key) = (mock.address(), mock.value("API key"));
    assert_eq!(raw::wallet_with(address, key).await.status, 503);
    let mut connection = raw::Connection::open(address).await;
    let request =
        format!("GET /api/v1/wallet HTTP/1.1\r\nhost: m\r\nauthorization: Bearer {key}\r\n\r\n");
    connection.send(request).await;
    assert_eq!(connection.rest().await, b"");
    let (log, _) = ended(mock);
    let requests: Vec<_> =
        log.iter().map(|line| steady(line)).filter(|line| line.contains("req-")).collect();
    let line = |id: &str, status: &str, fault: &str| {
        let rest = format!(r#"{status}disposition="served" partner="default" fault="{fault}""#);
        request_line(id, "/api/v1/wallet", &rest)
    };
    let status = "http.response.status_code=503 ";
    assert_eq!(
        requests,
        [
            line("req-1", status, "rule 1 (status=503 times=1), request 1"),
            line("req-2", "", "rule 2 (connection=close times=1), request 1"),
        ]
    );
}

#[tokio::test]
async fn rust_log_selects_what_is_logged() {
    let listen = ["--listen", "127.0.0.1:0"];
    let quiet = ["--listen", "127.0.0.1:0", "--quiet"];
    let short = ["--listen", "127.0.0.1:0", "-q"];
    let requests = "partner_api_mock::request=info";
    for (arguments, rust_log, requests, others) in [
        (&listen[..], Some(""), true, true),
        (&listen, Some("off"), false, false),
        (&listen, Some("warn"), false, false),
        (&listen, Some("info,partner_api_mock::request=off"), false, true),
        (&listen, Some(requests), true, false),
        (&quiet, None, false, false),
        (&short, None, false, false),
        (&quiet, Some("info"), false, true),
        (&quiet, Some(requests), false, false),
    ] {
        let mut command = mock_command(arguments);
        rust_log.map(|rust_log| command.env("RUST_LOG", rust_log));
        let mock = Running::spawn(&mut command);
        ask(&mock).await;
        let (log, code) = ended(mock);
        let is_request = |line: &&String| line.contains("req-");
        let counts = (log.iter().filter(is_request).count(), log.len());
        let expected = if requests { 3 } else { 0 };
        let expected = (expected, expected + if others { 3 } else { 0 });
        assert_eq!((counts, code), (expected, Some(0)), "{arguments:?} {rust_log:?}: {log:?}");
    }
}

#[test]
fn an_invalid_value_of_rust_log_is_an_error_in_one_line() {
    let mut command = mock_command(&["--listen", "127.0.0.1:0"]);
    let output = command.env("RUST_LOG", "info,partner_api_mock=lots\u{1b}").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    let start = r"partner-api: RUST_LOG `info,partner_api_mock=lots\u{1b}`: ";
    assert!(
        said.starts_with(start) && said.contains("; expected a filter such as `info`"),
        "{said}"
    );
}

#[tokio::test]
async fn a_seed_that_was_loaded_is_named() {
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-server/seed.example.json");
    let (log, _) = ended(Running::start(&["--listen", "127.0.0.1:0", "--seed", seed]));
    let loaded = format!("seed loaded file=\"{seed}\" partners=3");
    assert!(log.iter().any(|line| line.ends_with(&loaded)), "{log:?}");
}

#[tokio::test]
async fn a_log_that_nobody_reads_delays_no_response_and_counts_dropped_lines() {
    let mut mock = Running::start(&["--listen", "127.0.0.1:0"]);
    let mut connection = raw::Connection::open(mock.address()).await;
    let request = format!("GET /{} HTTP/1.1\r\nhost: m\r\n\r\n", "x".repeat(100));
    // More than the pipe, the writer's buffer and the queue hold.
    let requests = 6000;
    for _ in 0..requests / 50 {
        connection.send(request.repeat(50)).await;
        for _ in 0..50 {
            assert_eq!(connection.response().await.status, 404);
        }
    }
    // Read to the last request that was kept, so that there is space for the count.
    let mut log = BufReader::new(mock.child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut logged = log.by_ref().take(4096).filter(|line| line.contains("req-")).count();
    mock.signal("-TERM");
    let mut dropped = None;
    for line in log {
        logged += usize::from(line.contains("req-"));
        if let Some((start, lines)) = line.rsplit_once(" lines=") {
            let message = "log lines were dropped: stderr was not read in time";
            assert!(start.contains("WARN") && start.ends_with(message), "{line}");
            dropped = Some(lines.parse::<usize>().unwrap());
        }
    }
    assert_eq!(logged + dropped.unwrap(), requests, "{dropped:?} of them dropped");
    assert_eq!(mock.end().0, Some(0));
}

#[tokio::test]
async fn a_log_that_nobody_can_read_is_no_error() {
    let mut mock = Running::start(&["--listen", "127.0.0.1:0"]);
    drop(mock.child.stderr.take());
    ask(&mock).await;
    ask(&mock).await;
    mock.signal("-TERM");
    assert_eq!(mock.end(), (Some(0), String::new()));
}
