//! `GET /api/v1/wallet`: "Credit balance and pricing" (reference, Endpoints).

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;

use super::{Route, json};
use crate::store::Tenant;
use crate::wire;

pub(super) const ROUTE: Route = Route {
    method: "GET",
    path: "/api/v1/wallet",
    handler: get,
};

fn get(tenant: &Tenant) -> Response<Full<Bytes>> {
    json(StatusCode::OK, tenant.wallet.bytes(wire::wallet))
}
