//! Received requests and their responses, of each partner apart. Each log is bounded by
//! [`MAX_JOURNAL_ENTRIES`] and [`MAX_JOURNAL_BYTES`], and every known key is redacted in it. Evicted
//! requests are still counted.

mod entry;
mod evictions;

use std::collections::{BTreeMap, BTreeSet, VecDeque, btree_map};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;

pub(crate) use self::entry::{Entry, Pending, number_of, request_id};
pub use self::evictions::EvictedRequests;
use self::evictions::Limit;
pub(crate) use self::evictions::{EvictedGroup, Evictions, Matches, is_standard};
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
}

#[derive(Default)]
struct Logs {
    recorded: u64,
    /// Who waits for the next request.
    waiting: BTreeMap<u64, Waker>,
    watchers: u64,
    of: BTreeMap<Option<PartnerId>, PartnerLog>,
    /// How often requests were cleared.
    clears: u64,
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
pub(crate) struct Snapshot {
    pub(crate) entries: Vec<Entry>,
    /// Of each partner of which requests were evicted.
    pub(crate) evictions: Vec<(Option<PartnerId>, Evictions)>,
}

impl Snapshot {
    /// As many as these, and the matching evicted ones.
    pub(crate) fn count(
        &self,
        kept: usize,
        after: u64,
        matches: impl Fn(EvictedGroup<'_>) -> Option<bool>,
    ) -> Matches {
        let evicted = self.evictions.iter().map(|(_, one)| one.count(after, &matches));
        evicted.fold(Matches { certain: kept, uncertain: 0 }, Matches::plus)
    }

    /// Of all partners together.
    pub(crate) fn evicted(&self) -> EvictedRequests {
        let evicted = self.evictions.iter().map(|(_, evictions)| evictions.evicted);
        evicted.fold(EvictedRequests::default(), EvictedRequests::plus)
    }
}

/// What was recorded since a watcher looked last.
pub(crate) enum Change {
    Recorded(Vec<Entry>),
    /// Requests were cleared, or evicted before they were seen: this is all that is recorded now.
    Recount(Snapshot),
}

impl Journal {
    /// Gives the entry its number.
    #[inline]
    pub(crate) fn record(&self, mut entry: Entry) -> u64 {
        let mut logs = self.logs();
        logs.recorded += 1;
        let number = logs.recorded;
        entry.number = number;
        if let Some(log) = logs.log(entry.partner) {
            log.push(entry, MAX_JOURNAL_ENTRIES, MAX_JOURNAL_BYTES);
        }
        if !logs.waiting.is_empty() {
            let waiting = std::mem::take(&mut logs.waiting);
            drop(logs);
            waiting.into_values().for_each(Waker::wake);
        }
        number
    }

    /// Forgets all about a partner, and keeps none of its requests from now on.
    pub(crate) fn remove(&self, partner: PartnerId) {
        let mut logs = self.logs();
        logs.of.remove(&Some(partner));
        logs.clears += 1;
        logs.removed.insert(partner);
    }

    /// Waits for requests of one partner, or of all, after the one of this number.
    pub(crate) fn watcher(&self, of: Option<PartnerId>, after: u64) -> Watcher<'_> {
        let mut logs = self.logs();
        logs.watchers += 1;
        Watcher { journal: self, id: logs.watchers, of, after, seen: None }
    }

    /// The requests after the one of this number, and those that were evicted, whatever their number.
    pub(crate) fn snapshot(&self, of: Option<PartnerId>, after: u64) -> Snapshot {
        self.logs().snapshot(of, after)
    }

    /// The request of this number, if it is kept.
    pub(crate) fn find(&self, number: u64) -> Option<Entry> {
        let logs = self.logs();
        logs.of.values().find_map(|log| {
            let at = log.entries.binary_search_by_key(&number, |entry| entry.number).ok()?;
            log.entries.get(at).cloned()
        })
    }

    /// Removes the requests of one partner or of all, and the counters of those that were evicted.
    /// The next request has the next number all the same.
    pub(crate) fn clear(&self, of: Option<PartnerId>) {
        let mut logs = self.logs();
        logs.clears += 1;
        logs.of.retain(|id, _| of.is_some() && *id != of);
    }

    /// How many requests are kept.
    pub(crate) fn kept(&self) -> usize {
        self.logs().of.values().map(|log| log.entries.len()).sum()
    }

    /// How many of one partner's requests are kept.
    pub(crate) fn kept_of(&self, partner: PartnerId) -> usize {
        self.logs().of.get(&Some(partner)).map_or(0, |log| log.entries.len())
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
        self.of.iter().filter(move |(id, _)| of.is_none() || **id == of)
    }

    fn after(&self, of: Option<PartnerId>, number: u64) -> Vec<Entry> {
        let newer = |log: &'_ PartnerLog| {
            let begins = log.entries.partition_point(|entry| entry.number <= number);
            log.entries.range(begins..).cloned().collect::<Vec<_>>()
        };
        let mut after: Vec<_> = self.of(of).flat_map(|(_, log)| newer(log)).collect();
        after.sort_unstable_by_key(|entry| entry.number);
        after
    }

    fn snapshot(&self, of: Option<PartnerId>, after: u64) -> Snapshot {
        let evictions = self.of(of).filter(|(_, log)| log.evictions.evicted.total() > 0);
        Snapshot {
            entries: self.after(of, after),
            evictions: evictions.map(|(id, log)| (*id, log.evictions.clone())).collect(),
        }
    }

    /// The log for a request of this partner, unless it was removed.
    fn log(&mut self, partner: Option<PartnerId>) -> Option<&mut PartnerLog> {
        match self.of.entry(partner) {
            btree_map::Entry::Occupied(log) => Some(log.into_mut()),
            btree_map::Entry::Vacant(_) if partner.is_some_and(|id| self.removed.contains(&id)) => {
                None
            }
            btree_map::Entry::Vacant(log) => Some(log.insert(PartnerLog::default())),
        }
    }
}

impl PartnerLog {
    fn push(&mut self, entry: Entry, most_entries: usize, most_bytes: usize) {
        self.bytes += entry.size;
        self.entries.push_back(entry);
        while self.entries.len() > most_entries || self.bytes > most_bytes {
            let is_full = self.entries.len() > most_entries;
            let limit = if is_full { Limit::Entries } else { Limit::Bytes };
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.size;
            self.evictions.add(&oldest, limit);
        }
    }
}

/// Waits for requests. Dropped, it leaves nothing behind: a client may give up again and again, with
/// no request that wakes the watchers.
pub(crate) struct Watcher<'a> {
    journal: &'a Journal,
    id: u64,
    of: Option<PartnerId>,
    after: u64,
    /// How many clears, and the number of which request, it has seen.
    seen: Option<(u64, u64)>,
}

impl Watcher<'_> {
    /// What changed since the last call. The waker is woken when the next request is recorded.
    pub(crate) fn changes(&mut self, waker: &Waker) -> Change {
        let mut logs = self.journal.logs();
        logs.waiting.insert(self.id, waker.clone());
        let seen = self.seen.replace((logs.clears, logs.recorded));
        match seen.filter(|(clears, number)| {
            *clears == logs.clears
                && !logs.of(self.of).any(|(_, log)| log.evictions.is_after(*number))
        }) {
            Some((_, number)) => Change::Recorded(logs.after(self.of, number.max(self.after))),
            None => Change::Recount(logs.snapshot(self.of, self.after)),
        }
    }
}

impl Drop for Watcher<'_> {
    fn drop(&mut self) {
        let waker = self.journal.logs().waiting.remove(&self.id);
        // The lock is open again: dropping a waker may run other code.
        drop(waker);
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
    use crate::stubs::StubRequestBody;
    use axum::body::Body;
    use http::{HeaderValue, Request, Response};

    /// The entry of a request that got a response at once.
    fn recorded(request: &Request<Body>, mut response: Response<Body>) -> Entry {
        let redactor = Redactor::default();
        let pending = Pending::new(&redactor, Timestamp::UNIX_EPOCH, request);
        let mut end = std::pin::pin!(pending.end(None, &mut response));
        match end.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(entry) => entry,
            std::task::Poll::Pending => panic!("nothing to wait for"),
        }
    }

    fn entry(number: u64, target: &str) -> Entry {
        let request = Request::get(target).body(Body::empty()).unwrap();
        let mut entry = recorded(&request, Response::new(Body::empty()));
        entry.number = number;
        entry
    }

    #[test]
    fn a_full_log_evicts_the_oldest_request_and_counts_it() {
        let mut log = PartnerLog::default();
        for number in 1..=5 {
            log.push(entry(number, "/"), 3, usize::MAX);
        }
        let kept: Vec<_> = log.entries.iter().map(|entry| entry.number).collect();
        let evicted = log.evictions.evicted;
        assert_eq!((kept, evicted.by_entry_limit, evicted.by_byte_limit), (vec![3, 4, 5], 2, 0));
    }

    #[test]
    fn bytes_are_bounded_too_and_no_single_request_can_pass_the_bound() {
        let mut log = PartnerLog::default();
        let room = 2 * entry(0, "/").size;
        for number in 1..=5 {
            log.push(entry(number, "/"), usize::MAX, room);
        }
        let evicted =
            |log: &PartnerLog| (log.evictions.evicted.by_byte_limit, log.evictions.evicted.total());
        assert_eq!((log.entries.len(), evicted(&log), log.bytes), (2, (3, 3), room));
        log.push(entry(6, &format!("/{}", "x".repeat(room))), usize::MAX, room);
        assert_eq!((log.entries.len(), evicted(&log), log.bytes), (0, (6, 6), 0));
    }

    #[test]
    fn who_gives_up_waiting_leaves_nothing_behind() {
        let journal = Journal::default();
        let (mut one, mut other) = (journal.watcher(None, 0), journal.watcher(None, 0));
        for watcher in [&mut one, &mut other] {
            assert!(matches!(watcher.changes(Waker::noop()), Change::Recount(_)));
            assert!(
                matches!(watcher.changes(Waker::noop()), Change::Recorded(new) if new.is_empty())
            );
        }
        assert_eq!(journal.logs().waiting.len(), 2, "each has its own, even in one task");
        drop(one);
        assert_eq!(journal.logs().waiting.len(), 1);
        drop(other);
        assert!(journal.logs().waiting.is_empty());
    }

    #[test]
    fn a_request_is_read_as_it_was_but_for_keys() {
        let request = Request::get("/a/pk_live_canary?k=pk_live_canary&x=1")
            .header("authorization", "Bearer pk_live_canary")
            .header("cookie", "session=canary")
            .header("x-key", "pk_live_canary")
            .header("x-many", "1")
            .header("x-many", "2: \u{e9}".as_bytes())
            .body(Body::empty())
            .unwrap();
        let journal = Journal::default();
        let body = Bytes::from_static(b"a\n\nb pk_live_canary");
        let mut response = Response::new(Body::from(body.clone()));
        response.extensions_mut().insert(StubRequestBody(body));
        journal.record(recorded(&request, response));
        let recorded = journal.snapshot(None, 0).entries.first().unwrap().read(None);
        assert_eq!(recorded.path, "/a/pk_live_[redacted]");
        assert_eq!(recorded.query.as_deref(), Some("k=pk_live_[redacted]&x=1"));
        assert_eq!(recorded.headers["authorization"], "[redacted]");
        assert_eq!(recorded.headers["x-key"], "pk_live_[redacted]");
        assert_eq!(recorded.body, "a\n\nb pk_live_[redacted]");
        let response = recorded.response.as_ref().unwrap();
        assert_eq!(response.body.as_deref(), Some(&b"a\n\nb pk_live_[redacted]"[..]));
        let many: Vec<_> =
            recorded.headers.get_all("x-many").iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(many, [b"1".as_slice(), "2: \u{e9}".as_bytes()]);
        for shown in [format!("{recorded:?}"), format!("{journal:?}")] {
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}
