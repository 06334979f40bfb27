//! The client over real sockets, or over a service of the test's own, one module a behaviour.

#![cfg(test)]

mod any_request;
#[cfg(feature = "blocking")]
mod blocking;
mod broken_answers;
mod calls;
mod cancelling;
mod compression;
mod configuration;
mod drift;
mod error_texts;
#[cfg(all(feature = "http2", any(feature = "native-tls", feature = "rustls")))]
mod http2;
mod keys;
mod long_lists;
mod observability;
mod refusals;
mod retries;
mod runtimes;
mod secrets;
mod size_limit;
mod stale_connections;
mod stored_values;
mod support;
#[cfg(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider"))]
mod tls;
mod types;
