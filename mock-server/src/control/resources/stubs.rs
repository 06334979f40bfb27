//! Stubs: canned answers on paths under `/api/v1`, for all partners and for one. None of them is
//! computed: no code comes over HTTP.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use serde::Serialize;

use crate::control::quota;
use crate::control::request::Asked;
use crate::control::response::{self, Answer, Failure, List};
use crate::control::route::Route;
use crate::mock::ActiveStub;
use crate::seed::fragment;
use crate::state::api_key;
use crate::stubs::{Placed, Reply};

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
    replaces_documented: bool,
}

impl From<&Placed> for StubBody {
    fn from(placed: &Placed) -> Self {
        let stub = &placed.stub;
        let reply = stub.canned();
        // A key may stand in what it answers, too.
        let text = |bytes: &[u8]| api_key::redact_text(&String::from_utf8_lossy(bytes));
        let headers = |reply: &Reply| {
            let shown = |(name, value): (&HeaderName, &HeaderValue)| {
                (name.to_string(), text(value.as_bytes()))
            };
            reply.headers().iter().map(shown).collect()
        };
        let body = |reply: &Reply| text(reply.body());
        Self {
            id: placed.id(),
            partner: placed.owner.map(|owner| owner.to_string()),
            method: stub.method.to_string(),
            path: stub.path.clone(),
            status: reply.map(|reply| reply.status().as_u16()),
            headers: reply.map(headers),
            body: reply.map(body),
            replaces_documented: stub.replaces_documented,
        }
    }
}

fn list(asked: &Asked) -> Answer {
    let owner = asked.partner_if_named()?.map(|partner| partner.tenant().id);
    let stubs = asked.mock().api().stubs.of(owner);
    response::json(&List { data: stubs.iter().map(|placed| StubBody::from(&**placed)).collect() })
}

fn add(asked: &Asked) -> Answer {
    let owner = asked.partner_if_named()?.map(|partner| partner.tenant().id);
    let stub = fragment::stub(asked.text()?)?;
    let api = asked.mock().api();
    quota::check(api.stubs.len(), "stubs")?;
    let added = ActiveStub::new(&api, api.stubs.add(owner, stub));
    asked.undo_if_removed(|| added.remove())?;
    let body = StubBody::from(added.placed());
    Ok(response::created(response::json(&body)?, &["stubs", &added.id()]))
}

fn find(asked: &Asked) -> Result<ActiveStub, Failure> {
    let id = asked.name(0);
    asked.mock().stub_with_id(id).ok_or_else(|| {
        Failure::not_found(format!("there is no stub `{}`, or it was removed", id.escape_debug()))
    })
}

fn get(asked: &Asked) -> Answer {
    response::json(&StubBody::from(find(asked)?.placed()))
}

fn remove(asked: &Asked) -> Answer {
    find(asked)?.remove();
    Ok(response::no_content())
}

fn remove_all(asked: &Asked) -> Answer {
    let owner = asked.partner_if_named()?.map(|partner| partner.tenant().id);
    asked.mock().api().stubs.retain(|placed| placed.owner != owner);
    Ok(response::no_content())
}
