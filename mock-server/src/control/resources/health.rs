//! The mock itself: whether it lives, whether it is ready, what it is, and the way back to its start.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::control::request::Asked;
use crate::control::response::{self, Answer};
use crate::control::route::Route;
use crate::input::json::Expected;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/health", health).open(),
    Route::new("GET", "/ready", ready).open(),
    Route::new("GET", "/info", info),
    Route::new("POST", "/reset", reset),
];

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

fn health(_: &Asked) -> Answer {
    response::json(&Status { status: "ok" })
}

/// New connections are refused by then, but one that was kept may ask.
fn ready(asked: &Asked) -> Answer {
    if asked.api.is_ending() {
        let mut response = response::json(&Status { status: "draining" })?;
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return Ok(response);
    }
    response::json(&Status { status: "ready" })
}

/// What says nothing. Who says more means less than all, which would be gone.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Expected for Nothing {
    const EXPECTED: &'static str = "an empty object, or nothing";
}

/// All is again as it was at the start.
fn reset(asked: &Asked) -> Answer {
    let Nothing {} = asked.body_or_default()?;
    asked.mock().reset();
    Ok(response::no_content())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info<'a> {
    version: &'static str,
    started_at: String,
    base_url: &'a str,
    partners: usize,
    requests: usize,
    dropped: u64,
    seed: &'static str,
}

fn info(asked: &Asked) -> Answer {
    let mock = asked.mock();
    response::json(&Info {
        version: env!("CARGO_PKG_VERSION"),
        started_at: format!("{:.3}", asked.api.started_at),
        base_url: &asked.api.base_url,
        partners: mock.partners().len(),
        requests: mock.api().journal.kept(),
        dropped: mock.dropped_requests(),
        seed: mock.seed_source(),
    })
}
