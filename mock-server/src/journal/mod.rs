//! What was asked, when, and how it was answered: bounded, and with no key in it.

mod encoding;
mod entry;
mod response;

use std::collections::{BTreeMap, BTreeSet, VecDeque, btree_map};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;

pub(crate) use self::entry::{Entry, Exchange, Told, number_of};
pub(crate) use self::response::Answered;
use crate::api::auth::Refusal;
use crate::faults::registry::Injected;
use crate::state::store::TenantId;

/// How many requests of one partner are kept. Those of no known partner are kept apart, as many.
pub const JOURNAL_ENTRIES: usize = 10_000;

/// How many bytes the kept requests of one partner may take, with their answers. A body that
/// several requests in a row were answered with counts once.
pub const JOURNAL_BYTES: usize = 8 * 1024 * 1024;

/// How long the body of an answer may be to be kept, in bytes. Of a longer one, the length is.
pub const JOURNAL_ANSWER_BODY: usize = 4 * 1024;

/// A request that the mock was asked, as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// `req-1` for the first request of this mock, `req-2` for the next.
    pub request_id: String,
    /// When its head had been read, by the mock's [`Clock`](crate::Clock).
    pub received_at: Timestamp,
    /// How long it took from then until the answer was ready to leave, in real time, the reading
    /// of a body and the computing of a stub included. A delay that was asked for is not: it
    /// stands in [`fault`](Self::fault).
    pub took: Duration,
    /// The method.
    pub method: Method,
    /// The path as it was sent, not decoded.
    pub path: String,
    /// What follows the `?`, as it was sent.
    pub query: Option<String>,
    /// The headers. The value of Authorization, Proxy-Authorization and Cookie is `[redacted]`,
    /// and so is what follows `pk_live_` wherever else it stands, the path and query included.
    pub headers: HeaderMap,
    /// The body of a request to a stub; that of any other is not read. In it, too, what follows
    /// `pk_live_` is `[redacted]`.
    pub body: Bytes,
    /// The name of the partner whose key came with the request, even if it was refused.
    pub partner: Option<String>,
    /// The status of the answer; if a fault let none come, of the one that would have come.
    pub status: StatusCode,
    /// What the service made of the request. A fault may have put another answer in its place.
    pub why: Why,
    /// The fault that met the request.
    pub fault: Option<Injected>,
    /// The answer, as a fault left it. None if a fault let no answer come.
    pub answer: Option<RecordedAnswer>,
}

/// What of an answer the journal keeps, beside its status.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedAnswer {
    /// The headers, without those that are written when it is sent: `Date` (unless a rule or a
    /// stub says one), `Content-Length`, `Transfer-Encoding` and `Connection`. What follows
    /// `pk_live_` is `[redacted]` here, too.
    pub headers: HeaderMap,
    /// The body that was sent, if it is no longer than
    /// [`JOURNAL_ANSWER_BODY`](crate::JOURNAL_ANSWER_BODY). What follows `pk_live_` is
    /// `[redacted]`. If it was cut short, this is what was left of it.
    pub body: Option<Bytes>,
    /// How many bytes of body were sent, whatever the headers said of it.
    pub body_length: u64,
}

/// Why a request was answered as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// The partner's own data was sent.
    Served,
    /// A stub answered.
    Stubbed,
    /// 401, by this rule.
    Refused(Refusal),
    /// 404: the reference has no such path.
    UnknownPath,
    /// 405: the path is there, and the method is neither `GET` nor `HEAD`.
    WrongMethod,
    /// 413: a body for a stub that is larger than [`MAX_REQUEST_BODY`](crate::MAX_REQUEST_BODY).
    BodyTooLarge,
    /// 400: no Host header, two of them, or one that is none (RFC 9112, section 3.2).
    BadHost,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Served => f.write_str("served"),
            Self::Stubbed => f.write_str("stubbed"),
            Self::BodyTooLarge => f.write_str("body too large"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::UnknownPath => f.write_str("unknown path"),
            Self::WrongMethod => f.write_str("wrong method"),
            Self::BadHost => f.write_str("bad Host header"),
        }
    }
}

/// The requests of all partners, each partner's bounded for itself: none pushes out another's.
#[derive(Default)]
pub(crate) struct Journal {
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    recorded: u64,
    /// Who waits for the next request.
    waiting: BTreeMap<u64, Waker>,
    watchers: u64,
    of: BTreeMap<Option<TenantId>, Page>,
    /// Whose requests are kept no more. One may have been under way.
    removed: BTreeSet<TenantId>,
}

#[derive(Default)]
struct Page {
    entries: VecDeque<Entry>,
    bytes: usize,
    dropped: u64,
}

impl Journal {
    /// Gives the entry its number.
    #[inline]
    pub(crate) fn record(&self, mut entry: Entry) -> u64 {
        let mut pages = self.pages();
        pages.recorded += 1;
        let number = pages.recorded;
        entry.number = number;
        if let Some(page) = pages.page(entry.tenant) {
            page.push(entry, JOURNAL_ENTRIES, JOURNAL_BYTES);
        }
        if !pages.waiting.is_empty() {
            let waiting = std::mem::take(&mut pages.waiting);
            drop(pages);
            waiting.into_values().for_each(Waker::wake);
        }
        number
    }

    /// Forgets all about a partner, and keeps none of its requests from now on.
    pub(crate) fn remove(&self, tenant: TenantId) {
        let mut pages = self.pages();
        pages.of.remove(&Some(tenant));
        pages.removed.insert(tenant);
    }

    /// Somebody who waits for requests.
    pub(crate) fn watcher(&self) -> Watcher<'_> {
        let mut pages = self.pages();
        pages.watchers += 1;
        Watcher { journal: self, id: pages.watchers }
    }

    /// What came after the request of this number, of one partner or of all, in the order it was
    /// asked. No request has the number 0.
    pub(crate) fn after(&self, of: Option<TenantId>, number: u64) -> Vec<Entry> {
        self.pages().after(of, number)
    }

    /// The request of this number, if it is kept.
    pub(crate) fn find(&self, number: u64) -> Option<Entry> {
        let pages = self.pages();
        pages.of.values().find_map(|page| {
            let at = page.entries.binary_search_by_key(&number, |entry| entry.number).ok()?;
            page.entries.get(at).cloned()
        })
    }

    /// Forgets what was asked, by one partner or by all, and how much of that was dropped. The
    /// next request has the next number all the same.
    pub(crate) fn clear(&self, of: Option<TenantId>) {
        self.pages().of.retain(|id, _| of.is_some() && *id != of);
    }

    /// How many requests are kept.
    pub(crate) fn kept(&self) -> usize {
        self.pages().of.values().map(|page| page.entries.len()).sum()
    }

    /// How many of one partner's requests are kept.
    pub(crate) fn kept_of(&self, tenant: TenantId) -> usize {
        self.pages().of.get(&Some(tenant)).map_or(0, |page| page.entries.len())
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.pages().of.values().map(|page| page.dropped).sum()
    }

    pub(crate) fn dropped_of(&self, tenant: TenantId) -> u64 {
        self.pages().of.get(&Some(tenant)).map_or(0, |page| page.dropped)
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn after(&self, of: Option<TenantId>, number: u64) -> Vec<Entry> {
        let pages = self.of.iter().filter(|(id, _)| of.is_none() || **id == of);
        let newer = |page: &'_ Page| {
            let begins = page.entries.partition_point(|entry| entry.number <= number);
            page.entries.range(begins..).cloned().collect::<Vec<_>>()
        };
        let mut after: Vec<_> = pages.flat_map(|(_, page)| newer(page)).collect();
        after.sort_unstable_by_key(|entry| entry.number);
        after
    }

    /// The page for a request of this partner, unless it was removed.
    fn page(&mut self, tenant: Option<TenantId>) -> Option<&mut Page> {
        match self.of.entry(tenant) {
            btree_map::Entry::Occupied(page) => Some(page.into_mut()),
            btree_map::Entry::Vacant(_) if tenant.is_some_and(|id| self.removed.contains(&id)) => {
                None
            }
            btree_map::Entry::Vacant(page) => Some(page.insert(Page::default())),
        }
    }
}

impl Page {
    fn push(&mut self, entry: Entry, most_entries: usize, most_bytes: usize) {
        self.bytes += entry.size() + entry.size_beside(self.entries.back());
        self.entries.push_back(entry);
        while self.entries.len() > most_entries || self.bytes > most_bytes {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.size() + oldest.size_beside(self.entries.front());
            self.dropped += 1;
        }
    }
}

/// When it is dropped, nothing is left of it: who gives up may come again and again, and no request
/// that wakes all of them.
pub(crate) struct Watcher<'a> {
    journal: &'a Journal,
    id: u64,
}

impl Watcher<'_> {
    /// As [`after`](Journal::after). The waker is woken when the next request comes.
    pub(crate) fn after(&self, of: Option<TenantId>, number: u64, waker: &Waker) -> Vec<Entry> {
        let mut pages = self.journal.pages();
        pages.waiting.insert(self.id, waker.clone());
        pages.after(of, number)
    }
}

impl Drop for Watcher<'_> {
    fn drop(&mut self) {
        let waker = self.journal.pages().waiting.remove(&self.id);
        // Whatever that ends, the lock is open again.
        drop(waker);
    }
}

/// What is kept may be long, and is the data of somebody's clients.
impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("recorded", &self.pages().recorded).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Request, request};

    fn record(journal: &Journal, parts: &request::Parts, body: Option<&Bytes>, sent: &Bytes) {
        journal.record(Entry::new(exchange(parts, body, sent)));
    }

    fn exchange<'a>(
        request: &'a request::Parts,
        body: Option<&'a Bytes>,
        sent: &Bytes,
    ) -> Exchange<'a> {
        Exchange {
            tenant: None,
            request,
            body,
            received_at: std::time::SystemTime::UNIX_EPOCH,
            took: Duration::ZERO,
            status: StatusCode::OK,
            why: Why::Served,
            fault: None,
            answer: Answered::documented(&sent.clone().into()),
        }
    }

    fn entry(number: u64, target: &str, sent: &Bytes) -> Entry {
        let (parts, ()) = Request::get(target).body(()).unwrap().into_parts();
        let mut entry = Entry::new(exchange(&parts, None, sent));
        entry.number = number;
        entry
    }

    #[test]
    fn a_full_page_drops_the_oldest_and_counts_it() {
        let mut page = Page::default();
        for number in 1..=5 {
            page.push(entry(number, "/", &Bytes::new()), 3, usize::MAX);
        }
        let kept: Vec<_> = page.entries.iter().map(|entry| entry.number).collect();
        assert_eq!((kept, page.dropped), (vec![3, 4, 5], 2));
    }

    #[test]
    fn bytes_are_bounded_too_and_no_single_request_can_pass_the_bound() {
        let mut page = Page::default();
        let none = Bytes::new();
        let room = 2 * entry(0, "/", &none).size();
        for number in 1..=5 {
            page.push(entry(number, "/", &none), usize::MAX, room);
        }
        assert_eq!((page.entries.len(), page.dropped, page.bytes), (2, 3, room));
        page.push(entry(6, &format!("/{}", "x".repeat(room)), &none), usize::MAX, room);
        assert_eq!((page.entries.len(), page.dropped, page.bytes), (0, 6, 0));
    }

    #[test]
    fn a_body_counts_once_for_all_that_were_answered_with_it_in_a_row() {
        let (one, other) = (Bytes::from(vec![b'1'; 100]), Bytes::from(vec![b'2'; 70]));
        let mut page = Page::default();
        let size = entry(0, "/", &one).size();
        for (number, sent, bodies) in
            [(1, &one, 100), (2, &one, 100), (3, &other, 170), (4, &other, 170), (5, &one, 270)]
        {
            page.push(entry(number, "/", sent), usize::MAX, usize::MAX);
            assert_eq!(page.bytes, page.entries.len() * size + bodies, "after {number}");
        }
        for bodies in [270, 170, 170, 100, 100] {
            page.push(entry(6, "/", &one), 5, usize::MAX);
            assert_eq!(page.bytes, 5 * size + bodies);
        }
        // Another body of the same bytes has its own memory.
        page.push(entry(7, "/", &Bytes::from(one.to_vec())), 5, usize::MAX);
        assert_eq!(page.bytes, 5 * size + 200);
    }

    #[test]
    fn who_gives_up_waiting_leaves_nothing_behind() {
        let journal = Journal::default();
        let (one, other) = (journal.watcher(), journal.watcher());
        for watcher in [&one, &other, &one] {
            assert!(watcher.after(None, 0, Waker::noop()).is_empty());
        }
        assert_eq!(journal.pages().waiting.len(), 2, "each has its own, even in one task");
        drop(one);
        assert_eq!(journal.pages().waiting.len(), 1);
        drop(other);
        assert!(journal.pages().waiting.is_empty());
    }

    #[test]
    fn an_entry_of_a_usual_request_is_small() {
        assert!(size_of::<Entry>() <= 184, "{}", size_of::<Entry>());
    }

    #[test]
    fn what_is_read_is_what_was_asked_but_for_what_is_secret() {
        let (parts, ()) = Request::get("/a/pk_live_canary?k=pk_live_canary&x=1")
            .header("authorization", "Bearer pk_live_canary")
            .header("cookie", "session=canary")
            .header("x-key", "pk_live_canary")
            .header("x-many", "1")
            .header("x-many", "2: \u{e9}".as_bytes())
            .body(())
            .unwrap()
            .into_parts();
        let journal = Journal::default();
        let body = Bytes::from_static(b"a\n\nb pk_live_canary");
        record(&journal, &parts, Some(&body), &body);
        let recorded = journal.after(None, 0).first().unwrap().read(None, |_| HeaderMap::new());
        assert_eq!(recorded.path, "/a/pk_live_[redacted]");
        assert_eq!(recorded.query.as_deref(), Some("k=pk_live_[redacted]&x=1"));
        assert_eq!(recorded.headers["authorization"], "[redacted]");
        assert_eq!(recorded.headers["x-key"], "pk_live_[redacted]");
        assert_eq!(recorded.body, "a\n\nb pk_live_[redacted]");
        let answer = recorded.answer.as_ref().unwrap();
        assert_eq!(answer.body.as_deref(), Some(&b"a\n\nb pk_live_[redacted]"[..]));
        let many: Vec<_> =
            recorded.headers.get_all("x-many").iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(many, [b"1".as_slice(), "2: \u{e9}".as_bytes()]);
        for shown in [format!("{recorded:?}"), format!("{journal:?}")] {
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}
