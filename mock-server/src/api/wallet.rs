//! `GET /api/v1/wallet`: "Credit balance and pricing" (reference, Endpoints).

use http::{Response, StatusCode};

use super::{Route, json};
use crate::state::body;
use crate::state::payload::Payload;
use crate::state::store::PartnerState;

pub(super) const ROUTE: Route =
    Route { name: "wallet", method: "GET", path: "/api/v1/wallet", handler: get };

fn get(partner: &PartnerState) -> Response<Payload> {
    json(StatusCode::OK, partner.wallet.content(body::wallet))
}
