//! The journal: received requests, listed, counted and waited for.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use crate::api::path;
use crate::control::extract::{Json, Owner, Path, Query};
use crate::control::response::ApiError;
use crate::control::{ControlState, MAX_CONTROL_WAIT};
use crate::faults::Time;
use crate::faults::registry::AppliedFault;
use crate::journal::{self, number_of};
use crate::mock::{Mock, Partner, ReceivedRequest, ReceivedRequests};

pub(super) fn router() -> Router<ControlState> {
    let all = || get(list_requests).delete(forget_requests);
    Router::new()
        .route("/requests", all())
        .route("/partners/{partner}/requests", all())
        .route("/requests/{request}", get(get_request))
}

/// How many requests a list shows, by default and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::control) struct RequestList {
    data: Vec<Request>,
    /// How many were dropped, since the journal is bounded.
    dropped: u64,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Request {
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
    request: Request,
    /// Null, if a fault let no response through.
    response: Option<RecordedResponse>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RecordedResponse {
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

impl From<ReceivedRequest> for Request {
    fn from(seen: ReceivedRequest) -> Self {
        let request = seen.request;
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
            partner: seen.partner.map(|id| id.to_string()),
            partner_name: request.partner,
            status: request.status.as_u16(),
            disposition: request.disposition.to_string(),
            fault: request.fault.as_ref().map(AppliedFaultBody::from),
        }
    }
}

impl RecordedResponse {
    fn of(status: StatusCode, response: &journal::RecordedResponse) -> Self {
        Self {
            status: status.as_u16(),
            headers: lines(&response.headers),
            body: response.body.as_deref().map(lossy),
            length: response.body_length,
        }
    }
}

/// To the microsecond: `0.213`, `250.0`.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).trunc() / 1e3
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn lines(headers: &HeaderMap) -> Vec<(String, String)> {
    let line =
        |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), lossy(value.as_bytes()));
    headers.iter().map(line).collect()
}

/// Which requests are listed, and how many are expected. A value arrives as text.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::control) struct RequestsQuery {
    /// Only those that came after this one; `req-0` is before all.
    #[serde(default, deserialize_with = "request_id")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<String>", regex(pattern = "^req-[0-9]+$"))
    )]
    after: Option<u64>,
    /// How many are shown at most; 100, if left out.
    #[serde(default, deserialize_with = "limit")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MAX_LIMIT)))]
    limit: Option<usize>,
    /// Only requests to this path; `wallet` is `/api/v1/wallet`.
    #[serde(default, deserialize_with = "sendable_path")]
    path: Option<String>,
    /// Only with this method.
    method: Option<String>,
    /// Only with this query: everything that follows the `?`, as it was sent.
    query: Option<String>,
    /// Only those whose response had this status.
    #[serde(default, deserialize_with = "number")]
    status: Option<u16>,
    /// Only with this body. The body of a request that no stub responded to is not kept.
    body: Option<String>,
    /// Only with this header, as `name:value`. May be given several times.
    #[serde(default, deserialize_with = "headers")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Vec<String>", inner(regex(pattern = "^[^:]*:")))
    )]
    header: Vec<(String, String)>,
    /// Expects so many.
    #[serde(default, deserialize_with = "number")]
    exactly: Option<usize>,
    /// Expects so many or more.
    #[serde(default, deserialize_with = "number")]
    at_least: Option<usize>,
    /// How long to wait for them, 60s at most, such as `250ms` or `2s`.
    #[serde(default, deserialize_with = "wait")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    within: Option<Duration>,
}

fn parsed<'de, T, D: Deserializer<'de>>(
    from: D,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).map(Some).ok_or_else(|| D::Error::custom(format_args!("expected {expected}")))
}

fn request_id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    parsed(from, "the id of a request, such as `req-12`", number_of)
}

fn sendable_path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let is_possible = |text: &str| path::is_possible(&path::full(text));
    parsed(from, "a path as requests have it: percent-encoded, without a query", |text| {
        is_possible(text).then(|| text.to_owned())
    })
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    // `+1` is a number for Rust.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn number<'de, T: std::str::FromStr, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    parsed(from, "a number", digits)
}

fn limit<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    let is_limit = |limit: &usize| (1..=MAX_LIMIT).contains(limit);
    parsed(from, "a number from 1 to 1000", |text| digits(text).filter(is_limit))
}

fn wait<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    parsed(from, "a time up to 60s, such as `250ms` or `2s`", |text| {
        let Time(time) = text.parse().ok()?;
        (time <= MAX_CONTROL_WAIT).then_some(time)
    })
}

/// One `name:value`, or several.
fn headers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
    let lines = match serde_json::Value::deserialize(from)? {
        serde_json::Value::Array(lines) => lines,
        line => vec![line],
    };
    let split = |line: &serde_json::Value| {
        let (name, value) = line.as_str()?.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    let split = |line| split(line).ok_or_else(|| D::Error::custom("expected `name:value`"));
    lines.iter().map(split).collect()
}

#[derive(Clone, Copy)]
enum Count {
    Exactly(usize),
    AtLeast(usize),
}

impl RequestsQuery {
    fn count(&self) -> Result<Option<Count>, ApiError> {
        let count = match (self.exactly, self.at_least) {
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid("atLeast", "expected it or `exactly`, not both"));
            }
            (Some(count), None) => Some(Count::Exactly(count)),
            (None, Some(count)) => Some(Count::AtLeast(count)),
            (None, None) => None,
        };
        if self.within.is_some() && count.is_none() && self.after.is_none() {
            let message = "expected `after`, `exactly` or `atLeast` with it";
            return Err(ApiError::invalid("within", message));
        }
        Ok(count)
    }

    fn select(&self, mock: &Mock, owner: &Owner) -> ReceivedRequests {
        let all =
            owner.0.as_ref().map_or_else(|| mock.received_requests(), Partner::received_requests);
        let mut requests = all.after_number(self.after.unwrap_or_default());
        if let Some(path) = &self.path {
            requests = requests.path(path);
        }
        if let Some(method) = &self.method {
            requests = requests.method(method);
        }
        if let Some(query) = &self.query {
            requests = requests.query(query);
        }
        if let Some(body) = &self.body {
            requests = requests.body(body);
        }
        if let Some(status) = self.status {
            requests = requests.status(status);
        }
        for (name, value) in &self.header {
            requests = requests.header(name, value);
        }
        requests
    }
}

async fn list_requests(
    State(control): State<ControlState>,
    owner: Owner,
    Query(query): Query<RequestsQuery>,
) -> Result<Json<RequestList>, ApiError> {
    let mock = &control.0.mock;
    let (count, requests) = (query.count()?, query.select(mock, &owner));
    if let Some(within) = query.within {
        let enough = match count {
            Some(Count::Exactly(count) | Count::AtLeast(count)) => count,
            None => 1,
        };
        control.unless_ending(requests.wait(enough, within)).await;
    }
    match (count, query.within) {
        (Some(Count::Exactly(count)), _) => drop(requests.exactly(count)?),
        (Some(Count::AtLeast(count)), None) => drop(requests.at_least(count)?),
        (Some(Count::AtLeast(count)), Some(within)) => {
            drop(requests.received_within(count, within)?);
        }
        (None, _) => {}
    }
    // With `after`, the next page begins after the last request of this one, so none is skipped.
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let mut seen = requests.seen();
    if query.after.is_some() {
        seen.truncate(limit);
    } else {
        seen.drain(..seen.len().saturating_sub(limit));
    }
    let dropped = match &owner.0 {
        Some(partner) => partner.dropped_requests(),
        None => mock.dropped_requests(),
    };
    Ok(Json(RequestList { data: seen.into_iter().map(Request::from).collect(), dropped }))
}

async fn get_request(
    State(mock): State<Mock>,
    Path(id): Path<String>,
) -> Result<Json<RequestWithResponse>, ApiError> {
    let handler = mock.handler();
    let entry = number_of(&id).and_then(|number| handler.journal.find(number));
    let entry = entry.ok_or_else(|| {
        ApiError::not_found(format!(
            "there is no request `{}`, or it was evicted",
            id.escape_debug()
        ))
    })?;
    let request = handler.read(&entry);
    let response = request.response.as_ref().map(|one| RecordedResponse::of(request.status, one));
    let request = Request::from(ReceivedRequest { partner: entry.partner, request });
    Ok(Json(RequestWithResponse { request, response }))
}

async fn forget_requests(State(mock): State<Mock>, owner: Owner) -> StatusCode {
    mock.handler().journal.clear(owner.id());
    StatusCode::NO_CONTENT
}
