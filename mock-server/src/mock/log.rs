//! The events of `tracing`: one for each request, and when a server starts and ends.
//!
//! Names are OpenTelemetry's where it has one (semantic conventions for HTTP spans). Control
//! characters are escaped in every text: not every subscriber does that.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::input::escape::escaped;
use crate::journal::{RecordedRequest, request_id};

/// The target of the event of a request. The program's `--quiet` names it as well.
const REQUEST: &str = "partner_api_mock::request";
const SERVER: &str = "partner_api_mock::server";

/// Whether a subscriber is interested in requests.
#[inline]
pub(crate) fn request_log_enabled() -> bool {
    tracing::event_enabled!(target: REQUEST, tracing::Level::INFO)
}

/// Everything that is logged comes from the journal, so no key is in it. Where a fault let no response
/// be sent, there is no status.
pub(crate) fn request(number: u64, partner: Option<&str>, request: &RecordedRequest) {
    let fault = request.fault.as_ref().map(ToString::to_string);
    let status = request.response.as_ref().map(|_| request.status.as_u16());
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        target: REQUEST,
        {
            request.id = request_id(number),
            http.request.method = request.method.as_str(),
            url.path = &*escaped(&request.path),
            url.query = request.query.as_deref().map(escaped).as_deref(),
            http.response.status_code = status,
            disposition = request.disposition.to_string(),
            partner = partner.map(escaped).as_deref(),
            fault = fault.as_deref().map(escaped).as_deref(),
            duration_us = micros(request.duration),
            delay_us = (!request.delay.is_zero()).then(|| micros(request.delay)),
        },
        "request handled"
    );
}

pub(crate) fn listening(address: SocketAddr) {
    tracing::info!(target: SERVER, %address, "listening");
}

pub(crate) fn shutting_down(address: SocketAddr) {
    tracing::info!(target: SERVER, %address, "shutting down: finishing requests under way");
}

pub(crate) fn shut_down(address: SocketAddr) {
    tracing::info!(target: SERVER, %address, "shut down");
}

pub(crate) fn outage_failed(address: SocketAddr, error: &io::Error) {
    tracing::warn!(target: SERVER, %address, %error, "cannot start or end the outage");
}

#[cfg(feature = "tls")]
pub(crate) fn handshake_failed(error: &io::Error) {
    tracing::info!(target: SERVER, error = %escaped(&error.to_string()), "TLS handshake failed");
}
