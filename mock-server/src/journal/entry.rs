//! One request as the journal keeps it: whole, and with keys redacted.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use jiff::Timestamp;

use super::{MAX_RECORDED_BODY, RecordedRequest, RecordedResponse};
use crate::api::disposition::Disposition;
use crate::api::headers::is_bodyless;
use crate::faults::apply::Applied;
use crate::state::keys::api_key::{self, REDACTED};
use crate::state::keys::redactor::Redactor;
use crate::state::store::PartnerId;
use crate::stubs::StubRequestBody;

/// A request, without what is not known before it is read: its id and its partner's name.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(super) number: u64,
    pub(crate) partner: Option<PartnerId>,
    /// Approximately how much memory it takes.
    pub(super) size: usize,
    /// Shared with those who read the journal.
    request: Arc<RecordedRequest>,
}

impl Entry {
    pub(crate) fn id(&self) -> String {
        request_id(self.number)
    }

    pub(crate) fn request(&self) -> &RecordedRequest {
        &self.request
    }

    pub(super) fn into_request(self) -> RecordedRequest {
        Arc::unwrap_or_clone(self.request)
    }

    /// As a test reads it.
    pub(crate) fn read(&self, partner: Option<String>) -> RecordedRequest {
        let request_id = self.id();
        RecordedRequest { request_id, partner, ..RecordedRequest::clone(&self.request) }
    }
}

/// Approximately how much memory the entry of this request takes.
fn memory_of(request: &RecordedRequest) -> usize {
    let RecordedRequest { path, query, headers, body, response, .. } = request;
    let response = response.as_ref().map_or(0, |response| {
        size_of_headers(&response.headers) + response.body.as_ref().map_or(0, Bytes::len)
    });
    size_of::<Entry>()
        + size_of::<RecordedRequest>()
        + path.len()
        + query.as_ref().map_or(0, String::len)
        + size_of_headers(headers)
        + body.len()
        + response
}

/// About what a line takes in a map beside its value.
const HEADER_BYTES: usize = 104;

fn size_of_headers(headers: &HeaderMap) -> usize {
    headers.values().map(|value| HEADER_BYTES + value.len()).sum()
}

/// A request that has no response yet.
pub(crate) struct Pending<'a> {
    redactor: &'a Redactor,
    since: Instant,
    request: Arc<RecordedRequest>,
}

impl<'a> Pending<'a> {
    /// Copies the head of a request. What it shares memory with may be far larger than it is.
    pub(crate) fn new(redactor: &'a Redactor, now: Timestamp, request: &Request) -> Self {
        let uri = request.uri();
        let request = RecordedRequest {
            request_id: String::new(),
            received_at: now,
            duration: Duration::ZERO,
            delay: Duration::ZERO,
            method: request.method().clone(),
            path: redactor.redact_text(uri.path()),
            query: uri.query().map(|query| redactor.redact_text(query)),
            headers: redacted(redactor, request.headers(), copy),
            body: Bytes::new(),
            partner: None,
            status: http::StatusCode::OK,
            disposition: Disposition::Served,
            fault: None,
            response: None,
        };
        Self { redactor, since: Instant::now(), request: Arc::new(request) }
    }

    /// The entry, once the response is known.
    pub(crate) async fn end(
        mut self,
        partner: Option<PartnerId>,
        response: &mut Response,
    ) -> Entry {
        let redactor = self.redactor;
        let request = Arc::make_mut(&mut self.request);
        request.duration = self.since.elapsed();
        request.status = response.status();
        let extensions = response.extensions_mut();
        if let Some(disposition) = extensions.get().copied() {
            request.disposition = disposition;
        }
        if let Some(StubRequestBody(body)) = extensions.remove() {
            request.body = redacted_body(redactor, body);
        }
        let sent = if let Some(applied) = extensions.remove::<Applied>() {
            request.delay = applied.fault.delay();
            request.fault = Some(applied.fault.redacted(redactor));
            applied.sent
        } else {
            Some(short_body(response).await)
        };
        request.response = sent.map(|(length, body)| {
            let has_body = request.method != Method::HEAD && !is_bodyless(response.status());
            let (body_length, body) =
                if has_body { (length, body) } else { (0, Some(Bytes::new())) };
            let headers = redacted(redactor, response.headers(), HeaderValue::clone);
            let body = body.map(|body| redacted_body(redactor, body));
            RecordedResponse { headers, body, body_length }
        });
        let size = memory_of(request);
        // It has no number before it is in the journal.
        Entry { number: 0, partner, size, request: self.request }
    }
}

/// The length of a response's body, and the body if it is short enough to be kept.
async fn short_body(response: &mut Response) -> (u64, Option<Bytes>) {
    let length = response.body().size_hint().lower();
    if length > MAX_RECORDED_BODY as u64 {
        return (length, None);
    }
    let mut body = std::mem::take(response.body_mut());
    // A short body is one frame. Collecting frames takes 600 instructions more.
    let frame = body.frame().await.and_then(Result::ok);
    let mut bytes = frame.and_then(|frame| frame.into_data().ok()).unwrap_or_default();
    if !body.is_end_stream() {
        let rest = to_bytes(body, MAX_RECORDED_BODY).await.unwrap_or_default();
        bytes = [bytes, rest].concat().into();
    }
    *response.body_mut() = Body::from(bytes.clone());
    (length, Some(bytes))
}

/// The headers without keys. A value that has none is kept by `keep`.
fn redacted(
    redactor: &Redactor,
    headers: &HeaderMap,
    keep: impl Fn(&HeaderValue) -> HeaderValue,
) -> HeaderMap {
    const HIDDEN: HeaderValue = HeaderValue::from_static(REDACTED);
    let mut clean = headers.clone();
    for (name, value) in &mut clean {
        *value = if api_key::is_secret(name) {
            HIDDEN
        } else {
            match redactor.redact(value.as_bytes()) {
                Cow::Borrowed(_) => keep(value),
                Cow::Owned(redacted) => HeaderValue::try_from(redacted).unwrap_or(HIDDEN),
            }
        };
    }
    clean
}

/// The value in separate memory.
fn copy(value: &HeaderValue) -> HeaderValue {
    HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone())
}

fn redacted_body(redactor: &Redactor, body: Bytes) -> Bytes {
    match redactor.redact(&body) {
        Cow::Borrowed(_) => body,
        Cow::Owned(clean) => clean.into(),
    }
}

/// `req-1` for the first request.
pub(crate) fn request_id(number: u64) -> String {
    format!("{ID_PREFIX}{number}")
}

const ID_PREFIX: &str = "req-";

/// The number in a request's id.
pub(crate) fn number_of(request_id: &str) -> Option<u64> {
    request_id.strip_prefix(ID_PREFIX)?.parse().ok()
}

/// To the microsecond: `0.213`, `250`.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).trunc() / 1e3
}
