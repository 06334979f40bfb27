//! Properties of every error.

use std::error::Error as _;
use std::time::Duration;

use partner_api::{Error, ErrorKind, MAX_ERROR_BODY_BYTES};

/// A key that must not be shown anywhere.
pub(crate) const KEY: &str = "pk_live_canary7f3a9c51e8d24b06";

/// For a clock of whole milliseconds, and the work of a call beside waiting.
pub(crate) const SLACK: Duration = Duration::from_millis(50);

/// The longest message of an error with one reason, including truncated texts.
const MAX_MESSAGE: usize = 2_000;

pub(crate) fn check_error(error: &Error, deadline: Duration) {
    let mut text = format!("{error}\u{0}{error:?}\u{0}{:?}", error.kind());
    assert!(
        error.to_string().len() <= MAX_MESSAGE || error.is_config(),
        "a message of {} bytes",
        error.to_string().len()
    );
    for attempt in error.attempts() {
        text = format!("{text}\u{0}{}\u{0}{attempt:?}", attempt.kind);
    }
    let shown = text.replace('\u{0}', "");
    assert!(!shown.contains(char::is_control), "{shown:?}");
    let mut source = error.source();
    while let Some(below) = source {
        text = format!("{text} {below} {below:?}");
        source = below.source();
    }
    // Only the whole key is searched: a part of it may come from the bytes of the test.
    let is_shown = text.to_ascii_lowercase().contains(&KEY.to_ascii_lowercase());
    assert!(!is_shown, "the key is shown: {text}");

    let body = error.body().unwrap_or_default();
    assert!(body.len() <= MAX_ERROR_BODY_BYTES, "{} bytes", body.len());
    assert!(error.elapsed() <= deadline + SLACK, "{error:?}");
    let _ = (error.request_id(), error.retry_after());
}

/// Returns true if the body was classified as a page, and begins like one.
pub(crate) fn is_markup(error: &Error, body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    matches!(error.kind(), ErrorKind::Protocol(_)) && body.trim_ascii_start().starts_with(b"<")
}
