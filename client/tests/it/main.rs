//! The client over real sockets, or over a service of the test's own, one module a behaviour.

#[cfg(test)]
mod any_request;
#[cfg(feature = "blocking")]
#[cfg(test)]
mod blocking;
#[cfg(test)]
mod broken_answers;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod cancelling;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod drift;
#[cfg(all(feature = "http2", any(feature = "native-tls", feature = "rustls")))]
#[cfg(test)]
mod http2;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod long_lists;
#[cfg(test)]
mod observability;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod size_limit;
#[cfg(test)]
mod stale_connections;
#[cfg(test)]
mod support;
#[cfg(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider"))]
#[cfg(test)]
mod tls;
#[cfg(test)]
mod types;
