//! The mock's clock: shown, paused, set, advanced and resumed.

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::control::ControlState;
use crate::control::extract::Json;
use crate::control::response::ApiError;
use crate::faults::Time;
use crate::input::json::{Object, timestamp};
use crate::mock::Mock;

pub(super) fn router() -> Router<ControlState> {
    Router::new()
        .route("/clock", get(get_clock).put(set_clock))
        .route("/clock/advance", post(advance_clock))
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::control) struct Clock {
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    now: String,
    paused: bool,
}

async fn get_clock(State(mock): State<Mock>) -> Json<Clock> {
    let clock = mock.clock();
    Json(Clock { now: format!("{:.3}", clock.now()), paused: clock.is_paused() })
}

/// `paused: true` pauses it where it is, or at `now`; `paused: false` resumes it.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = only_a_paused_clock_is_set))]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object with `paused`, and optionally `now`")]
pub(in crate::control) struct ClockSetting {
    paused: bool,
    #[serde(default, deserialize_with = "timestamp")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    now: Option<Timestamp>,
}

#[cfg(feature = "schema")]
fn only_a_paused_clock_is_set(schema: &mut schemars::Schema) {
    use crate::input::schema::{given, is_true};
    let rule = serde_json::json!({"if": given("now"), "then": is_true("paused")});
    schema.insert("allOf".into(), serde_json::json!([rule]));
}

async fn set_clock(
    State(mock): State<Mock>,
    Json(Object(ClockSetting { paused, now })): Json<Object<ClockSetting>>,
) -> Result<Json<Clock>, ApiError> {
    let clock = mock.clock();
    match (paused, now) {
        (true, Some(now)) => clock.set(now),
        (true, None) => clock.pause(),
        (false, None) => clock.resume(),
        (false, Some(_)) => {
            let message =
                "a running clock shows the machine's time; expected it with `paused` only";
            return Err(ApiError::invalid("now", message));
        }
    }
    Ok(get_clock(State(mock)).await)
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object with `by`, such as \"30s\"")]
pub(in crate::control) struct ClockStep {
    by: Time,
}

async fn advance_clock(
    State(mock): State<Mock>,
    Json(Object(ClockStep { by: Time(by) })): Json<Object<ClockStep>>,
) -> Result<Json<Clock>, ApiError> {
    mock.clock().advance(by)?;
    Ok(get_clock(State(mock)).await)
}
