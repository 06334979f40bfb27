//! The mock itself: health, readiness, information, reset.

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::control::ControlState;
use crate::control::extract::Json;
use crate::control::resources::requests::Evicted;
use crate::control::response::{ApiError, blocking};
use crate::input::json::Object;
use crate::mock::Mock;

pub(super) fn router() -> Router<ControlState> {
    Router::new()
        .route("/health", get(get_health))
        .route("/ready", get(get_readiness))
        .route("/info", get(get_info))
        .route("/reset", post(reset))
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::control) struct Health {
    status: Status,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(inline))]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Ready,
    Draining,
}

async fn get_health() -> Json<Health> {
    Json(Health { status: Status::Ok })
}

/// New connections are refused while the mock ends, but an open one may still ask.
async fn get_readiness(State(control): State<ControlState>) -> (StatusCode, Json<Health>) {
    if control.is_ending() {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: Status::Draining }))
    } else {
        (StatusCode::OK, Json(Health { status: Status::Ready }))
    }
}

/// An empty body. Unknown fields are rejected, so that a partial reset is not mistaken for a full
/// one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an empty object, or no body")]
struct Empty {}

async fn reset(
    State(mock): State<Mock>,
    _: Option<Json<Object<Empty>>>,
) -> Result<StatusCode, ApiError> {
    blocking(move || mock.reset()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::control) struct Info {
    version: &'static str,
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    started_at: String,
    /// What the reference of the Partner API calls the base URL.
    base_url: String,
    partners: usize,
    /// How many are kept.
    requests: usize,
    evicted: Evicted,
    /// What the mock started with: `sample`, `empty` or `file`.
    seed: &'static str,
}

async fn get_info(State(control): State<ControlState>) -> Json<Info> {
    let mock = &control.0.mock;
    Json(Info {
        version: env!("CARGO_PKG_VERSION"),
        started_at: format!("{:.3}", control.0.started_at),
        base_url: control.0.base_url.clone(),
        partners: mock.partners().len(),
        requests: mock.handler().journal.kept(None),
        evicted: mock.evicted_requests().into(),
        seed: mock.seed_source(),
    })
}
