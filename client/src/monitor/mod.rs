//! What changed between two calls, and how long the credit lasts.
//!
//! Two read-only calls give a backend one job: keep a copy of its clients in step, and watch the
//! wallet. This module holds the decisions of that job. It does no I/O and reads no clock: you pass
//! it what the calls returned, and the time. Its events and its state can be written and read with
//! serde.
//!
//! - [`changes`] compares two lists of companies. Only a list that is known to be complete shows
//!   that something was removed.
//! - [`BalanceMonitor`] reports when the balance falls below a level and when it recovers, and
//!   [forecasts](BalanceMonitor::forecast) how long the credit lasts.
//!
//! An error of a call cannot be passed to either, so that a failed call is never taken for an empty
//! list or an empty wallet. The guide [keep a copy in step](crate::guide::keep_a_copy_in_step) shows
//! both in use.

mod balance;
mod change;
mod changes;
mod forecast;
mod pairing;

pub use balance::{
    BalanceEvent, BalanceMonitor, BalanceState, BalanceStatus, DEFAULT_HYSTERESIS_PERCENT, Level,
    MAX_LATENESS,
};
pub use change::{Change, QualityTrend, Side};
pub use changes::{Snapshot, changes};
pub use forecast::{Forecast, MAX_GAP, MIN_OBSERVATIONS, MIN_SPAN, WINDOW};
