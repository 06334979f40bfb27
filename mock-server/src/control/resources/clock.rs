//! The mock's clock: looked at, held, set, moved and let go.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::control::request::Asked;
use crate::control::response::{self, Answer, Failure};
use crate::control::route::Route;
use crate::faults::Time;
use crate::input::json::{Expected, timestamp};
use crate::state::clock::NotHeld;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/clock", get),
    Route::new("PUT", "/clock", set),
    Route::new("POST", "/clock/advance", advance),
];

#[derive(Serialize)]
struct ClockBody {
    now: String,
    held: bool,
}

fn get(asked: &Asked) -> Answer {
    let clock = asked.mock().clock();
    response::json(&ClockBody { now: format!("{:.3}", clock.now()), held: clock.is_held() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    held: bool,
    #[serde(default, deserialize_with = "timestamp")]
    now: Option<Timestamp>,
}

impl Expected for Wanted {
    const EXPECTED: &'static str = "an object with `held`, and perhaps `now`";
}

fn set(asked: &Asked) -> Answer {
    let Wanted { held, now } = asked.body()?;
    let clock = asked.mock().clock();
    match (held, now) {
        (true, Some(now)) => clock.hold_at(now),
        (true, None) => clock.hold(),
        (false, None) => clock.release(),
        (false, Some(_)) => {
            let message =
                "a clock that runs shows the machine's time: expected it with `held` only";
            return Err(Failure::invalid("now", message));
        }
    }
    get(asked)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    by: Time,
}

impl Expected for Step {
    const EXPECTED: &'static str = "an object with `by`, such as \"30s\"";
}

impl From<NotHeld> for Failure {
    fn from(error: NotHeld) -> Self {
        Self::conflict(error.to_string())
    }
}

fn advance(asked: &Asked) -> Answer {
    let Step { by: Time(by) } = asked.body()?;
    asked.mock().clock().advance(by)?;
    get(asked)
}
