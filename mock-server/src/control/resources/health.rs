//! The mock itself: whether it lives, whether it is ready, what it is, and the way back to its start.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::control::request::ControlRequest;
use crate::control::response::{self, ControlResult};
use crate::control::route::Route;
use crate::input::json::Expected;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/health", health).public(),
    Route::new("GET", "/ready", ready).public(),
    Route::new("GET", "/info", info),
    Route::new("POST", "/reset", reset),
];

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

fn health(_: &ControlRequest) -> ControlResult {
    response::json(&Status { status: "ok" })
}

/// New connections are refused by then, but one that was kept may ask.
fn ready(request: &ControlRequest) -> ControlResult {
    if request.api.is_ending() {
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
fn reset(request: &ControlRequest) -> ControlResult {
    let Nothing {} = request.body_or_default()?;
    request.mock().reset();
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

fn info(request: &ControlRequest) -> ControlResult {
    let mock = request.mock();
    response::json(&Info {
        version: env!("CARGO_PKG_VERSION"),
        started_at: format!("{:.3}", request.api.started_at),
        base_url: &request.api.base_url,
        partners: mock.partners().len(),
        requests: mock.handler().journal.kept(),
        dropped: mock.dropped_requests(),
        seed: mock.seed_source(),
    })
}
