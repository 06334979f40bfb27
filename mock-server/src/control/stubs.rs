//! Stubs: canned answers on paths under `/api/v1`, for all partners and for one. None of them is
//! computed: no code comes over HTTP.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::asked::Asked;
use super::check_room;
use super::faults::still_there;
use super::patch::Fields;
use super::reply::{self, Failure};
use super::table::Route;
use crate::fault::is_bodyless;
use crate::seed::part::{Expected, given};
use crate::stub::{Reply, Stub};
use crate::stubbing::{self, ActiveStub};
use crate::stubs::{Placed, StubError};

pub(super) const ROUTES: &[Route] = &[
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
struct List {
    data: Vec<StubBody>,
}

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
        let headers = |reply: &Reply| {
            let shown = |(name, value): (&HeaderName, &HeaderValue)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
            reply.headers().iter().map(shown).collect()
        };
        let body = |reply: &Reply| String::from_utf8_lossy(reply.body()).into_owned();
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewStub {
    #[serde(default, deserialize_with = "given")]
    method: Option<String>,
    path: String,
    #[serde(default, deserialize_with = "given")]
    status: Option<u16>,
    #[serde(default, deserialize_with = "given")]
    headers: Option<Fields<String>>,
    #[serde(default, deserialize_with = "given")]
    json: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    body: Option<String>,
    #[serde(default)]
    replaces_documented: bool,
}

impl Expected for NewStub {
    const EXPECTED: &'static str = "an object with the `path` of a stub";
}

/// What says where an answer ends, which the mock says itself.
const FRAMING: [&str; 3] = ["connection", "content-length", "transfer-encoding"];

impl NewStub {
    fn into_stub(self) -> Result<Stub, Failure> {
        let method = self.method.as_deref().unwrap_or("GET");
        let method: Method = method.parse().map_err(|_| {
            Failure::invalid("method", "expected the name of a method, such as `POST`")
        })?;
        let status = self.status.unwrap_or(200);
        if !(200..600).contains(&status) {
            return Err(Failure::invalid("status", "expected one from 200 to 599"));
        }
        let is_bodyless = StatusCode::from_u16(status).is_ok_and(is_bodyless);
        let mut reply = match (self.json, self.body) {
            (Some(_), Some(_)) => {
                return Err(Failure::invalid("body", "expected it, or `json`, and not both"));
            }
            (Some(_), _) if is_bodyless => return Err(bodyless("json")),
            (_, Some(body)) if is_bodyless && !body.is_empty() => return Err(bodyless("body")),
            (Some(json), None) => Reply::json(status, String::from(Box::<str>::from(json))),
            (None, Some(body)) => Reply::text(status, body),
            (None, None) if is_bodyless => Reply::empty(status),
            (None, None) => Reply::json(status, "{}"),
        };
        for (name, value) in self.headers.into_iter().flat_map(|Fields(headers)| headers) {
            let (name, value) = header(&name, &value)
                .map_err(|wrong| Failure::invalid(format!("headers.{name}"), wrong))?;
            reply = reply.header(name, value);
        }
        let stub = Stub::new(method, self.path).reply(reply);
        Ok(if self.replaces_documented { stub.replaces_documented() } else { stub })
    }
}

fn bodyless(field: &str) -> Failure {
    Failure::invalid(field, "an answer with this status has none")
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name = HeaderName::from_bytes(name.as_bytes());
    let name = name.map_err(|_| "a name that HTTP does not allow")?;
    if FRAMING.contains(&name.as_str()) {
        return Err("not this one: the mock says itself how long an answer is");
    }
    let value = HeaderValue::from_str(value);
    Ok((name, value.map_err(|_| "a value that HTTP does not allow in a header")?))
}

impl From<StubError> for Failure {
    fn from(error: StubError) -> Self {
        let message = error.to_string();
        match error {
            StubError::Documented(..) => Self::invalid(
                "replacesDocumented",
                "this call is documented: expected `true`, if the stub is meant to answer it",
            ),
            StubError::Path(_) => Self::invalid("path", message),
        }
    }
}

fn list(asked: &Asked) -> Result<Response<Bytes>, Failure> {
    let owner = asked.partner_if_named()?.map(|partner| partner.tenant().id);
    let stubs = asked.mock().api().stubs.of(owner);
    reply::json(&List { data: stubs.iter().map(|placed| StubBody::from(&**placed)).collect() })
}

fn add(asked: &Asked) -> Result<Response<Bytes>, Failure> {
    let owner = asked.partner_if_named()?.map(|partner| partner.tenant().id);
    let stub = asked.body::<NewStub>()?.into_stub()?;
    let api = asked.mock().api();
    check_room(api.stubs.len(), "stubs")?;
    let added = stubbing::add(&api, owner, stub)?;
    still_there(asked, || added.remove())?;
    let body = StubBody::from(added.placed());
    Ok(reply::created(reply::json(&body)?, &["stubs", &added.id()]))
}

fn find(asked: &Asked) -> Result<ActiveStub, Failure> {
    let id = asked.name(0);
    asked.mock().stub_with_id(id).ok_or_else(|| {
        Failure::not_found(format!("there is no stub `{}`, or it was removed", id.escape_debug()))
    })
}

fn get(asked: &Asked) -> Result<Response<Bytes>, Failure> {
    reply::json(&StubBody::from(find(asked)?.placed()))
}

fn remove(asked: &Asked) -> Result<Response<Bytes>, Failure> {
    find(asked)?.remove();
    Ok(reply::no_content())
}

fn remove_all(asked: &Asked) -> Result<Response<Bytes>, Failure> {
    let owner = asked.partner_if_named()?.map(|partner| partner.tenant().id);
    asked.mock().api().stubs.retain(|placed| placed.owner != owner);
    Ok(reply::no_content())
}
