//! The journal: received requests, listed, counted and waited for; and the report of what was never
//! used.

mod body;
mod query;
mod report;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;

pub(in crate::control) use self::body::{Evicted, RequestList, RequestWithResponse};
use self::body::{RecordedResponse, Request};
use self::query::DEFAULT_LIMIT;
pub(in crate::control) use self::query::RequestsQuery;
#[cfg(feature = "schema")]
pub(in crate::control) use self::report::Report;
use crate::control::ControlState;
use crate::control::extract::{Json, Owner, Path, Query};
use crate::control::response::ApiError;
use crate::journal::number_of;
use crate::mock::{Count, Matched, Mock};

pub(super) fn router() -> Router<ControlState> {
    let all = || get(list_requests).delete(forget_requests);
    Router::new()
        .route("/requests", all())
        .route("/partners/{partner}/requests", all())
        .route("/requests/{request}", get(get_request))
        .merge(report::router())
}

async fn list_requests(
    State(control): State<ControlState>,
    owner: Owner,
    Query(query): Query<RequestsQuery>,
) -> Result<Json<RequestList>, ApiError> {
    let mock = &control.0.mock;
    let (count, requests) = (query.count()?, query.select(mock, &owner));
    let verified = match (count, query.within) {
        (Some(count), None) => Some(requests.verify(count)),
        (Some(count), Some(within)) => {
            let waited = control.unless_ending(requests.wait(count, within)).await;
            Some(waited.unwrap_or_else(|| requests.verify(count)))
        }
        (None, Some(within)) => {
            // That none was received is an empty list, and no error.
            control.unless_ending(requests.wait(Count::AtLeast(1), within)).await;
            None
        }
        (None, None) => None,
    };
    let Matched { requests: mut data, count, evicted } =
        verified.transpose()?.unwrap_or_else(|| requests.recorded());
    // With `after`, the next page begins after the last request of this one, so none is skipped.
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if query.after.is_some() {
        data.truncate(limit);
    } else {
        data.drain(..data.len().saturating_sub(limit));
    }
    let handler = mock.handler();
    let data = data.iter().map(|entry| Request::of(entry, &handler)).collect();
    Ok(Json(RequestList { data, count, evicted: evicted.into() }))
}

async fn get_request(
    State(mock): State<Mock>,
    Path(id): Path<String>,
) -> Result<Json<RequestWithResponse>, ApiError> {
    let handler = mock.handler();
    let entry = number_of(&id).and_then(|number| handler.journal.find(number));
    let entry = entry.ok_or_else(|| {
        ApiError::not_found(&format!("there is no request `{id}`, or it was evicted"))
    })?;
    let recorded = entry.request();
    let response = recorded.response.as_ref().map(|one| RecordedResponse::of(recorded.status, one));
    let request = Request::of(&entry, &handler);
    Ok(Json(RequestWithResponse { request, response }))
}

async fn forget_requests(State(mock): State<Mock>, owner: Owner) -> StatusCode {
    mock.handler().journal.clear(owner.id());
    StatusCode::NO_CONTENT
}
