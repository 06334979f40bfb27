//! `GET /api/v1/companies`: "List your clients and their connections" (reference, Endpoints).

use http::{Response, StatusCode};

use super::{Route, json};
use crate::state::companies::Companies;
use crate::state::payload::Payload;
use crate::state::store::PartnerState;

pub(super) const ROUTE: Route =
    Route { name: "companies", method: "GET", path: "/api/v1/companies", handler: list };

fn list(partner: &PartnerState) -> Response<Payload> {
    json(StatusCode::OK, partner.companies.content(Companies::content))
}
