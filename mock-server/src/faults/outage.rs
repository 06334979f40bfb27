//! A service that is down: the outages of a port, and one that was scheduled over HTTP.

use std::time::Duration;

/// How a port behaves during an [outage](crate::MockServer::start_outage).
///
/// In JSON it is `"refuse"`, `"reset"` or `"blackhole"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(inline))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Outage {
    /// New connections are refused, as by a machine on which the program has stopped. Open
    /// connections are closed.
    Refuse,
    /// New connections are reset before a byte is sent, as by a proxy with nothing behind it. Open
    /// connections are reset.
    Reset,
    /// New and open connections get no byte and no end, as from a machine that hangs.
    Blackhole,
}

/// In the extensions of a control response: the outage that starts once the response is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScheduledOutage {
    pub(crate) kind: Outage,
    pub(crate) duration: Duration,
}
