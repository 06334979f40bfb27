//! How much one client may ask of the mock, and how long it may take over it.
//!
//! The reference names no limit, so all of these are our own: far above what a client of the
//! documented calls needs, and low enough that no client can use the mock up.

use std::time::Duration;

/// How large the head of a request may be in bytes: request line, header lines and the empty line
/// after them.
pub const DEFAULT_MAX_HEAD_BYTES: usize = 64 * 1024;

/// How many header lines a request may have.
pub const DEFAULT_MAX_HEADERS: usize = 100;

/// How many connections may be open at the same time.
pub const DEFAULT_MAX_CONNECTIONS: usize = 10_000;

/// How long a client may take to send the head of a request, from the start of the connection or from
/// the response before it.
pub const DEFAULT_HEADER_READ_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a client may take to send a body that is wanted, counted from the end of the head.
pub const DEFAULT_BODY_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client may read nothing while there is something for it to read. One that reads
/// slowly, but reads, is never cut off.
pub const DEFAULT_WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long [`MockServer::shutdown`](crate::MockServer::shutdown) waits for requests under way.
pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// A timer cannot be set to a moment that its clock cannot name.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// The limits of one mock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) head_bytes: usize,
    pub(super) headers: usize,
    pub(super) connections: usize,
    pub(super) head: Duration,
    pub(super) body: Duration,
    pub(super) write: Duration,
    pub(super) drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: DEFAULT_MAX_HEAD_BYTES,
            headers: DEFAULT_MAX_HEADERS,
            connections: DEFAULT_MAX_CONNECTIONS,
            head: DEFAULT_HEADER_READ_TIMEOUT,
            body: DEFAULT_BODY_READ_TIMEOUT,
            write: DEFAULT_WRITE_TIMEOUT,
            drain: DEFAULT_DRAIN_TIMEOUT,
        }
    }
}

/// A limit that a timer can be set to.
pub(super) fn bounded(limit: Duration) -> Duration {
    limit.min(MAX_TIMEOUT)
}
