//! The received requests that a test describes, counts and waits for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::count::Count;
use super::matcher::RequestMatcher;
use super::mismatch::{Mismatch, VerificationError, shown};
use crate::api::disposition::Disposition;
use crate::api::path;
use crate::journal::{
    Entry, EvictedRequests, Group, Matches, RecordedRequest, Snapshot, number_of,
};
use crate::mock::handler::RequestHandler;
use crate::state::store::PartnerState;

/// Requests of one partner, by [`Partner::received_requests`](crate::Partner::received_requests), or of the whole mock, by
/// [`Mock::received_requests`](crate::Mock::received_requests): all of them, or those that are described.
///
/// ```
/// # use std::time::Duration;
/// # use partner_api_mock::MockServer;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mock = MockServer::start().await?;
/// let partner = mock.partner();
/// partner.received_requests().exactly(0)?;
///
/// # let client = async || {
/// #     use tower::ServiceExt;
/// #     let request = http::Request::get("/api/v1/wallet").header("authorization", format!("Bearer {}", mock.api_key()));
/// #     mock.service().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap()
/// # };
/// # client().await; client().await;
/// let two = partner.received_requests().path("wallet").wait_for(2, Duration::from_secs(2)).await?;
/// assert!(two.iter().all(|request| request.status == 200));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "requests are counted by `exactly`, `at_least`, `wait_for` or `count`"]
pub struct ReceivedRequests {
    pub(super) handler: Arc<RequestHandler>,
    pub(super) owner: Option<Arc<PartnerState>>,
    /// Only requests of a larger number.
    pub(super) after: u64,
    pub(super) matcher: RequestMatcher,
}

/// The requests that match, at one moment.
pub(crate) struct Matched {
    /// Those that the journal still has.
    pub(crate) requests: Vec<Entry>,
    /// How many they are with the evicted ones. None if evicted requests may match.
    pub(crate) count: Option<usize>,
    pub(crate) evicted: EvictedRequests,
}

impl ReceivedRequests {
    pub(crate) fn new(handler: &Arc<RequestHandler>, owner: Option<&Arc<PartnerState>>) -> Self {
        Self {
            handler: Arc::clone(handler),
            owner: owner.map(Arc::clone),
            after: 0,
            matcher: RequestMatcher::default(),
        }
    }

    /// Only those received after the request of this number.
    pub(crate) fn after_number(mut self, number: u64) -> Self {
        self.after = number;
        self
    }

    /// Only those received after this one.
    pub fn after(mut self, request: &RecordedRequest) -> Self {
        self.after = number_of(&request.request_id).unwrap_or_default();
        self
    }

    /// Only requests to this path: `wallet`, `/wallet` and `/api/v1/wallet` are the same; a segment in
    /// braces, as in `templates/{id}`, is any one segment. A path that no request can have, such as one
    /// with a query, is an error when the requests are counted.
    pub fn path(mut self, path: impl AsRef<str>) -> Self {
        self.matcher.path = Some(path::full(path.as_ref()));
        self
    }

    /// Only with this method.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.matcher.method = Some(method.into());
        self
    }

    /// Only with this query: all that follows the `?`, as it was sent.
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.matcher.query = Some(query.into());
        self
    }

    /// Only with a header of this name and value; several may be described. What is secret is
    /// `[redacted]` in the journal.
    pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        let name = name.as_ref().to_ascii_lowercase();
        self.matcher.headers.push((name, value.into()));
        self
    }

    /// Only with this body. Of a request that no stub was for, none is kept.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.matcher.body = Some(body.into());
        self
    }

    /// Only those whose response had this status.
    pub fn status(mut self, status: u16) -> Self {
        self.matcher.status = Some(status);
        self
    }

    /// Only those that the service handled in this way, such as
    /// [`Disposition::UnknownPath`](crate::Disposition::UnknownPath).
    pub fn disposition(mut self, disposition: Disposition) -> Self {
        self.matcher.disposition = Some(disposition);
        self
    }

    /// The matching requests that the journal still has, oldest first.
    pub fn all(&self) -> Vec<RecordedRequest> {
        self.read(&self.recorded())
    }

    /// How many requests match, those that were evicted from the journal included.
    ///
    /// # Errors
    ///
    /// If evicted requests may match: their headers, queries and bodies are gone, and
    /// [`MAX_JOURNAL_COUNTERS`](crate::MAX_JOURNAL_COUNTERS) bounds the counted paths. The error
    /// says how many requests were evicted, and by which limit.
    pub fn count(&self) -> Result<usize, VerificationError> {
        self.check_path()?;
        let (snapshot, matches) = self.look();
        if matches.uncertain == 0 {
            return Ok(matches.certain);
        }
        let (requests, expected, within, snapshot) = (self, None, None, &snapshot);
        Err(VerificationError::new(Mismatch { requests, expected, within, snapshot, matches }))
    }

    /// Checks that exactly this many requests match, and returns those that the journal still has.
    ///
    /// Evicted requests count as well, by method, path, status and disposition.
    ///
    /// # Errors
    ///
    /// If there are more or fewer: what was expected, and what was received. If there are fewer, with
    /// the nearest miss; if there are more, with those that match. Also if evicted requests may match,
    /// as in [`count`](Self::count).
    pub fn exactly(&self, count: usize) -> Result<Vec<RecordedRequest>, VerificationError> {
        self.verify(Count::Exactly(count)).map(|matched| self.read(&matched))
    }

    /// Checks that at least this many requests match, and returns those that the journal still has.
    ///
    /// # Errors
    ///
    /// If there are fewer, as [`exactly`](Self::exactly).
    pub fn at_least(&self, count: usize) -> Result<Vec<RecordedRequest>, VerificationError> {
        self.verify(Count::AtLeast(count)).map(|matched| self.read(&matched))
    }

    /// Waits until at least this many requests match, earlier ones included, and returns those that
    /// the journal still has.
    ///
    /// Requests that are cleared during the wait no longer count, and the wait goes on. It uses tokio's
    /// clock, which may be paused. To wait for 0 requests returns immediately; to check that no request
    /// arrives, use [`wait_for_exactly`](Self::wait_for_exactly).
    ///
    /// # Errors
    ///
    /// If there are fewer when the time is over, as [`exactly`](Self::exactly).
    pub async fn wait_for(
        &self,
        count: usize,
        limit: Duration,
    ) -> Result<Vec<RecordedRequest>, VerificationError> {
        self.wait(Count::AtLeast(count), limit).await.map(|matched| self.read(&matched))
    }

    /// Waits until exactly this many requests match, as [`wait_for`](Self::wait_for). With 0 it waits
    /// for the whole time: no request arrives within it.
    ///
    /// # Errors
    ///
    /// If there are fewer when the time is over, or as soon as there are more, as
    /// [`exactly`](Self::exactly).
    pub async fn wait_for_exactly(
        &self,
        count: usize,
        limit: Duration,
    ) -> Result<Vec<RecordedRequest>, VerificationError> {
        self.wait(Count::Exactly(count), limit).await.map(|matched| self.read(&matched))
    }

    /// As [`exactly`](Self::exactly) and [`at_least`](Self::at_least), for the control API.
    pub(crate) fn verify(&self, count: Count) -> Result<Matched, VerificationError> {
        self.check_path()?;
        self.check(count, None, self.look())
    }

    pub(crate) async fn wait(
        &self,
        count: Count,
        limit: Duration,
    ) -> Result<Matched, VerificationError> {
        self.check_path()?;
        let decided = async {
            loop {
                // Before the look at the journal, so that no request after it is missed.
                let recorded = self.handler.journal.recorded();
                let seen = self.look();
                if count.is_decided(seen.1) {
                    return seen;
                }
                drop(seen); // Its requests may be evicted during the wait.
                recorded.await;
            }
        };
        let seen = tokio::time::timeout(limit, decided).await.unwrap_or_else(|_| self.look());
        self.check(count, Some(limit), seen)
    }

    /// As [`all`](Self::all), for the control API.
    pub(crate) fn recorded(&self) -> Matched {
        let (snapshot, matches) = self.look();
        self.matched(snapshot, matches)
    }

    fn check(
        &self,
        count: Count,
        within: Option<Duration>,
        (snapshot, matches): (Snapshot, Matches),
    ) -> Result<Matched, VerificationError> {
        if count.is_met(matches) {
            return Ok(self.matched(snapshot, matches));
        }
        let (requests, expected, snapshot) = (self, Some(count), &snapshot);
        Err(VerificationError::new(Mismatch { requests, expected, within, snapshot, matches }))
    }

    /// What is recorded now, and how many of these requests match.
    fn look(&self) -> (Snapshot, Matches) {
        let of = self.owner.as_ref().map(|partner| partner.id);
        let matches_evicted = |group: &Group| self.matcher.matches_evicted(group);
        let snapshot = self.handler.journal.snapshot(of, self.after, matches_evicted);
        let kept = snapshot.entries.iter().filter(|entry| self.matcher.matches(entry.request()));
        let kept = Matches { certain: kept.count(), uncertain: 0 };
        let matches = kept.plus(snapshot.matching_evicted);
        (snapshot, matches)
    }

    fn matched(&self, snapshot: Snapshot, matches: Matches) -> Matched {
        let Snapshot { entries: mut requests, evicted, .. } = snapshot;
        requests.retain(|entry| self.matcher.matches(entry.request()));
        Matched { requests, count: (matches.uncertain == 0).then_some(matches.certain), evicted }
    }

    fn read(&self, matched: &Matched) -> Vec<RecordedRequest> {
        matched.requests.iter().map(|entry| self.handler.read(entry)).collect()
    }

    fn check_path(&self) -> Result<(), VerificationError> {
        match self.matcher.path.as_deref().filter(|path| !path::is_possible(path)) {
            Some(path) => Err(VerificationError::new(format_args!(
                "no request has the path {}; expected it percent-encoded, without a query",
                shown(path)
            ))),
            None => Ok(()),
        }
    }
}

/// There is no key in it.
impl fmt::Debug for ReceivedRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let matcher = self.matcher.to_string();
        f.debug_struct("ReceivedRequests").field("matcher", &matcher).finish_non_exhaustive()
    }
}
