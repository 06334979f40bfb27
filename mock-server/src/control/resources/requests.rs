//! The journal: received requests, listed, counted and waited for.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::control::query::HEADER;
use crate::control::request::ControlRequest;
use crate::control::response::{self, ApiError, ControlResult};
use crate::control::route::{Route, Waiting};
use crate::faults::registry::AppliedFault;
use crate::journal::{RecordedResponse, number_of};
use crate::mock::{Partner, ReceivedRequest, ReceivedRequests, VerificationError};

pub(crate) const ROUTES: &[Route] = &[
    Route::waiting("GET", "/requests", list),
    Route::new("DELETE", "/requests", clear),
    Route::new("GET", "/requests/{request}", get),
    Route::waiting("GET", "/partners/{partner}/requests", list),
    Route::new("DELETE", "/partners/{partner}/requests", clear),
];

/// How many requests are shown at once, if nothing is said, and at most.
const LIMIT: usize = 100;
const MAX_SHOWN: usize = 1000;

#[derive(Serialize)]
struct List {
    data: Vec<RequestBody>,
    dropped: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestBody {
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
    fault: Option<FaultBody>,
}

/// The response is shown of one request only, so that a list of many stays short.
#[derive(Serialize)]
struct WithResponse {
    #[serde(flatten)]
    request: RequestBody,
    response: Option<ResponseBody>,
}

#[derive(Serialize)]
struct ResponseBody {
    status: u16,
    headers: Vec<(String, String)>,
    /// None if it was too long to be kept.
    body: Option<String>,
    length: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FaultBody {
    rule: String,
    rule_number: u64,
    request: u64,
    draw: Option<f64>,
    delay: String,
}

impl From<&AppliedFault> for FaultBody {
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

impl From<ReceivedRequest> for RequestBody {
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
            fault: request.fault.as_ref().map(FaultBody::from),
        }
    }
}

impl ResponseBody {
    fn of(status: StatusCode, answer: &RecordedResponse) -> Self {
        Self {
            status: status.as_u16(),
            headers: lines(&answer.headers),
            body: answer.body.as_deref().map(lossy),
            length: answer.body_length,
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

fn calls(request: &ControlRequest) -> Result<ReceivedRequests, ApiError> {
    let partner = request.partner_if_named()?;
    Ok(partner
        .as_ref()
        .map_or_else(|| request.mock().received_requests(), Partner::received_requests))
}

/// What the query asks for.
struct Wanted {
    calls: ReceivedRequests,
    is_after: bool,
    count: Option<Count>,
    limit: usize,
    within: Option<Duration>,
}

#[derive(Clone, Copy)]
enum Count {
    Exactly(usize),
    AtLeast(usize),
}

impl Wanted {
    fn read(request: &ControlRequest) -> Result<Self, ApiError> {
        let query = &request.query;
        query.check()?;
        let after = query.parsed("after", "the id of a request, such as `req-12`", number_of)?;
        let limit = query.number("limit", "a number from 1 to 1000")?.unwrap_or(LIMIT);
        if !(1..=MAX_SHOWN).contains(&limit) {
            return Err(ApiError::invalid("limit", "expected a number from 1 to 1000"));
        }
        let expected = "how many, as a number";
        let exactly = query.number("exactly", expected)?.map(Count::Exactly);
        let at_least = query.number("atLeast", expected)?.map(Count::AtLeast);
        if exactly.is_some() && at_least.is_some() {
            return Err(ApiError::invalid("atLeast", "expected it, or `exactly`, and not both"));
        }
        let count = exactly.or(at_least);
        let within = query.time("within")?;
        if within.is_some() && count.is_none() && after.is_none() {
            let message =
                "expected `after`, `exactly` or `atLeast` with it, to say what is waited for";
            return Err(ApiError::invalid("within", message));
        }
        let calls = filtered(request)?.after_number(after.unwrap_or_default());
        Ok(Self { calls, is_after: after.is_some(), count, limit, within })
    }
}

fn filtered(request: &ControlRequest) -> Result<ReceivedRequests, ApiError> {
    let (mut calls, query) = (calls(request)?, &request.query);
    if let Some(path) = query.text("path") {
        calls = calls.path(path);
    }
    if let Some(method) = query.text("method") {
        calls = calls.method(method);
    }
    if let Some(wanted) = query.text("query") {
        calls = calls.query(wanted);
    }
    if let Some(body) = query.text("body") {
        calls = calls.body(body);
    }
    if let Some(status) = query.number("status", "a status, such as `200`")? {
        calls = calls.status(status);
    }
    for header in query.each(HEADER) {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| ApiError::invalid(HEADER, "expected `name:value`"))?;
        calls = calls.header(name.trim(), value.trim());
    }
    Ok(calls)
}

fn list(request: ControlRequest) -> Waiting {
    Box::pin(async move {
        let Wanted { calls, is_after, count, limit, within } = Wanted::read(&request)?;
        if let Some(within) = within {
            let enough = match count {
                Some(Count::Exactly(count) | Count::AtLeast(count)) => count,
                None => 1,
            };
            request.api.unless_ending(calls.wait(enough, within)).await;
        }
        let expected = |judged: Result<Vec<_>, VerificationError>| {
            judged.map(drop).map_err(|error| conflict(&error))
        };
        match (count, within) {
            (Some(Count::Exactly(count)), _) => expected(calls.exactly(count))?,
            (Some(Count::AtLeast(count)), None) => expected(calls.at_least(count))?,
            (Some(Count::AtLeast(count)), Some(within)) => {
                expected(calls.received_within(count, within))?;
            }
            (None, _) => {}
        }
        // What comes later can be requested by the id of the last one shown, so none is skipped.
        let mut seen = calls.seen();
        if is_after {
            seen.truncate(limit);
        } else {
            seen.drain(..seen.len().saturating_sub(limit));
        }
        let data = seen.into_iter().map(RequestBody::from).collect();
        let partner = request.partner_if_named()?;
        let dropped =
            partner.map_or_else(|| request.mock().dropped_requests(), |one| one.dropped_requests());
        response::json(&List { data, dropped })
    })
}

fn conflict(error: &VerificationError) -> ApiError {
    ApiError::of(StatusCode::CONFLICT, "verification_failed", error.to_string())
}

fn get(request: &ControlRequest) -> ControlResult {
    let id = request.name(0);
    let handler = request.mock().handler();
    let entry = number_of(id).and_then(|number| handler.journal.find(number));
    let entry = entry.ok_or_else(|| {
        ApiError::not_found(format!(
            "there is no request `{}`, or it is kept no more",
            id.escape_debug()
        ))
    })?;
    let request = handler.read(&entry);
    let response = request.response.as_ref().map(|one| ResponseBody::of(request.status, one));
    let request = RequestBody::from(ReceivedRequest { partner: entry.partner, request });
    response::json(&WithResponse { request, response })
}

fn clear(request: &ControlRequest) -> ControlResult {
    let partner = request.partner_if_named()?;
    request.mock().handler().journal.clear(partner.map(|partner| partner.state().id));
    Ok(response::no_content())
}
