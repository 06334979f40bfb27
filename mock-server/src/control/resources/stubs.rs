//! Stubs: fixed responses on paths below `/api/v1`, for all partners and for one. No code is taken
//! over HTTP.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::control::ControlState;
use crate::control::extract::{Json, Owner, Path};
use crate::control::response::{ApiError, List, check_quota, created};
use crate::mock::{ActiveStub, Mock};
use crate::state::keys::api_key;
use crate::stubs::{self, Placed, ResponseTemplate};

pub(super) fn router() -> Router<ControlState> {
    let all = || get(list_stubs).post(add_stub).delete(remove_stubs);
    Router::new()
        .route("/stubs", all())
        .route("/partners/{partner}/stubs", all())
        .route("/stubs/{stub}", get(get_stub).delete(remove_stub))
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::control) struct Stub {
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^s-[1-9][0-9]*$")))]
    id: String,
    /// Whose it is, or null: the whole mock's.
    partner: Option<String>,
    method: String,
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^/api/v1/")))]
    path: String,
    /// Absent, as are headers and body, if a test in Rust computes the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    /// Keys are redacted, as in the headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    override_documented: bool,
    /// How many requests it responded to.
    hits: u64,
}

impl From<&Placed> for Stub {
    fn from(placed: &Placed) -> Self {
        let stub = &placed.stub;
        let template = stub.canned();
        // The response may hold a key.
        let text = |bytes: &[u8]| api_key::redact_text(&String::from_utf8_lossy(bytes));
        let headers = |template: &ResponseTemplate| {
            let shown = |(name, value): (&HeaderName, &HeaderValue)| {
                (name.to_string(), text(value.as_bytes()))
            };
            template.headers.iter().map(shown).collect()
        };
        Self {
            id: placed.id(),
            partner: placed.owner.map(|owner| owner.to_string()),
            method: stub.method.to_string(),
            path: stub.path.clone(),
            status: template.map(|template| template.status.as_u16()),
            headers: template.map(headers),
            body: template.map(|template| text(&template.body)),
            override_documented: stub.override_documented,
            hits: placed.hits(),
        }
    }
}

async fn list_stubs(State(mock): State<Mock>, owner: Owner) -> Json<List<Stub>> {
    let stubs = mock.handler().stubs.of(owner.id());
    Json(List { data: stubs.iter().map(|placed| Stub::from(&**placed)).collect() })
}

async fn add_stub(
    State(mock): State<Mock>,
    owner: Owner,
    Json(stub): Json<stubs::Stub>,
) -> Result<Response, ApiError> {
    let handler = mock.handler();
    check_quota(handler.stubs.len(), "stubs")?;
    let added = ActiveStub::new(&handler, handler.stubs.add(owner.id(), stub));
    owner.undo_if_removed(|| added.remove())?;
    Ok(created(&["stubs", &added.id()], Json(Stub::from(added.placed()))))
}

async fn remove_stubs(State(mock): State<Mock>, owner: Owner) -> StatusCode {
    mock.handler().stubs.retain(|placed| placed.owner != owner.id());
    StatusCode::NO_CONTENT
}

fn find(mock: &Mock, id: &str) -> Result<ActiveStub, ApiError> {
    mock.stub_with_id(id).ok_or_else(|| ApiError::not_found(&format!("there is no stub `{id}`")))
}

async fn get_stub(
    State(mock): State<Mock>,
    Path(id): Path<String>,
) -> Result<Json<Stub>, ApiError> {
    Ok(Json(Stub::from(find(&mock, &id)?.placed())))
}

async fn remove_stub(
    State(mock): State<Mock>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    find(&mock, &id)?.remove();
    Ok(StatusCode::NO_CONTENT)
}
