//! Partners: added, looked at, renamed, switched off and on, removed.

use serde::{Deserialize, Serialize};

use crate::control::quota;
use crate::control::request::ControlRequest;
use crate::control::response::{self, ControlResult, List};
use crate::control::route::Route;
use crate::input::json::{Expected, non_null};
use crate::mock::{Mock, Partner};
use crate::seed::fragment;
use crate::state::body::WalletBody;
use crate::state::model::Wallet;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/partners", list),
    Route::new("POST", "/partners", add),
    Route::new("GET", "/partners/{partner}", get),
    Route::new("PATCH", "/partners/{partner}", change),
    Route::new("DELETE", "/partners/{partner}", remove),
];

#[derive(Serialize)]
struct PartnerBody<'a> {
    id: String,
    name: String,
    active: bool,
    companies: usize,
    connections: usize,
    wallet: WalletBody<'a>,
    keys: usize,
    requests: usize,
    faults: usize,
    /// The key that was made for a new partner. It is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl<'a> PartnerBody<'a> {
    fn of(mock: &Mock, partner: &Partner, wallet: &'a Wallet) -> Self {
        let state = partner.state();
        let (companies, connections) =
            state.companies.read(|companies| (companies.len(), companies.connections()));
        let handler = mock.handler();
        Self {
            id: partner.id(),
            name: partner.name(),
            active: partner.is_active(),
            companies,
            connections,
            wallet: wallet.into(),
            keys: partner.keys().iter().filter(|key| !key.revoked).count(),
            requests: handler.journal.kept_of(state.id),
            faults: handler.rules.of(Some(state.id)).len(),
            key: None,
        }
    }
}

fn list(request: &ControlRequest) -> ControlResult {
    let mock = request.mock();
    let partners: Vec<_> =
        mock.partners().into_iter().map(|partner| (partner.wallet(), partner)).collect();
    let body = |(wallet, partner)| PartnerBody::of(mock, partner, wallet);
    let data = partners.iter().map(|(wallet, partner)| body((wallet, partner))).collect();
    response::json(&List { data })
}

fn add(request: &ControlRequest) -> ControlResult {
    let mock = request.mock();
    let seed = fragment::partner(request.text()?)?;
    quota::check(mock.partners().len(), "partners")?;
    let has_keys = !seed.keys.is_empty();
    let partner = mock.add_seeded(seed)?;
    let key = (!has_keys).then(|| partner.issue_key());
    let wallet = partner.wallet();
    let body = PartnerBody { key, ..PartnerBody::of(mock, &partner, &wallet) };
    Ok(response::created(response::json(&body)?, &["partners", &partner.id()]))
}

fn get(request: &ControlRequest) -> ControlResult {
    shown(request, &request.partner()?)
}

fn shown(request: &ControlRequest, partner: &Partner) -> ControlResult {
    response::json(&PartnerBody::of(request.mock(), partner, &partner.wallet()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default, deserialize_with = "non_null")]
    name: Option<String>,
    #[serde(default, deserialize_with = "non_null")]
    active: Option<bool>,
}

impl Expected for Change {
    const EXPECTED: &'static str = "an object with the `name` of a partner, or `active`";
}

fn change(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    let Change { name, active } = request.body()?;
    if let Some(name) = name {
        partner.rename(name);
    }
    match active {
        Some(true) => partner.activate(),
        Some(false) => partner.deactivate(),
        None => {}
    }
    shown(request, &partner)
}

fn remove(request: &ControlRequest) -> ControlResult {
    request.mock().remove_partner(&request.partner()?);
    Ok(response::no_content())
}
