//! Parses `Retry-After`.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// Returns the wait of `Retry-After` (RFC 9110, section 10.2.3), which is seconds or a date. A past
/// date is zero, an invalid value is ignored, and the longest of several values is used.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    headers
        .get_all(RETRY_AFTER)
        .iter()
        .filter_map(|value| {
            let text = value.to_str().ok()?.trim_ascii();
            if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
            }
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        })
        .max()
}
