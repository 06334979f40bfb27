//! `GET /api/v1/wallet`: "Credit balance and pricing" (reference, Endpoints).

use http::{Response, StatusCode};

use super::{Route, json};
use crate::state::body;
use crate::state::payload::Content;
use crate::state::store::Tenant;

pub(super) const ROUTE: Route =
    Route { name: "wallet", method: "GET", path: "/api/v1/wallet", handler: get };

fn get(tenant: &Tenant) -> Response<Content> {
    json(StatusCode::OK, tenant.wallet.content(body::wallet))
}
