//! One file for each noun of the control API, with its routes and its handlers.

mod clock;
mod faults;
mod health;
mod openapi;
mod outage;
mod partners;
mod requests;
mod stubs;

#[cfg(feature = "schema")]
pub(super) use {
    clock::{Clock, ClockSetting, ClockStep},
    faults::Fault,
    health::{Health, Info},
    outage::Outage,
    partners::keys::{Key, KeyAdded, KeyNew},
    partners::{Partner, PartnerChange},
    requests::{Report, RequestList, RequestWithResponse, RequestsQuery},
    stubs::Stub,
};

use axum::Router;

use super::ControlState;

/// All routes below `/_mock`.
pub(super) fn router() -> Router<ControlState> {
    Router::new()
        .merge(health::router())
        .merge(openapi::router())
        .merge(partners::router())
        .merge(faults::router())
        .merge(stubs::router())
        .merge(requests::router())
        .merge(clock::router())
        .merge(outage::router())
}
