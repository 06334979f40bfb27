//! What a test expects to have been asked: counted at once or waited for, and explained if it was
//! not so.

mod mismatch;

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

pub use self::mismatch::Unmet;
use crate::journal::{Entry, RecordedRequest, number_of};
use crate::mock::handler::Api;
use crate::state::api_key;
use crate::state::store::{Tenant, TenantId};
use crate::stubs::full_path;

/// Requests of one partner, by [`Partner::calls`](crate::Partner::calls), or of the whole mock, by
/// [`Mock::calls`](crate::Mock::calls): all of them, or those that are described.
///
/// ```
/// # use std::time::Duration;
/// # use partner_api_mock::MockServer;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mock = MockServer::start().await?;
/// let partner = mock.partner();
/// partner.calls().exactly(0)?;
///
/// # let client = async || {
/// #     use tower::ServiceExt;
/// #     let request = http::Request::get("/api/v1/wallet").header("authorization", format!("Bearer {}", mock.api_key()));
/// #     mock.service().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap()
/// # };
/// # client().await; client().await;
/// let two = partner.calls().to("wallet").wait_for(2, Duration::from_secs(2)).await?;
/// assert!(two.iter().all(|request| request.status == 200));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "calls are looked at by `exactly`, `at_least`, `wait_for` or `all`"]
pub struct Calls {
    api: Arc<Api>,
    owner: Option<Arc<Tenant>>,
    /// Only requests of a larger number.
    after: u64,
    wanted: Wanted,
}

/// A request, and the partner whose key came with it.
pub(crate) struct Seen {
    pub(crate) partner: Option<TenantId>,
    pub(crate) request: RecordedRequest,
}

/// What a request must be like; what is not said may be anything.
#[derive(Clone, Default)]
struct Wanted {
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

impl Calls {
    pub(crate) fn new(api: &Arc<Api>, owner: Option<&Arc<Tenant>>) -> Self {
        Self {
            api: Arc::clone(api),
            owner: owner.map(Arc::clone),
            after: 0,
            wanted: Wanted::default(),
        }
    }

    /// Only those that came after the request of this number.
    pub(crate) fn after_number(mut self, number: u64) -> Self {
        self.after = number;
        self
    }

    /// Only those that came after this one.
    pub fn after(mut self, request: &RecordedRequest) -> Self {
        self.after = number_of(&request.request_id).unwrap_or_default();
        self
    }

    /// Only to this path: `wallet` is `/api/v1/wallet`, and what begins with a slash is meant as
    /// it is.
    pub fn to(mut self, path: impl AsRef<str>) -> Self {
        self.wanted.path = Some(full_path(path.as_ref()));
        self
    }

    /// Only with this method.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.wanted.method = Some(method.into());
        self
    }

    /// Only with this query: all that follows the `?`, as it was sent.
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.wanted.query = Some(query.into());
        self
    }

    /// Only with a header of this name and value; several may be described. What is secret is
    /// `[redacted]` in the journal.
    pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        let name = name.as_ref().to_ascii_lowercase();
        self.wanted.headers.push((name, value.into()));
        self
    }

    /// Only with this body. Of a request that no stub was for, none is kept.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.wanted.body = Some(body.into());
        self
    }

    /// Only those that were answered with this status.
    pub fn status(mut self, status: u16) -> Self {
        self.wanted.status = Some(status);
        self
    }

    /// All that came so far, oldest first.
    pub fn all(&self) -> Vec<RecordedRequest> {
        let mut all = self.recorded();
        all.retain(|request| self.wanted.is_met_by(request));
        all
    }

    /// Those that came, if they are so many.
    ///
    /// # Errors
    ///
    /// If they are more or less: what was expected, what came, and what came nearest.
    pub fn exactly(&self, count: usize) -> Result<Vec<RecordedRequest>, Unmet> {
        self.judge(Count::Exactly(count))
    }

    /// Those that came, if they are so many or more.
    ///
    /// # Errors
    ///
    /// If they are less, as [`exactly`](Self::exactly).
    pub fn at_least(&self, count: usize) -> Result<Vec<RecordedRequest>, Unmet> {
        self.judge(Count::AtLeast(count))
    }

    /// Waits until so many have come, those included that came before: no longer than it takes,
    /// and no longer than the limit. It needs tokio's clock, which may be paused.
    ///
    /// # Errors
    ///
    /// If they were less when the time was over, as [`exactly`](Self::exactly).
    pub async fn wait_for(
        &self,
        count: usize,
        limit: Duration,
    ) -> Result<Vec<RecordedRequest>, Unmet> {
        self.come(count, limit).await;
        self.came_within(count, limit)
    }

    /// Ends when so many have come, or the time is over. Which it was is seen in the journal.
    pub(crate) async fn come(&self, count: usize, limit: Duration) {
        let (mut seen, mut met) = (self.after, 0);
        let watcher = self.api.journal.watcher();
        let enough = poll_fn(|context| {
            let owner = self.owner.as_ref().map(|tenant| tenant.id);
            for entry in watcher.after(owner, seen, context.waker()) {
                seen = entry.number();
                met += usize::from(self.wanted.is_met_by(&self.api.read(&entry)));
            }
            if met >= count { Poll::Ready(()) } else { Poll::Pending }
        });
        // Whether it was enough is seen in the journal, which has the last word.
        let _ = tokio::time::timeout(limit, enough).await;
    }

    /// As [`at_least`](Self::at_least), for those who have waited so long for it.
    pub(crate) fn came_within(
        &self,
        count: usize,
        limit: Duration,
    ) -> Result<Vec<RecordedRequest>, Unmet> {
        self.judge(Count::Within(count, limit))
    }

    /// As [`all`](Self::all), with the partners' ids.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let entries = self.entries().into_iter();
        let seen =
            entries.map(|entry| Seen { partner: entry.tenant, request: self.api.read(&entry) });
        seen.filter(|seen| self.wanted.is_met_by(&seen.request)).collect()
    }

    fn recorded(&self) -> Vec<RecordedRequest> {
        self.entries().iter().map(|entry| self.api.read(entry)).collect()
    }

    fn entries(&self) -> Vec<Entry> {
        let owner = self.owner.as_ref().map(|tenant| tenant.id);
        self.api.journal.after(owner, self.after)
    }

    fn judge(&self, count: Count) -> Result<Vec<RecordedRequest>, Unmet> {
        let recorded = self.recorded();
        let is_met = |request: &&RecordedRequest| self.wanted.is_met_by(request);
        let met: Vec<_> = recorded.iter().filter(is_met).cloned().collect();
        if count.is_met_by(met.len()) {
            return Ok(met);
        }
        let owner = self.owner.as_deref();
        let name = owner.map(Tenant::name);
        let rules = match owner {
            Some(tenant) => vec![
                ("its rules", self.api.rules.texts_of(Some(tenant.id))),
                ("the mock's rules", self.api.rules.texts_of(None)),
            ],
            None => vec![("the mock's rules", self.api.rules.texts_of(None))],
        };
        Err(Unmet::explain(&mismatch::Case {
            wanted: &self.wanted,
            count,
            recorded: &recorded,
            met: met.len(),
            partner: name.as_deref(),
            after: self.after,
            rules,
        }))
    }
}

impl Count {
    fn is_met_by(self, met: usize) -> bool {
        match self {
            Self::Exactly(count) => met == count,
            Self::AtLeast(count) | Self::Within(count, _) => met >= count,
        }
    }
}

impl Wanted {
    fn is_met_by(&self, request: &RecordedRequest) -> bool {
        self.differences(request).is_empty()
    }

    fn differences(&self, request: &RecordedRequest) -> Vec<Difference> {
        let status = self.status.map(|status| status.to_string());
        let headers = self.headers.iter().map(|(name, value)| {
            let all = request.headers.get_all(name).iter();
            let all = all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            let all: Vec<_> = all.collect();
            let came = if all.contains(value) { value.clone() } else { all.join(", ") };
            (format!("header {name}"), Some(value), came)
        });
        let line = [
            ("method", self.method.as_ref(), request.method.to_string()),
            ("path", self.path.as_ref(), request.path.clone()),
            ("query", self.query.as_ref(), request.query.clone().unwrap_or_default()),
            ("body", self.body.as_ref(), String::from_utf8_lossy(&request.body).into_owned()),
            ("status", status.as_ref(), request.status.as_str().to_owned()),
        ];
        let line = line.map(|(what, wanted, came)| (what.to_owned(), wanted, came));
        line.into_iter()
            .chain(headers)
            .filter_map(|(what, expected, came)| {
                let expected = expected.filter(|expected| **expected != came)?;
                // In the journal there is no key, but in what somebody asks for.
                Some(Difference { what, expected: api_key::redact_text(expected), came })
            })
            .collect()
    }
}

/// Where a request is not as it should have been.
struct Difference {
    what: String,
    expected: String,
    came: String,
}

/// There is no key in it.
impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = self.wanted.to_string();
        f.debug_struct("Calls").field("wanted", &wanted).finish_non_exhaustive()
    }
}
