//! An outage of the port, which the control API shares: it ends by itself.

use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::control::extract::Json;
use crate::control::response::ApiError;
use crate::control::{ControlState, MAX_CONTROL_OUTAGE};
use crate::faults::Time;
use crate::faults::outage::{self, ScheduledOutage};
use crate::input::json::Object;

pub(super) fn router() -> Router<ControlState> {
    Router::new().route("/outage", post(start_outage))
}

/// An outage, and when it ends.
#[derive(Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object such as {\"kind\": \"refuse\", \"duration\": \"2s\"}")]
pub(in crate::control) struct Outage {
    /// `refuse`: connections are refused, open ones closed. `reset`: connections are reset.
    /// `blackhole`: connections get no byte and no end.
    kind: outage::Outage,
    /// When the outage ends by itself, from its start: `2s`, 10 minutes at most.
    duration: Time,
}

async fn start_outage(
    Json(Object(Outage { kind, duration })): Json<Object<Outage>>,
) -> Result<(StatusCode, Extension<ScheduledOutage>, Json<Outage>), ApiError> {
    if duration.0.is_zero() || duration.0 > MAX_CONTROL_OUTAGE {
        let message = "expected more than 0 and at most 10m: the control API is down until then";
        return Err(ApiError::invalid("duration", message));
    }
    let scheduled = ScheduledOutage { kind, duration: duration.0 };
    Ok((StatusCode::ACCEPTED, Extension(scheduled), Json(Outage { kind, duration })))
}
