//! The report of what was set up and never used.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Serialize;

use crate::control::ControlState;
use crate::control::extract::{Json, Owner};
use crate::control::resources::faults::Fault;
use crate::control::resources::stubs::Stub;
use crate::mock::{self, Mock};

pub(super) fn router() -> Router<ControlState> {
    Router::new()
        .route("/report", get(get_report))
        .route("/partners/{partner}/report", get(get_report))
}

/// What was set up and never used, and requests to unknown paths. Removed stubs and rules are not in
/// it, nor are requests that were cleared.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::control) struct Report {
    /// True if everything was used, and no request was to an unknown path.
    clean: bool,
    /// Stubs that responded to no request.
    unused_stubs: Vec<Stub>,
    /// Rules that were applied to no request, expired ones included.
    unused_rules: Vec<Fault>,
    /// How many more unused rules expired, which are no longer known.
    more_unused_rules: usize,
    /// Requests to paths that neither the reference nor a stub has.
    unknown_paths: Vec<UnknownPath>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct UnknownPath {
    /// Null without a known key.
    partner: Option<String>,
    /// Null for evicted requests with methods that have no counter.
    method: Option<String>,
    /// Null for evicted requests to paths that have no counter.
    path: Option<String>,
    /// How many requests, evicted ones included.
    count: usize,
}

async fn get_report(State(mock): State<Mock>, owner: Owner) -> Json<Report> {
    let report = owner.0.as_ref().map_or_else(|| mock.report(), mock::Partner::report);
    let rule = |rule: &mock::ActiveRule| Fault::of(rule.state(), rule.is_active());
    Json(Report {
        clean: report.is_clean(),
        unused_stubs: report.unused_stubs.iter().map(|stub| Stub::from(stub.placed())).collect(),
        unused_rules: report.unused_rules.iter().map(rule).collect(),
        more_unused_rules: report.more_unused_rules,
        unknown_paths: report.unknown_paths.into_iter().map(UnknownPath::from).collect(),
    })
}

impl From<mock::UnknownPath> for UnknownPath {
    fn from(unknown: mock::UnknownPath) -> Self {
        let mock::UnknownPath { partner, method, path, count } = unknown;
        Self { partner, method, path, count }
    }
}
