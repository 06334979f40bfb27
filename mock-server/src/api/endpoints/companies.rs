//! `GET /api/v1/companies`: "List your clients and their connections" (reference, Endpoints).

use axum::response::Response;
use axum::routing;
use http::StatusCode;

use crate::api::auth::Partner;
use crate::api::{Route, json};
use crate::state::companies::Companies;

pub(super) const ROUTE: Route = Route {
    name: "companies",
    method: "GET",
    path: "/api/v1/companies",
    handler: || routing::get(list),
};

async fn list(Partner(partner): Partner) -> Response {
    json(StatusCode::OK, partner.companies.content(Companies::content))
}
