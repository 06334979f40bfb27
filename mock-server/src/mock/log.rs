//! What a mock tells to `tracing`: an event for each request, and when it starts and ends.
//!
//! Names are OpenTelemetry's where it has one (semantic conventions for HTTP spans). Whoever wrote
//! a text, its control characters are escaped: not every subscriber does that.

use std::net::SocketAddr;

use crate::input::escape::escaped;
use crate::journal::LogRecord;

/// The target of the event of a request. The program's `--quiet` names it, too.
const REQUEST: &str = "partner_api_mock::request";
const SERVER: &str = "partner_api_mock::server";

/// Whether anybody wants to be told of requests.
#[inline]
pub(crate) fn request_log_enabled() -> bool {
    tracing::event_enabled!(target: REQUEST, tracing::Level::INFO)
}

/// What is told comes from the journal, so no key is in it.
pub(crate) fn request(told: &LogRecord<'_>) {
    let (path, query) = told.path_and_query();
    let fault = told.fault.map(ToString::to_string);
    tracing::info!(
        target: REQUEST,
        {
            request.id = told.request_id(),
            http.request.method = told.method.as_str(),
            url.path = &*escaped(path),
            url.query = query.map(escaped).as_deref(),
            http.response.status_code = told.status.map(|status| status.as_u16()),
            disposition = told.disposition.to_string(),
            partner = told.partner.map(escaped).as_deref(),
            fault = fault.as_deref().map(escaped).as_deref(),
            duration_us = u64::try_from(told.duration.as_micros()).unwrap_or(u64::MAX),
        },
        "request handled"
    );
}

pub(crate) fn listening(address: SocketAddr) {
    tracing::info!(target: SERVER, %address, "listening");
}

pub(crate) fn shutting_down(address: SocketAddr) {
    tracing::info!(target: SERVER, %address, "shutting down: answering what is under way");
}

pub(crate) fn shut_down(address: SocketAddr) {
    tracing::info!(target: SERVER, %address, "shut down");
}
