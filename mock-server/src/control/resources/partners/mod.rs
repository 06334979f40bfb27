//! Partners: added, listed, renamed, activated, deactivated, removed.

mod companies;
mod connections;
mod json_merge;
pub(super) mod keys;
mod wallet;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::control::ControlState;
use crate::control::extract::{self, Json};
use crate::control::response::{ApiError, List, blocking, check_quota, created};
use crate::input::json::{Object, non_null};
use crate::mock::{self, Mock};
use crate::seed::PartnerSeed;
use crate::state::model::Wallet;

pub(super) fn router() -> Router<ControlState> {
    Router::new()
        .route("/partners", get(list_partners).post(add_partner))
        .route("/partners/{partner}", get(get_partner).patch(change_partner).delete(remove_partner))
        .merge(wallet::router())
        .merge(companies::router())
        .merge(connections::router())
        .merge(keys::router())
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::control) struct Partner {
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^p-[1-9][0-9]*$")))]
    id: String,
    name: String,
    /// Whether its keys work.
    active: bool,
    companies: usize,
    connections: usize,
    wallet: Wallet,
    /// How many it has that are not revoked.
    keys: usize,
    /// How many of its requests are kept.
    requests: usize,
    /// How many of its rules are active.
    faults: usize,
    /// Only in the response that adds it, if no keys were given: its new key, which is shown only once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl Partner {
    fn of(mock: &Mock, partner: &mock::Partner) -> Self {
        let state = partner.state();
        let (companies, connections) = state
            .companies
            .read(|all| (all.len(), all.iter().map(|one| one.connections.len()).sum()));
        let handler = mock.handler();
        Self {
            id: partner.id(),
            name: partner.name(),
            active: partner.is_active(),
            companies,
            connections,
            wallet: partner.wallet(),
            keys: partner.keys().iter().filter(|key| !key.revoked).count(),
            requests: handler.journal.kept(Some(state.id)),
            faults: handler.rules.of(Some(state.id)).len(),
            key: None,
        }
    }
}

async fn list_partners(State(mock): State<Mock>) -> Json<List<Partner>> {
    let partners = mock.partners();
    Json(List { data: partners.iter().map(|one| Partner::of(&mock, one)).collect() })
}

async fn add_partner(
    State(mock): State<Mock>,
    Json(seed): Json<PartnerSeed>,
) -> Result<Response, ApiError> {
    check_quota(mock.partners().len(), "partners")?;
    let has_keys = !seed.partner.keys.is_empty();
    let partner = mock.add_seeded(seed)?;
    let key = (!has_keys).then(|| partner.issue_key());
    let body = Partner { key, ..Partner::of(&mock, &partner) };
    Ok(created(&["partners", &partner.id()], Json(body)))
}

async fn get_partner(
    State(mock): State<Mock>,
    extract::Partner(partner): extract::Partner,
) -> Json<Partner> {
    Json(Partner::of(&mock, &partner))
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object with `name` or `active`")]
pub(in crate::control) struct PartnerChange {
    #[serde(default, deserialize_with = "non_null")]
    name: Option<String>,
    #[serde(default, deserialize_with = "non_null")]
    active: Option<bool>,
}

async fn change_partner(
    State(mock): State<Mock>,
    extract::Partner(partner): extract::Partner,
    Json(Object(PartnerChange { name, active })): Json<Object<PartnerChange>>,
) -> Json<Partner> {
    if let Some(name) = name {
        partner.rename(name);
    }
    match active {
        Some(true) => partner.activate(),
        Some(false) => partner.deactivate(),
        None => {}
    }
    Json(Partner::of(&mock, &partner))
}

async fn remove_partner(
    State(mock): State<Mock>,
    extract::Partner(partner): extract::Partner,
) -> Result<StatusCode, ApiError> {
    blocking(move || mock.remove_partner(&partner)).await?;
    Ok(StatusCode::NO_CONTENT)
}
