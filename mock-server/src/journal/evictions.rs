//! Requests that the journal no longer keeps. They are still counted by method, path, status and
//! disposition, in bounded memory: clients choose paths and methods.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};

use http::{Method, StatusCode};

use super::{Entry, MAX_JOURNAL_COUNTERS, RecordedRequest};
use crate::api;
use crate::api::disposition::Disposition;

/// A longer path or method has no counter.
const MAX_COUNTED_PATH: usize = 1024;
const MAX_COUNTED_METHOD: usize = 32;

/// How many requests were evicted from the journal, by the limit that was reached.
///
/// Evicted requests still count by method, path, status and disposition; their headers, queries and
/// bodies are gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvictedRequests {
    /// Evicted since [`MAX_JOURNAL_ENTRIES`](crate::MAX_JOURNAL_ENTRIES) newer requests were recorded.
    pub by_entry_limit: usize,
    /// Evicted since the requests took more than [`MAX_JOURNAL_BYTES`](crate::MAX_JOURNAL_BYTES).
    pub by_byte_limit: usize,
}

impl EvictedRequests {
    /// All evicted requests.
    pub fn total(self) -> usize {
        self.by_entry_limit + self.by_byte_limit
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            by_entry_limit: self.by_entry_limit + other.by_entry_limit,
            by_byte_limit: self.by_byte_limit + other.by_byte_limit,
        }
    }
}

/// What evicted requests are counted by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// None for methods that have no counter. These are no standard methods.
    pub(crate) method: Option<Method>,
    /// None for paths that have no counter. These are no documented paths.
    pub(crate) path: Option<String>,
    pub(crate) status: StatusCode,
    pub(crate) disposition: Disposition,
}

/// By the path alone: few groups share a path, and hashing all fields takes 300 instructions more.
impl Hash for Group {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path.hash(state);
    }
}

/// How many requests match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Matches {
    pub(crate) certain: usize,
    /// Evicted requests that may match.
    pub(crate) uncertain: usize,
}

/// `3`, or `from 3 to 7003` where evicted requests may match.
impl fmt::Display for Matches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { certain, uncertain } = self;
        match uncertain {
            0 => write!(f, "{certain}"),
            _ => write!(f, "from {certain} to {}", certain + uncertain),
        }
    }
}

impl Matches {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { certain: self.certain + other.certain, uncertain: self.uncertain + other.uncertain }
    }
}

/// The evicted requests of one log.
#[derive(Debug, Default)]
pub(super) struct Evictions {
    pub(super) evicted: EvictedRequests,
    /// The numbers of the first and the last evicted request.
    first: u64,
    last: u64,
    pub(super) counts: HashMap<Group, usize>,
}

impl Evictions {
    pub(super) fn add(&mut self, entry: Entry) {
        if self.counts.is_empty() {
            self.first = entry.number;
        }
        self.last = entry.number;
        let RecordedRequest { method, path, status, disposition, .. } = entry.into_request();
        let mut group = Group { method: Some(method), path: Some(path), status, disposition };
        if let Some(count) = self.counts.get_mut(&group) {
            *count += 1;
            return;
        }
        let is_full = self.counts.len() >= MAX_JOURNAL_COUNTERS;
        let is_long = group.path.as_ref().is_some_and(|path| path.len() > MAX_COUNTED_PATH)
            || group.method.as_ref().is_some_and(|one| one.as_str().len() > MAX_COUNTED_METHOD);
        // Documented paths always get a counter, so that other paths cannot use up theirs.
        if is_full || is_long {
            group.path.take_if(|path| !api::is_documented_path(path));
            group.method.take_if(|method| !is_standard(method.as_str()));
        }
        *self.counts.entry(group).or_default() += 1;
    }

    /// How many of those after the request of this number match. `matches` says nothing where a
    /// group does not tell.
    pub(super) fn count(&self, after: u64, matches: impl Fn(&Group) -> Option<bool>) -> Matches {
        let mut all = Matches::default();
        for (group, count) in &self.counts {
            match matches(group) {
                Some(true) => all.certain += count,
                Some(false) => {}
                None => all.uncertain += count,
            }
        }
        self.matches_after(after, all)
    }

    /// How many were evicted after the request of this number.
    pub(super) fn count_all(&self, after: u64) -> Matches {
        self.matches_after(after, Matches { certain: self.evicted.total(), uncertain: 0 })
    }

    /// Of all these, those after the request of this number.
    fn matches_after(&self, after: u64, all: Matches) -> Matches {
        if after < self.first {
            return all;
        }
        // The counters do not tell which of the requests are after this one.
        let after = usize::try_from(self.last.saturating_sub(after)).unwrap_or(usize::MAX);
        Matches { certain: 0, uncertain: after.min(all.certain + all.uncertain) }
    }
}

/// Whether the method is one of RFC 9110 or RFC 5789. Only others can be without a counter.
pub(crate) fn is_standard(method: &str) -> bool {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]
        .contains(&method)
}
