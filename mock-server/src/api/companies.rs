//! `GET /api/v1/companies`: "List your clients and their connections" (reference, Endpoints).

use http::{Response, StatusCode};

use super::{Route, json};
use crate::state::companies::Companies;
use crate::state::payload::Content;
use crate::state::store::Tenant;

pub(super) const ROUTE: Route =
    Route { name: "companies", method: "GET", path: "/api/v1/companies", handler: list };

fn list(tenant: &Tenant) -> Response<Content> {
    json(StatusCode::OK, tenant.companies.content(Companies::content))
}
