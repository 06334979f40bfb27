//! The mock from outside: one file for each behaviour. `asking` and `raw` send the requests.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a test reports a failure by a panic"
)]

mod asking;
mod authorization;
mod clock;
mod control;
mod control_guard;
mod control_journal;
mod control_suites;
mod edits;
mod ending;
mod evicted;
mod faults;
mod faults_in_process;
mod generate;
#[cfg(feature = "gzip")]
mod gzip;
mod http;
mod journal;
mod limits;
mod load;
mod loading;
mod log;
mod long_list;
mod malformed;
mod outage;
mod outage_over_http;
mod partners;
mod paths;
mod raw;
mod received_requests;
mod redaction;
mod report;
mod router;
mod rule_options;
mod rules;
mod seed;
mod seed_mistakes;
#[cfg(feature = "yaml")]
mod seed_yaml;
mod shared;
mod slow_clients;
mod stubs;
#[cfg(feature = "tls")]
mod tls;
mod waits;
