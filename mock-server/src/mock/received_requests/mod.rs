//! Verification of received requests: counted immediately or waited for, and explained if the count is
//! not as expected.

mod mismatch;

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

pub use self::mismatch::VerificationError;
use crate::api::path;
use crate::journal::{Entry, RecordedRequest, number_of};
use crate::mock::handler::RequestHandler;
use crate::state::keys::api_key;
use crate::state::store::{PartnerId, PartnerState};

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
#[must_use = "calls are looked at by `exactly`, `at_least`, `wait_for` or `all`"]
pub struct ReceivedRequests {
    handler: Arc<RequestHandler>,
    owner: Option<Arc<PartnerState>>,
    /// Only requests of a larger number.
    after: u64,
    matcher: RequestMatcher,
}

/// A request, and the partner whose key came with it.
pub(crate) struct ReceivedRequest {
    pub(crate) partner: Option<PartnerId>,
    pub(crate) request: RecordedRequest,
}

/// What a request must be like; what is not said may be anything.
#[derive(Clone, Default)]
struct RequestMatcher {
    method: Option<String>,
    path: Option<String>,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    status: Option<u16>,
}

/// How many are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    Exactly(usize),
    AtLeast(usize),
    Within(usize, Duration),
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

    /// All that were received so far, oldest first.
    pub fn all(&self) -> Vec<RecordedRequest> {
        let mut all = self.recorded();
        all.retain(|request| self.matcher.matches(request));
        all
    }

    /// The matching requests, if there are exactly this many.
    ///
    /// # Errors
    ///
    /// If there are more or fewer: what was expected, what was received, and the nearest miss.
    pub fn exactly(&self, count: usize) -> Result<Vec<RecordedRequest>, VerificationError> {
        self.judge(Count::Exactly(count))
    }

    /// The matching requests, if there are at least this many.
    ///
    /// # Errors
    ///
    /// If there are fewer, as [`exactly`](Self::exactly).
    pub fn at_least(&self, count: usize) -> Result<Vec<RecordedRequest>, VerificationError> {
        self.judge(Count::AtLeast(count))
    }

    /// Waits until this many have been received, earlier ones included: no longer than it takes, and no
    /// longer than the limit. It needs tokio's clock, which may be paused.
    ///
    /// # Errors
    ///
    /// If there were fewer when the time was over, as [`exactly`](Self::exactly).
    pub async fn wait_for(
        &self,
        count: usize,
        limit: Duration,
    ) -> Result<Vec<RecordedRequest>, VerificationError> {
        self.wait(count, limit).await;
        self.received_within(count, limit)
    }

    /// Ends when so many have come, or the time is over. Which it was is seen in the journal.
    pub(crate) async fn wait(&self, count: usize, limit: Duration) {
        let (mut seen, mut matched) = (self.after, 0);
        let watcher = self.handler.journal.watcher();
        let enough = poll_fn(|context| {
            let owner = self.owner.as_ref().map(|partner| partner.id);
            for entry in watcher.after(owner, seen, context.waker()) {
                seen = entry.number();
                matched += usize::from(self.matcher.matches(&self.handler.read(&entry)));
            }
            if matched >= count { Poll::Ready(()) } else { Poll::Pending }
        });
        // Whether it was enough is seen in the journal, which has the last word.
        let _ = tokio::time::timeout(limit, enough).await;
    }

    /// As [`at_least`](Self::at_least), for those who have waited so long for it.
    pub(crate) fn received_within(
        &self,
        count: usize,
        limit: Duration,
    ) -> Result<Vec<RecordedRequest>, VerificationError> {
        self.judge(Count::Within(count, limit))
    }

    /// As [`all`](Self::all), with the partners' ids.
    pub(crate) fn seen(&self) -> Vec<ReceivedRequest> {
        let entries = self.entries().into_iter();
        let seen = entries.map(|entry| ReceivedRequest {
            partner: entry.partner,
            request: self.handler.read(&entry),
        });
        seen.filter(|seen| self.matcher.matches(&seen.request)).collect()
    }

    fn recorded(&self) -> Vec<RecordedRequest> {
        self.entries().iter().map(|entry| self.handler.read(entry)).collect()
    }

    fn entries(&self) -> Vec<Entry> {
        let owner = self.owner.as_ref().map(|partner| partner.id);
        self.handler.journal.after(owner, self.after)
    }

    fn judge(&self, count: Count) -> Result<Vec<RecordedRequest>, VerificationError> {
        if let Some(path) = self.matcher.path.as_deref().filter(|path| !path::is_possible(path)) {
            return Err(VerificationError::unsent(path));
        }
        let recorded = self.recorded();
        let is_match = |request: &&RecordedRequest| self.matcher.matches(request);
        let matched: Vec<_> = recorded.iter().filter(is_match).cloned().collect();
        if count.matches(matched.len()) {
            return Ok(matched);
        }
        let owner = self.owner.as_deref();
        let name = owner.map(PartnerState::name);
        let rules = match owner {
            Some(partner) => vec![
                ("its rules", self.handler.rules.texts_of(Some(partner.id))),
                ("the mock's rules", self.handler.rules.texts_of(None)),
            ],
            None => vec![("the mock's rules", self.handler.rules.texts_of(None))],
        };
        Err(VerificationError::explain(&mismatch::Mismatch {
            matcher: &self.matcher,
            count,
            recorded: &recorded,
            matched: matched.len(),
            partner: name.as_deref(),
            after: self.after,
            rules,
        }))
    }
}

impl Count {
    fn matches(self, matched: usize) -> bool {
        match self {
            Self::Exactly(count) => matched == count,
            Self::AtLeast(count) | Self::Within(count, _) => matched >= count,
        }
    }
}

impl RequestMatcher {
    fn matches(&self, request: &RecordedRequest) -> bool {
        self.diffs(request).is_empty()
    }

    fn diffs(&self, request: &RecordedRequest) -> Vec<FieldDiff> {
        let status = self.status.map(|status| status.to_string());
        let path = self.path.as_ref().filter(|path| !path::matches(path, &request.path));
        let headers = self.headers.iter().map(|(name, value)| {
            let all = request.headers.get_all(name).iter();
            let all = all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            let all: Vec<_> = all.collect();
            let received = if all.contains(value) { value.clone() } else { all.join(", ") };
            (format!("header {name}"), Some(value), received)
        });
        let line = [
            ("method", self.method.as_ref(), request.method.to_string()),
            ("path", path, request.path.clone()),
            ("query", self.query.as_ref(), request.query.clone().unwrap_or_default()),
            ("body", self.body.as_ref(), String::from_utf8_lossy(&request.body).into_owned()),
            ("status", status.as_ref(), request.status.as_str().to_owned()),
        ];
        let line = line.map(|(what, matcher, received)| (what.to_owned(), matcher, received));
        line.into_iter()
            .chain(headers)
            .filter_map(|(what, expected, received)| {
                let expected = expected.filter(|expected| **expected != received)?;
                // In the journal there is no key, but in what somebody asks for.
                Some(FieldDiff { what, expected: api_key::redact_text(expected), received })
            })
            .collect()
    }
}

/// Where a request is not as it should have been.
struct FieldDiff {
    what: String,
    expected: String,
    received: String,
}

/// There is no key in it.
impl fmt::Debug for ReceivedRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let matcher = self.matcher.to_string();
        f.debug_struct("ReceivedRequests").field("matcher", &matcher).finish_non_exhaustive()
    }
}
