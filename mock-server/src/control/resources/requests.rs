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
struct RequestList {
    data: Vec<Request>,
    dropped: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    id: String,
    at: String,
    duration: String,
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
    partner: Option<String>,
    partner_name: Option<String>,
    status: u16,
    disposition: String,
    fault: Option<AppliedFaultBody>,
}

/// The response is part of a single request only, so that a list stays short.
#[derive(Serialize)]
struct RequestWithResponse {
    #[serde(flatten)]
    request: Request,
    response: Option<RecordedResponse>,
}

#[derive(Serialize)]
struct RecordedResponse {
    status: u16,
    headers: Vec<(String, String)>,
    /// None if it was too long to be recorded.
    body: Option<String>,
    length: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppliedFaultBody {
    rule: String,
    rule_number: u64,
    request: u64,
    draw: Option<f64>,
    delay: String,
}

impl From<&AppliedFault> for AppliedFaultBody {
    fn from(fault: &AppliedFault) -> Self {
        Self {
            rule: fault.rule_in_short(),
            rule_number: fault.rule_number(),
            request: fault.request_number(),
            draw: fault.draw(),
            delay: shown(fault.delay()),
        }
    }
}

impl From<ReceivedRequest> for Request {
    fn from(seen: ReceivedRequest) -> Self {
        let request = seen.request;
        Self {
            id: request.request_id,
            at: format!("{:.3}", request.received_at),
            duration: shown(request.duration),
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

/// In milliseconds, to the microsecond: `0.213ms`, `250ms`.
fn shown(time: Duration) -> String {
    let micros = time.as_micros();
    let (whole, part) = (micros / 1000, micros % 1000);
    if part == 0 { format!("{whole}ms") } else { format!("{whole}.{part:03}ms") }
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
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RequestsQuery {
    #[serde(default, deserialize_with = "request_id")]
    after: Option<u64>,
    #[serde(default, deserialize_with = "limit")]
    limit: Option<usize>,
    #[serde(default, deserialize_with = "sendable_path")]
    path: Option<String>,
    method: Option<String>,
    query: Option<String>,
    #[serde(default, deserialize_with = "number")]
    status: Option<u16>,
    body: Option<String>,
    #[serde(default, deserialize_with = "headers")]
    header: Vec<(String, String)>,
    #[serde(default, deserialize_with = "number")]
    exactly: Option<usize>,
    #[serde(default, deserialize_with = "number")]
    at_least: Option<usize>,
    #[serde(default, deserialize_with = "wait")]
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
