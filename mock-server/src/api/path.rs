//! The one way to read a path, in rules, stubs and checks of received requests: `wallet`, `/wallet`
//! and `/api/v1/wallet` are the same. A segment in braces is any one segment.

use super::BASE_PATH;

/// The path with `/api/v1`.
pub(crate) fn full(path: &str) -> String {
    let path = path.strip_prefix('/').unwrap_or(path);
    let base = BASE_PATH.trim_start_matches('/');
    match path.strip_prefix(base) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/{path}"),
        _ => format!("{BASE_PATH}/{path}"),
    }
}

/// Whether a full path is one below `/api/v1`.
pub(crate) fn is_below_base(path: &str) -> bool {
    let rest = path.strip_prefix(BASE_PATH).and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| !rest.is_empty())
}

/// Whether a request below `/api/v1` can have this path.
pub(crate) fn is_possible(path: &str) -> bool {
    is_below_base(path) && can_be_sent(path)
}

/// Whether a request can have this path, which is percent-encoded then, and ends before the query.
pub(crate) fn can_be_sent(path: &str) -> bool {
    path.split('/').all(|segment| {
        let is_ascii = segment.bytes().all(|byte| byte.is_ascii_graphic());
        is_ascii && (is_any(segment) || is_encoded(segment))
    })
}

/// Whether a request's path matches, segment by segment.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == other => {}
            (Some(one), Some(other)) if is_any(one) && !other.is_empty() => {}
            _ => return false,
        }
    }
}

fn is_any(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

/// Whether a segment has nothing that ends a path, is a part of a template, or would be
/// percent-encoded by a client.
fn is_encoded(segment: &str) -> bool {
    let mut parts = segment.split('%');
    let is_plain = |part: &str| !part.contains(['?', '#', '{', '}']);
    let is_escape = |part: &str| {
        let digits = part.bytes().take(2).filter(u8::is_ascii_hexdigit);
        digits.count() == 2 && is_plain(part)
    };
    parts.next().is_some_and(is_plain) && parts.all(is_escape)
}
