//! A seed file, in JSON and in YAML: a valid one is served, and the error for an invalid one is one
//! line, with a position that exists and without a key.
//!
//! The bytes are the file; `$KEY` is replaced by a key.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use partner_api_mock::{Mock, Seed, SeedError};
use serde_json::Value;

use crate::block_on;
use crate::mock::ask;

const SECRET: &str = "canary0123456789";
/// The start of a field with keys.
const KEYS: &str = "\"keys\":[\"";

/// Tests a file.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).replace("$KEY", &format!("pk_live_{SECRET}"));
    for read in [Seed::from_json as fn(&str) -> Result<Seed, SeedError>, Seed::from_yaml] {
        match read(&text) {
            Ok(seed) => is_served(seed, &text),
            Err(error) => check_seed_error(&error, &text),
        }
    }
}

fn check_seed_error(error: &SeedError, text: &str) {
    let shown = error.to_string();
    assert!(!shown.chars().any(char::is_control), "more than a line: {shown:?}");
    assert!(!shown.contains(SECRET), "a key is shown: {shown}");
    assert!(!format!("{error:?}").contains(SECRET), "a key is shown: {error:?}");
    let (line, column) = (error.line().expect("a line"), error.column().expect("a column"));
    assert!(shown.starts_with(&format!("seed:{line}:{column}: ")), "{shown}");
    let lines: Vec<_> = text.split('\n').collect();
    // The error for a YAML text that ends too early is on the line after its last.
    assert!((1..=lines.len() + 1).contains(&line), "line {line} of {}: {shown}", lines.len());
    let length = lines.get(line - 1).map_or(0, |line| line.len());
    // A byte order mark is one invisible character of three bytes.
    assert!((1..=length + 4).contains(&column), "{shown}");
}

/// Every partner gets responses that a client can read, unless a fault or stub changes them.
fn is_served(seed: Seed, text: &str) {
    // A key that the file has as a name is shown.
    let is_key = |(at, _): &(usize, &str)| text[..*at].trim_end_matches("pk_live_").ends_with(KEYS);
    let is_secret = text.starts_with('{') && text.match_indices(SECRET).all(|found| is_key(&found));
    assert!(!is_secret || !format!("{seed:?}").contains(SECRET), "a key is shown");
    // Generating many companies is slow and would test nothing new.
    if text.contains("generate") && has_long_number(text) {
        return;
    }
    let has_own_responses =
        text.contains("faults") || text.contains("stubs") || text.contains('\\');
    let mock = Mock::seeded(seed);
    assert!(!mock.partners().is_empty());
    let shown = format!("{mock:?} {:?}", mock.partners());
    assert!(!is_secret || !shown.contains(SECRET), "a key is shown");
    for path in ["/api/v1/wallet", "/api/v1/companies"] {
        let request = Request::get(path)
            .header("authorization", format!("Bearer {}", mock.api_key()))
            .body(Bytes::new())
            .expect("a good request");
        let asked =
            async { tokio::time::timeout(Duration::from_secs(3600), ask(&mock, request)).await };
        let Ok(response) = block_on(asked) else {
            assert!(has_own_responses, "no response came");
            continue;
        };
        if has_own_responses {
            continue;
        }
        let (head, body) = response.expect("no fault was asked for");
        let body: Value = serde_json::from_slice(&body).expect("a response is JSON");
        match head.status.as_u16() {
            200 if path.ends_with("wallet") => assert!(body["balance"].is_i64(), "{body}"),
            200 => assert!(body["data"].is_array(), "{body}"),
            401 => assert_eq!(body["error"], "invalid_token", "its first partner is not active"),
            status => panic!("{status}"),
        }
    }
}

fn has_long_number(text: &str) -> bool {
    text.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_digit))
}
