//! Requests that the journal no longer keeps. They are still counted by method, path, status and
//! disposition, in bounded memory: clients choose paths and methods.

use std::collections::HashMap;

use http::{Method, StatusCode};

use super::{Entry, MAX_JOURNAL_COUNTERS};
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

#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    Entries,
    Bytes,
}

/// The evicted requests of one log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evictions {
    pub(crate) evicted: EvictedRequests,
    /// The numbers of the first and the last evicted request.
    first: u64,
    last: u64,
    paths: HashMap<Box<str>, Vec<Counter>>,
    /// Requests to paths that have no counter.
    other_paths: Vec<Counter>,
    counters: usize,
}

#[derive(Debug, Clone)]
struct Counter {
    method: Option<Method>,
    status: StatusCode,
    disposition: Disposition,
    count: usize,
}

/// Evicted requests that have these in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EvictedGroup<'a> {
    /// None for methods that have no counter. These are no standard methods.
    pub(crate) method: Option<&'a Method>,
    /// None for paths that have no counter. These are no documented paths.
    pub(crate) path: Option<&'a str>,
    pub(crate) status: StatusCode,
    pub(crate) disposition: Disposition,
    pub(crate) count: usize,
}

/// How many requests match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Matches {
    pub(crate) certain: usize,
    /// Evicted requests that may match.
    pub(crate) uncertain: usize,
}

impl Matches {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { certain: self.certain + other.certain, uncertain: self.uncertain + other.uncertain }
    }
}

impl Evictions {
    pub(super) fn add(&mut self, entry: &Entry, limit: Limit) {
        if self.evicted.total() == 0 {
            self.first = entry.number;
        }
        self.last = entry.number;
        match limit {
            Limit::Entries => self.evicted.by_entry_limit += 1,
            Limit::Bytes => self.evicted.by_byte_limit += 1,
        }
        let request = entry.request();
        let counters = self.paths.get_mut(request.path.as_str());
        let known = counters.and_then(|counters| find(counters, Some(&request.method), entry));
        match known {
            Some(counter) => counter.count += 1,
            None => self.add_counter(entry),
        }
    }

    /// Documented paths always get a counter, so that other paths cannot use up theirs.
    #[cold]
    fn add_counter(&mut self, entry: &Entry) {
        let (method, path) = (&entry.request().method, &entry.request().path);
        let is_bounded = self.counters >= MAX_JOURNAL_COUNTERS
            || path.len() > MAX_COUNTED_PATH
            || method.as_str().len() > MAX_COUNTED_METHOD;
        let counters = if is_bounded && !api::is_documented_path(path) {
            &mut self.other_paths
        } else {
            self.paths.entry(path.as_str().into()).or_default()
        };
        let method = Some(method).filter(|method| !is_bounded || is_standard(method.as_str()));
        if let Some(counter) = find(counters, method, entry) {
            counter.count += 1;
            return;
        }
        self.counters += 1;
        counters.push(Counter {
            method: method.cloned(),
            status: entry.request().status,
            disposition: entry.request().disposition,
            count: 1,
        });
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = EvictedGroup<'_>> {
        let known = self.paths.iter().map(|(path, counters)| (Some(&**path), counters));
        known.chain([(None, &self.other_paths)]).flat_map(|(path, counters)| {
            counters.iter().map(move |counter| EvictedGroup {
                method: counter.method.as_ref(),
                path,
                status: counter.status,
                disposition: counter.disposition,
                count: counter.count,
            })
        })
    }

    /// How many of those after the request of this number match. `matches` says nothing where a
    /// group does not tell.
    pub(crate) fn count(
        &self,
        after: u64,
        matches: impl Fn(EvictedGroup<'_>) -> Option<bool>,
    ) -> Matches {
        let mut all = Matches::default();
        for group in self.groups() {
            match matches(group) {
                Some(true) => all.certain += group.count,
                Some(false) => {}
                None => all.uncertain += group.count,
            }
        }
        if after < self.first {
            return all;
        }
        // The counters do not tell which of the requests are after this one.
        let after = usize::try_from(self.last.saturating_sub(after)).unwrap_or(usize::MAX);
        Matches { certain: 0, uncertain: after.min(all.certain + all.uncertain) }
    }

    /// Whether a request after the one of this number was evicted.
    pub(super) fn is_after(&self, number: u64) -> bool {
        self.last > number
    }
}

fn find<'a>(
    counters: &'a mut [Counter],
    method: Option<&Method>,
    entry: &Entry,
) -> Option<&'a mut Counter> {
    let (status, disposition) = (entry.request().status, entry.request().disposition);
    counters.iter_mut().find(|one| {
        one.status == status && one.disposition == disposition && one.method.as_ref() == method
    })
}

/// Whether the method is one of RFC 9110 or RFC 5789. Only others can be without a counter.
pub(crate) fn is_standard(method: &str) -> bool {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]
        .contains(&method)
}
