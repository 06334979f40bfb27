//! The client behind nginx and haproxy, which end connections as they do in production: after a number of requests, when
//! idle, at a reload. No call may be lost by that, and no POST sent twice that may have been processed.
//!
//! Their configuration is in `tests/proxies`; `tests/proxies/set-up` installs both. If one is not installed, its
//! tests are skipped, with a message.
//!
//! | file | purpose |
//! |---|---|
//! | `connection_limits.rs` | connections that end after some requests, or when idle, under load |
//! | `reloads.rs` | the proxy reloads its configuration under load |
//! | `responses.rs` | error pages, an upstream that is down, compression |
//! | `load.rs` | many concurrent calls, and their results |
//! | `calls.rs` | every use of the client's and the mock's API in these tests |
//! | `proxy.rs`, `pki.rs` | a proxy as a child process, and its certificate |

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test reports a failure by a panic"
)]

mod calls;
mod connection_limits;
mod load;
mod pki;
mod proxy;
mod reloads;
mod responses;
