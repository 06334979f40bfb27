//! Received requests and their responses, of each partner apart. Each log is bounded by
//! [`MAX_JOURNAL_ENTRIES`] and [`MAX_JOURNAL_BYTES`], and every known key is redacted in it. Evicted
//! requests are still counted.

mod entry;
mod evictions;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

pub(crate) use self::entry::{Entry, Pending, milliseconds, number_of, request_id};
pub use self::evictions::EvictedRequests;
use self::evictions::Evictions;
pub(crate) use self::evictions::{Group, Matches, is_standard};
use crate::api::disposition::Disposition;
use crate::faults::AppliedFault;
use crate::state::store::PartnerId;

/// How many requests of one partner are kept. Those of no known partner are kept apart, as many.
pub const MAX_JOURNAL_ENTRIES: usize = 5_000;

/// How many bytes the kept requests of one partner may take, with their responses.
pub const MAX_JOURNAL_BYTES: usize = 16 * 1024 * 1024;

/// How many counters the evicted requests of one partner have: one for each combination of method,
/// path, status and disposition. Requests beyond them are counted without their path; those to
/// documented paths always with it. A check of an uncounted path is an error, never a wrong number.
pub const MAX_JOURNAL_COUNTERS: usize = 1_000;

/// How long the body of a response may be to be kept, in bytes. Of a longer one, the length is.
pub const MAX_RECORDED_BODY: usize = 4 * 1024;

/// A request that the mock received, and its response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// `req-1` for the first request of this mock, `req-2` for the next.
    pub request_id: String,
    /// When its head had been read, by the mock's [`Clock`](crate::Clock).
    pub received_at: Timestamp,
    /// How long the mock worked until the response was ready, in real time, the reading of a body
    /// and the computing of a stub included, without [`delay`](Self::delay).
    pub duration: Duration,
    /// How long a fault delayed the response after that; zero without one.
    pub delay: Duration,
    /// The method.
    pub method: Method,
    /// The path as it was sent, not decoded.
    pub path: String,
    /// What follows the `?`, as it was sent.
    pub query: Option<String>,
    /// The headers. The value of Authorization, Proxy-Authorization and Cookie is `[redacted]`, and so
    /// is every known key, and what follows a `pk_live_`, in the path and the query too.
    pub headers: HeaderMap,
    /// The body of a request to a stub; that of any other is not read. Keys are redacted in it.
    pub body: Bytes,
    /// The name of the partner whose key came with the request, even if it was refused.
    pub partner: Option<String>,
    /// The status of the response; if a fault let none come, of the one that would have come.
    pub status: StatusCode,
    /// How the service handled the request. A fault may have replaced the response.
    pub disposition: Disposition,
    /// The fault that was applied to the request.
    pub fault: Option<AppliedFault>,
    /// The response, as a fault left it. None if a fault let no response come.
    pub response: Option<RecordedResponse>,
}

/// What of a response the journal keeps, beside its status.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedResponse {
    /// The headers, without those that are written when it is sent: `Date` (unless a rule or a
    /// stub says one), `Content-Length`, `Transfer-Encoding` and `Connection`. Keys are redacted.
    pub headers: HeaderMap,
    /// The body that was sent, if it is no longer than
    /// [`MAX_RECORDED_BODY`](crate::MAX_RECORDED_BODY). Keys are redacted. If it was cut short, this is the part that was
    /// sent.
    pub body: Option<Bytes>,
    /// How many bytes of body were sent, whatever the headers said of it.
    pub body_length: u64,
}

/// The requests of all partners, each partner's bounded for itself: none pushes out another's.
#[derive(Default)]
pub(crate) struct Journal {
    logs: Mutex<Logs>,
    /// Tells those who wait that a request was recorded.
    recorded: Notify,
}

#[derive(Default)]
struct Logs {
    recorded: u64,
    by_partner: BTreeMap<Option<PartnerId>, PartnerLog>,
    /// Whose requests are kept no more. One may have been under way.
    removed: BTreeSet<PartnerId>,
}

#[derive(Default)]
struct PartnerLog {
    entries: VecDeque<Entry>,
    bytes: usize,
    evictions: Evictions,
}

/// What is recorded at one moment.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// The kept requests, oldest first.
    pub(crate) entries: Vec<Entry>,
    pub(crate) evicted: EvictedRequests,
    /// How many evicted requests match.
    pub(crate) matching_evicted: Matches,
    /// How many evicted requests there are.
    pub(crate) all_evicted: Matches,
}

/// The partner, the path and the method of requests, as far as evicted ones are counted by them.
pub(crate) type Target = (Option<PartnerId>, Option<String>, Option<String>);

impl Journal {
    /// Gives the entry its number.
    #[inline]
    pub(crate) fn record(&self, mut entry: Entry) -> u64 {
        let mut logs = self.logs();
        logs.recorded += 1;
        let number = logs.recorded;
        entry.number = number;
        if entry.partner.is_none_or(|partner| !logs.removed.contains(&partner)) {
            let log = logs.by_partner.entry(entry.partner).or_default();
            log.push(entry, MAX_JOURNAL_ENTRIES, MAX_JOURNAL_BYTES);
        }
        drop(logs);
        self.recorded.notify_waiters();
        number
    }

    /// Ends when the next request is recorded, counted from when this is called.
    pub(crate) fn recorded(&self) -> Notified<'_> {
        self.recorded.notified()
    }

    /// Forgets all about a partner, and keeps none of its requests from now on.
    pub(crate) fn remove(&self, partner: PartnerId) {
        let mut logs = self.logs();
        logs.by_partner.remove(&Some(partner));
        logs.removed.insert(partner);
    }

    /// The requests of one partner, or of all, after the one of this number. `matches` says which
    /// evicted ones match, and nothing where a group does not tell.
    pub(crate) fn snapshot(
        &self,
        of: Option<PartnerId>,
        after: u64,
        matches: impl Fn(&Group) -> Option<bool>,
    ) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for (_, log) in self.logs().of(of) {
            let begins = log.entries.partition_point(|entry| entry.number <= after);
            snapshot.entries.extend(log.entries.range(begins..).cloned());
            let Snapshot { evicted, matching_evicted, all_evicted, .. } = &mut snapshot;
            *evicted = evicted.plus(log.evictions.evicted);
            *matching_evicted = matching_evicted.plus(log.evictions.count(after, &matches));
            *all_evicted = all_evicted.plus(log.evictions.count_all(after));
        }
        snapshot.entries.sort_unstable_by_key(|entry| entry.number);
        snapshot
    }

    /// How many requests of one partner, or of all, were handled in this way, evicted ones included.
    pub(crate) fn count_by_target(
        &self,
        of: Option<PartnerId>,
        disposition: Disposition,
    ) -> BTreeMap<Target, usize> {
        let mut counts = BTreeMap::new();
        for (partner, log) in self.logs().of(of) {
            let kept = log.entries.iter().map(Entry::request);
            let kept = kept.filter(|request| request.disposition == disposition);
            let kept = kept.map(|request| (Some(&request.path), Some(&request.method), 1));
            let evicted = log.evictions.counts.iter();
            let evicted = evicted.filter(|(group, _)| group.disposition == disposition);
            let evicted =
                evicted.map(|(group, count)| (group.path.as_ref(), group.method.as_ref(), *count));
            for (path, method, count) in kept.chain(evicted) {
                let key = (*partner, path.cloned(), method.map(Method::to_string));
                *counts.entry(key).or_default() += count;
            }
        }
        counts
    }

    /// The request of this number, if it is kept.
    pub(crate) fn find(&self, number: u64) -> Option<Entry> {
        let logs = self.logs();
        logs.by_partner.values().find_map(|log| {
            let at = log.entries.binary_search_by_key(&number, |entry| entry.number).ok()?;
            log.entries.get(at).cloned()
        })
    }

    /// Removes the requests of one partner or of all, and the counters of those that were evicted.
    /// The next request has the next number all the same.
    pub(crate) fn clear(&self, of: Option<PartnerId>) {
        self.logs().by_partner.retain(|id, _| of.is_some() && *id != of);
    }

    /// How many requests of one partner, or of all, are kept.
    pub(crate) fn kept(&self, of: Option<PartnerId>) -> usize {
        self.logs().of(of).map(|(_, log)| log.entries.len()).sum()
    }

    /// How many requests of one partner, or of all, were evicted.
    pub(crate) fn evicted(&self, of: Option<PartnerId>) -> EvictedRequests {
        let logs = self.logs();
        let evicted = logs.of(of).map(|(_, log)| log.evictions.evicted);
        evicted.fold(EvictedRequests::default(), EvictedRequests::plus)
    }

    fn logs(&self) -> MutexGuard<'_, Logs> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Logs {
    /// The log of one partner, or all logs.
    fn of(&self, of: Option<PartnerId>) -> impl Iterator<Item = (&Option<PartnerId>, &PartnerLog)> {
        self.by_partner.iter().filter(move |(id, _)| of.is_none() || **id == of)
    }
}

impl PartnerLog {
    fn push(&mut self, entry: Entry, most_entries: usize, most_bytes: usize) {
        self.bytes += entry.size;
        self.entries.push_back(entry);
        while self.entries.len() > most_entries || self.bytes > most_bytes {
            let EvictedRequests { by_entry_limit, by_byte_limit } = &mut self.evictions.evicted;
            let by_limit =
                if self.entries.len() > most_entries { by_entry_limit } else { by_byte_limit };
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            *by_limit += 1;
            self.bytes -= oldest.size;
            self.evictions.add(oldest);
        }
    }
}

/// What is kept may be long, and is the data of somebody's clients.
impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("recorded", &self.logs().recorded).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::keys::redactor::Redactor;
    use axum::body::Body;
    use http::{Request, Response};

    async fn entry(target: &str) -> Entry {
        let request = Request::get(target).body(Body::empty()).unwrap();
        let redactor = Redactor::default();
        let pending = Pending::new(&redactor, Timestamp::UNIX_EPOCH, &request);
        pending.end(None, &mut Response::new(Body::empty())).await
    }

    #[tokio::test]
    async fn bytes_are_bounded_too_and_no_single_request_can_pass_the_bound() {
        let mut log = PartnerLog::default();
        let two_entries = 2 * entry("/").await.size;
        for _ in 1..=5 {
            log.push(entry("/").await, usize::MAX, two_entries);
        }
        let evicted = |log: &PartnerLog| log.evictions.evicted.by_byte_limit;
        assert_eq!((log.entries.len(), evicted(&log), log.bytes), (2, 3, two_entries));
        log.push(entry(&format!("/{}", "x".repeat(two_entries))).await, usize::MAX, two_entries);
        assert_eq!((log.entries.len(), evicted(&log), log.bytes), (0, 6, 0));
    }
}
