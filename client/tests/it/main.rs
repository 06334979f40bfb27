//! Tests of the client over real sockets, or over an HTTP service of the test: one module for each
//! behaviour.

#![cfg(test)]

mod balance;
#[cfg(feature = "blocking")]
mod blocking;
mod broken_responses;
mod calls;
mod cancelling;
mod changes;
mod compression;
mod configuration;
mod custom_requests;
mod drift;
mod error_responses;
mod error_texts;
#[cfg(all(feature = "http2", any(feature = "native-tls", feature = "rustls")))]
mod http2;
mod keys;
mod layers;
mod long_lists;
mod observability;
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
