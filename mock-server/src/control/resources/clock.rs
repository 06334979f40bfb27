//! The mock's clock: shown, paused, set, advanced and resumed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::control::request::ControlRequest;
use crate::control::response::{self, ApiError, ControlResult};
use crate::control::route::Route;
use crate::faults::Time;
use crate::input::json::{Expected, timestamp};
use crate::state::clock::ClockNotPaused;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/clock", get),
    Route::new("PUT", "/clock", set),
    Route::new("POST", "/clock/advance", advance),
];

#[derive(Serialize)]
struct ClockBody {
    now: String,
    paused: bool,
}

fn get(request: &ControlRequest) -> ControlResult {
    let clock = request.mock().clock();
    response::json(&ClockBody { now: format!("{:.3}", clock.now()), paused: clock.is_paused() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    paused: bool,
    #[serde(default, deserialize_with = "timestamp")]
    now: Option<Timestamp>,
}

impl Expected for Wanted {
    const EXPECTED: &'static str = "an object with `paused`, and perhaps `now`";
}

fn set(request: &ControlRequest) -> ControlResult {
    let Wanted { paused, now } = request.body()?;
    let clock = request.mock().clock();
    match (paused, now) {
        (true, Some(now)) => clock.set(now),
        (true, None) => clock.pause(),
        (false, None) => clock.resume(),
        (false, Some(_)) => {
            let message =
                "a clock that runs shows the machine's time: expected it with `paused` only";
            return Err(ApiError::invalid("now", message));
        }
    }
    get(request)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    by: Time,
}

impl Expected for Step {
    const EXPECTED: &'static str = "an object with `by`, such as \"30s\"";
}

impl From<ClockNotPaused> for ApiError {
    fn from(error: ClockNotPaused) -> Self {
        Self::conflict(error.to_string())
    }
}

fn advance(request: &ControlRequest) -> ControlResult {
    let Step { by: Time(by) } = request.body()?;
    request.mock().clock().advance(by)?;
    get(request)
}
