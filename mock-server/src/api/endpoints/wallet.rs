//! `GET /api/v1/wallet`: "Credit balance and pricing" (reference, Endpoints).

use axum::response::Response;
use axum::routing;
use http::StatusCode;

use crate::api::auth::Partner;
use crate::api::{Route, json};
use crate::state::payload;

pub(super) const ROUTE: Route =
    Route { name: "wallet", method: "GET", path: "/api/v1/wallet", handler: || routing::get(show) };

async fn show(Partner(partner): Partner) -> Response {
    json(StatusCode::OK, partner.wallet.content(payload::json))
}
