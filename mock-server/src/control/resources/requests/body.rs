//! Requests as the control API shows them.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::faults::AppliedFault;
use crate::journal::{self, Entry, EvictedRequests, milliseconds};
use crate::mock::handler::RequestHandler;

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::control) struct RequestList {
    pub(super) data: Vec<Request>,
    /// How many requests match, evicted ones and those beyond `limit` included. Null if evicted
    /// requests may match: their headers, queries and bodies are gone.
    pub(super) count: Option<usize>,
    pub(super) evicted: Evicted,
}

/// How many requests were evicted from the journal, by the limit that was reached. They still count
/// by method, path, status and disposition.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::control) struct Evicted {
    /// Evicted since 5,000 newer requests of the partner were recorded.
    by_entry_limit: usize,
    /// Evicted since the requests of the partner took more than 16 MiB.
    by_byte_limit: usize,
}

impl From<EvictedRequests> for Evicted {
    fn from(evicted: EvictedRequests) -> Self {
        let EvictedRequests { by_entry_limit, by_byte_limit } = evicted;
        Self { by_entry_limit, by_byte_limit }
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^req-[1-9][0-9]*$")))]
    id: String,
    /// When its head had been read, by the mock's clock.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    at: String,
    /// How many milliseconds it took until the response was ready, without the delay of a fault.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    duration_ms: f64,
    /// How many milliseconds a fault delayed the response after that.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    delay_ms: f64,
    method: String,
    path: String,
    query: Option<String>,
    /// Each as its name and its value.
    headers: Vec<(String, String)>,
    /// Of a request to a stub; that of any other is not read.
    body: String,
    partner: Option<String>,
    partner_name: Option<String>,
    status: u16,
    /// How it was handled: `served`, `stubbed`, or why it was rejected.
    disposition: String,
    fault: Option<AppliedFaultBody>,
}

/// The response is part of a single request only, so that a list stays short.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::control) struct RequestWithResponse {
    #[serde(flatten)]
    pub(super) request: Request,
    /// Null, if a fault let no response through.
    pub(super) response: Option<RecordedResponse>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RecordedResponse {
    status: u16,
    /// Each as its name and its value.
    headers: Vec<(String, String)>,
    /// Null, if it was longer than 4 KiB.
    body: Option<String>,
    length: u64,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "AppliedFault"))]
#[serde(rename_all = "camelCase")]
struct AppliedFaultBody {
    /// The text form of the rule; of a long one, the first 1000 characters and `…`.
    rule: String,
    /// Counted from 1 in the order they were added to its partner, or to the mock.
    rule_number: u64,
    /// Which of the partner's requests it was that reached the rule.
    request: u64,
    /// The number that was drawn, and was less than the rule's probability.
    draw: Option<f64>,
    /// Why it could not be applied, if the response has no value at its JSON pointer.
    error: Option<String>,
}

impl From<&AppliedFault> for AppliedFaultBody {
    fn from(fault: &AppliedFault) -> Self {
        Self {
            rule: fault.rule_in_short(),
            rule_number: fault.rule_number(),
            request: fault.request_number(),
            draw: fault.draw(),
            error: fault.error().map(str::to_owned),
        }
    }
}

impl Request {
    pub(super) fn of(entry: &Entry, handler: &RequestHandler) -> Self {
        let request = handler.read(entry);
        Self {
            id: request.request_id,
            at: format!("{:.3}", request.received_at),
            duration_ms: milliseconds(request.duration),
            delay_ms: milliseconds(request.delay),
            method: request.method.to_string(),
            path: request.path,
            query: request.query,
            headers: lines(&request.headers),
            body: lossy(&request.body),
            partner: entry.partner.map(|id| id.to_string()),
            partner_name: request.partner,
            status: request.status.as_u16(),
            disposition: request.disposition.to_string(),
            fault: request.fault.as_ref().map(AppliedFaultBody::from),
        }
    }
}

impl RecordedResponse {
    pub(super) fn of(status: StatusCode, response: &journal::RecordedResponse) -> Self {
        Self {
            status: status.as_u16(),
            headers: lines(&response.headers),
            body: response.body.as_deref().map(lossy),
            length: response.body_length,
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn lines(headers: &HeaderMap) -> Vec<(String, String)> {
    let line =
        |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), lossy(value.as_bytes()));
    headers.iter().map(line).collect()
}
