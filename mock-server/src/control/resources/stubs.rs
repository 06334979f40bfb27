//! Stubs: canned answers on paths under `/api/v1`, for all partners and for one. None of them is
//! computed: no code comes over HTTP.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use serde::Serialize;

use crate::control::quota;
use crate::control::request::ControlRequest;
use crate::control::response::{self, ApiError, ControlResult, List};
use crate::control::route::Route;
use crate::mock::ActiveStub;
use crate::seed::fragment;
use crate::state::api_key;
use crate::stubs::{Placed, ResponseTemplate};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/stubs", list),
    Route::new("POST", "/stubs", add),
    Route::new("DELETE", "/stubs", remove_all),
    Route::new("GET", "/stubs/{stub}", get),
    Route::new("DELETE", "/stubs/{stub}", remove),
    Route::new("GET", "/partners/{partner}/stubs", list),
    Route::new("POST", "/partners/{partner}/stubs", add),
    Route::new("DELETE", "/partners/{partner}/stubs", remove_all),
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StubBody {
    id: String,
    partner: Option<String>,
    method: String,
    path: String,
    /// None of a stub that a test in Rust computes.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    override_documented: bool,
}

impl From<&Placed> for StubBody {
    fn from(placed: &Placed) -> Self {
        let stub = &placed.stub;
        let reply = stub.canned();
        // A key may stand in what it answers, too.
        let text = |bytes: &[u8]| api_key::redact_text(&String::from_utf8_lossy(bytes));
        let headers = |reply: &ResponseTemplate| {
            let shown = |(name, value): (&HeaderName, &HeaderValue)| {
                (name.to_string(), text(value.as_bytes()))
            };
            reply.headers().iter().map(shown).collect()
        };
        let body = |reply: &ResponseTemplate| text(reply.body());
        Self {
            id: placed.id(),
            partner: placed.owner.map(|owner| owner.to_string()),
            method: stub.method.to_string(),
            path: stub.path.clone(),
            status: reply.map(|reply| reply.status().as_u16()),
            headers: reply.map(headers),
            body: reply.map(body),
            override_documented: stub.override_documented,
        }
    }
}

fn list(request: &ControlRequest) -> ControlResult {
    let owner = request.partner_if_named()?.map(|partner| partner.state().id);
    let stubs = request.mock().handler().stubs.of(owner);
    response::json(&List { data: stubs.iter().map(|placed| StubBody::from(&**placed)).collect() })
}

fn add(request: &ControlRequest) -> ControlResult {
    let owner = request.partner_if_named()?.map(|partner| partner.state().id);
    let stub = fragment::stub(request.text()?)?;
    let handler = request.mock().handler();
    quota::check(handler.stubs.len(), "stubs")?;
    let added = ActiveStub::new(&handler, handler.stubs.add(owner, stub));
    request.undo_if_removed(|| added.remove())?;
    let body = StubBody::from(added.placed());
    Ok(response::created(response::json(&body)?, &["stubs", &added.id()]))
}

fn find(request: &ControlRequest) -> Result<ActiveStub, ApiError> {
    let id = request.name(0);
    request.mock().stub_with_id(id).ok_or_else(|| {
        ApiError::not_found(format!("there is no stub `{}`, or it was removed", id.escape_debug()))
    })
}

fn get(request: &ControlRequest) -> ControlResult {
    response::json(&StubBody::from(find(request)?.placed()))
}

fn remove(request: &ControlRequest) -> ControlResult {
    find(request)?.remove();
    Ok(response::no_content())
}

fn remove_all(request: &ControlRequest) -> ControlResult {
    let owner = request.partner_if_named()?.map(|partner| partner.state().id);
    request.mock().handler().stubs.retain(|placed| placed.owner != owner);
    Ok(response::no_content())
}
