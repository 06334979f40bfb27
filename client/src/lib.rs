//! Client for the Partner API: list the clients that you have onboarded with their WhatsApp
//! connections, and read your prepaid credit wallet, from a Rust backend.
//!
//! ```no_run
//! #[tokio::main]
//! async fn main() -> Result<(), partner_api::Error> {
//!     let client = partner_api::Client::from_env()?; // PARTNER_API_BASE_URL, PARTNER_API_KEY
//!     for company in client.companies().await? {
//!         println!("{}: {} connections", company.name, company.connections.len());
//!     }
//!     println!("{} credits left", client.wallet().await?.balance);
//!     Ok(())
//! }
//! ```
//!
//! The service is known only through its published reference. This documentation says "the
//! reference" where the service promises something; everything else is a decision of this crate.
//!
//! Responses are read tolerantly: unknown fields are kept ([`Company::unknown_fields`]), unknown
//! enum values are kept ([`QualityRating::Other`]), identifiers are opaque, and the price is a
//! decimal that is never read through a float. Every field that the reference shows is required:
//! one that is missing or null is an error that names its path.
//!
//! # Guides
//!
//! | guide | topics |
//! |---|---|
//! | [getting started](guide::getting_started) | the first program and the first response |
//! | [configuration](guide::configuration) | all settings and their defaults |
//! | [errors](guide::errors) | error kinds, and what to do about each |
//! | [retries and timeouts](guide::retries_and_timeouts) | timeouts, retries, the retry budget, connections |
//! | [long lists](guide::long_lists) | reading a list item by item in constant memory |
//! | [keys](guide::keys) | how the API key is protected, replaced and fetched |
//! | [keep a copy in step](guide::keep_a_copy_in_step) | changes between two lists, and watching the balance |
//! | [observability](guide::observability) | spans, events, schema drift |
//! | [testing](guide::testing) | the mock, tests without a socket, values for tests |
//! | [endpoints not covered](guide::endpoints_not_covered) | requests to paths that this crate does not know |
//! | [short-lived processes](guide::short_lived_processes) | cron jobs, functions, and the time of the first call |
//!
//! # Features
//!
//! | feature | default | description |
//! |---|---|---|
//! | `rustls` | yes | TLS by rustls with aws-lc, or with the crypto provider that the program has installed |
//! | `rustls-no-provider` | | TLS by rustls without aws-lc: the program installs a crypto provider before it builds a client |
//! | `native-tls` | | TLS by the system's library (OpenSSL on Linux); takes precedence over `rustls` |
//! | `http2` | yes | HTTP/2 where the service offers it |
//! | `gzip` | | accepts compressed responses; off by default, because the reference does not mention compression and the feature adds six crates |
//! | `blocking` | | [`blocking::Client`] for programs without async code |
//!
//! Without a TLS feature, an `https` base URL is a configuration error. TLS 1.2 is the oldest
//! version that is accepted. Certificates are checked against those of the system and of
//! [`ClientBuilder::add_root_certificate_pem`].

mod auth;
#[cfg(feature = "blocking")]
pub mod blocking;
mod client;
mod decode;
mod error;
mod models;
pub mod monitor;
mod pipeline;
mod request;
mod transport;

/// Guides. Their code is compiled and tested.
pub mod guide {
    #[doc = include_str!("../docs/getting_started.md")]
    pub mod getting_started {}

    #[doc = include_str!("../docs/configuration.md")]
    pub mod configuration {}

    #[doc = include_str!("../docs/errors.md")]
    pub mod errors {}

    #[doc = include_str!("../docs/retries_and_timeouts.md")]
    pub mod retries_and_timeouts {}

    #[doc = include_str!("../docs/long_lists.md")]
    pub mod long_lists {}

    #[doc = include_str!("../docs/keys.md")]
    pub mod keys {}

    #[doc = include_str!("../docs/keep_a_copy_in_step.md")]
    pub mod keep_a_copy_in_step {}

    #[doc = include_str!("../docs/observability.md")]
    pub mod observability {}

    #[doc = include_str!("../docs/testing.md")]
    pub mod testing {}

    #[doc = include_str!("../docs/endpoints_not_covered.md")]
    pub mod endpoints_not_covered {}

    #[doc = include_str!("../docs/short_lived_processes.md")]
    pub mod short_lived_processes {}
}

// The crates whose types are in the public API, so that a program can use the same versions.
pub use {http, jiff, rust_decimal};

pub use auth::api_key::{ApiKey, InvalidApiKey, MAX_API_KEY_BYTES};
pub use auth::credentials::DEFAULT_API_KEY_PROVIDER_TIMEOUT;
pub use client::Client;
pub use client::builder::{API_KEY_ENV, BASE_URL_ENV, ClientBuilder, DEFAULT_MAX_RESPONSE_BYTES};
pub use error::escape::Escaped;
pub use error::{
    Attempt, BoxError, DecodeError, Error, ErrorKind, InvalidSetting, MAX_ERROR_BODY_BYTES,
    NotRetried, RequestOutcome, TimeLimit, UnauthorizedCode,
};
pub use models::companies::{
    Company, CompanyId, Connection, ConnectionId, ConnectionStatus, Counts, PhoneNumberId,
    QualityRating, WabaId,
};
pub use models::drift::Drift;
pub use models::object::UnknownFields;
pub use models::wallet::{MessageCost, Wallet, WalletError};
pub use pipeline::drift_reporter::MAX_DRIFT_REPORTS;
pub use pipeline::retry::{
    DEFAULT_BASE_DELAY, DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_DELAY, DEFAULT_MAX_RETRY_AFTER,
    DEFAULT_THROTTLED_BASE_DELAY, RetryPolicy,
};
pub use pipeline::retry_budget::{DEFAULT_RETRY_BUDGET_TOKENS, RetryBudget};
pub use pipeline::timeouts::{DEFAULT_ATTEMPT_TIMEOUT, DEFAULT_TIMEOUT};
pub use request::builder::RequestBuilder;
pub use request::call::{Call, CallFuture, ListCall};
pub use request::complete_list::{CollectedList, CompleteList};
pub use request::list_stream::ListStream;
pub use request::response::ApiResponse;
pub use transport::path::API_PATH;
pub use transport::path::ApiPath;
pub use transport::{
    DEFAULT_CONNECT_TIMEOUT, DEFAULT_HTTP2_KEEP_ALIVE_INTERVAL, DEFAULT_HTTP2_KEEP_ALIVE_TIMEOUT,
    HttpService, POOL_IDLE_TIMEOUT, RequestBody, ResponseBody,
};
