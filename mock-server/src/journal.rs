//! What was asked, and how it was answered: bounded, and with no key in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque, btree_map};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, request};

use crate::auth::Refusal;
use crate::key;
use crate::rules::Injected;
use crate::store::TenantId;

/// How many requests of one partner are kept. Those of no known partner are kept apart, as many.
pub const JOURNAL_ENTRIES: usize = 10_000;

/// How many bytes the kept requests of one partner may take.
pub const JOURNAL_BYTES: usize = 8 * 1024 * 1024;

/// A request that the mock was asked, as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// `req-1` for the first request of this mock, `req-2` for the next.
    pub request_id: String,
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
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    recorded: u64,
    /// Who waits for the next request.
    waiting: Vec<Waker>,
    of: BTreeMap<Option<TenantId>, Page>,
    /// Whose requests are kept no more. One may have been under way.
    removed: BTreeSet<TenantId>,
}

#[derive(Debug, Default)]
struct Page {
    entries: VecDeque<Entry>,
    bytes: usize,
    dropped: u64,
}

/// One request, in one piece of memory: the target, the header lines and the body, redacted.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    number: u64,
    pub(crate) tenant: Option<TenantId>,
    method: Method,
    status: StatusCode,
    why: Why,
    fault: Option<Box<Injected>>,
    head: Box<[u8]>,
}

impl Journal {
    pub(crate) fn record(
        &self,
        tenant: Option<TenantId>,
        request: &request::Parts,
        body: Option<&Bytes>,
        status: StatusCode,
        why: Why,
        fault: Option<Box<Injected>>,
    ) {
        let (method, head) = (request.method.clone(), head_of(request, body));
        let mut pages = self.pages();
        pages.recorded += 1;
        let entry = Entry { number: pages.recorded, tenant, method, status, why, fault, head };
        if let Some(page) = pages.page(tenant) {
            page.push(entry, JOURNAL_ENTRIES, JOURNAL_BYTES);
        }
        if !pages.waiting.is_empty() {
            let waiting = std::mem::take(&mut pages.waiting);
            drop(pages);
            waiting.into_iter().for_each(Waker::wake);
        }
    }

    /// Forgets all about a partner, and keeps none of its requests from now on.
    pub(crate) fn remove(&self, tenant: TenantId) {
        let mut pages = self.pages();
        pages.of.remove(&Some(tenant));
        pages.removed.insert(tenant);
    }

    /// What came after the request of this number, of one partner or of all, in the order it was
    /// asked. The waker is woken when the next one comes.
    pub(crate) fn watch(&self, of: Option<TenantId>, number: u64, waker: &Waker) -> Vec<Entry> {
        let mut pages = self.pages();
        if !pages.waiting.iter().any(|one| one.will_wake(waker)) {
            pages.waiting.push(waker.clone());
        }
        let mut after: Vec<_> = pages
            .of
            .iter()
            .filter(|(id, _)| of.is_none() || **id == of)
            .flat_map(|(_, page)| {
                let newest = page.entries.iter().rev();
                newest.take_while(|entry| entry.number > number)
            })
            .cloned()
            .collect();
        after.sort_unstable_by_key(|entry| entry.number);
        after
    }

    /// All that is kept, in the order it was asked.
    pub(crate) fn all(&self) -> Vec<Entry> {
        let pages = self.pages();
        let mut all: Vec<_> = pages.of.values().flat_map(|page| &page.entries).cloned().collect();
        all.sort_unstable_by_key(|entry| entry.number);
        all
    }

    pub(crate) fn of(&self, tenant: TenantId) -> Vec<Entry> {
        let pages = self.pages();
        pages
            .of
            .get(&Some(tenant))
            .map_or_else(Vec::new, |page| page.entries.iter().cloned().collect())
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
        self.bytes += entry.size();
        self.entries.push_back(entry);
        while self.entries.len() > most_entries || self.bytes > most_bytes {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.size();
            self.dropped += 1;
        }
    }
}

impl Entry {
    fn size(&self) -> usize {
        let fault = self.fault.as_deref().map_or(0, size_of_val);
        size_of::<Self>() + fault + self.head.len()
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn read(&self, partner: Option<String>) -> RecordedRequest {
        let body = memchr::memmem::find(&self.head, BEFORE_BODY);
        let (head, body) = self.head.split_at(body.unwrap_or(self.head.len()));
        let body = body.strip_prefix(BEFORE_BODY).unwrap_or_default();
        let mut lines = head.split(|byte| *byte == b'\n');
        let target = String::from_utf8_lossy(lines.next().unwrap_or_default());
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (target.into_owned(), None),
        };
        RecordedRequest {
            request_id: format!("req-{}", self.number),
            method: self.method.clone(),
            path,
            query,
            headers: lines.filter_map(header_of).collect(),
            body: Bytes::copy_from_slice(body),
            partner,
            status: self.status,
            why: self.why,
            fault: self.fault.as_deref().cloned(),
        }
    }
}

/// An empty line ends the head, as it does on the wire.
const BEFORE_BODY: &[u8] = b"\n\n";

/// The target, then each header as `name:value`, a line each: neither can hold a line's end. After
/// an empty line, the body, if there was one to be read.
fn head_of(request: &request::Parts, body: Option<&Bytes>) -> Box<[u8]> {
    let target =
        request.uri.path_and_query().map_or_else(|| request.uri.path(), |target| target.as_str());
    let mut head = Vec::with_capacity(256);
    head.extend_from_slice(target.as_bytes());
    for (name, value) in &request.headers {
        let value = match *name {
            AUTHORIZATION | PROXY_AUTHORIZATION | COOKIE => key::REDACTED.as_bytes(),
            _ => value.as_bytes(),
        };
        for part in [b"\n", name.as_str().as_bytes(), b":", value] {
            head.extend_from_slice(part);
        }
    }
    if let Some(body) = body {
        head.extend_from_slice(BEFORE_BODY);
        head.extend_from_slice(body);
    }
    key::redact(head).into_boxed_slice()
}

fn header_of(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_at_checked(memchr::memchr(b':', line)?)?;
    let value = value.strip_prefix(b":")?;
    Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn entry(number: u64, target: &str) -> Entry {
        let (parts, ()) = Request::get(target).body(()).unwrap().into_parts();
        Entry {
            number,
            tenant: None,
            method: Method::GET,
            status: StatusCode::OK,
            why: Why::Served,
            fault: None,
            head: head_of(&parts, None),
        }
    }

    #[test]
    fn a_full_page_drops_the_oldest_and_counts_it() {
        let mut page = Page::default();
        for number in 1..=5 {
            page.push(entry(number, "/"), 3, usize::MAX);
        }
        let kept: Vec<_> = page.entries.iter().map(|entry| entry.number).collect();
        assert_eq!((kept, page.dropped), (vec![3, 4, 5], 2));
    }

    #[test]
    fn bytes_are_bounded_too_and_no_single_request_can_pass_the_bound() {
        let mut page = Page::default();
        let room = 2 * entry(0, "/").size();
        for number in 1..=5 {
            page.push(entry(number, "/"), usize::MAX, room);
        }
        assert_eq!((page.entries.len(), page.dropped, page.bytes), (2, 3, room));
        page.push(entry(6, &format!("/{}", "x".repeat(room))), usize::MAX, room);
        assert_eq!((page.entries.len(), page.dropped, page.bytes), (0, 6, 0));
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
        journal.record(None, &parts, Some(&body), StatusCode::OK, Why::Served, None);
        let recorded = journal.all().first().unwrap().read(None);
        assert_eq!(recorded.path, "/a/pk_live_[redacted]");
        assert_eq!(recorded.query.as_deref(), Some("k=pk_live_[redacted]&x=1"));
        assert_eq!(recorded.headers["authorization"], "[redacted]");
        assert_eq!(recorded.headers["x-key"], "pk_live_[redacted]");
        assert_eq!(recorded.body, "a\n\nb pk_live_[redacted]");
        let many: Vec<_> =
            recorded.headers.get_all("x-many").iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(many, [b"1".as_slice(), "2: \u{e9}".as_bytes()]);
        for shown in [format!("{recorded:?}"), format!("{journal:?}")] {
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}
