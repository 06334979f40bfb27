//! `GET /api/v1/companies`: "List your clients and their connections" (reference, Endpoints).

use bytes::Bytes;
use http::{Response, StatusCode};

use super::{Route, json};
use crate::store::Tenant;
use crate::wire;

pub(super) const ROUTE: Route =
    Route { name: "companies", method: "GET", path: "/api/v1/companies", handler: list };

fn list(tenant: &Tenant) -> Response<Bytes> {
    json(StatusCode::OK, tenant.companies.bytes(|companies| wire::companies(companies)))
}
