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
//! What is known of the service is its published reference. Where that is silent the crate decides,
//! and says so where the decision shows: "the reference" marks what the service promises, all else
//! is ours.
//!
//! Values are read as a tolerant reader does: unknown fields are kept
//! ([`Company::unknown_fields`]), so are words that an enum does not know
//! ([`QualityRating::Other`]), identifiers are opaque, and the price is a decimal that was never a
//! float. What the reference shows must be there: a field that is missing or null is an error that
//! names its path.
//!
//! # Guides
//!
//! | guide | on |
//! |---|---|
//! | [getting started](guide::getting_started) | the first program, the first answer |
//! | [errors](guide::errors) | what can go wrong, and what to do |
//! | [retries and deadlines](guide::retries_and_deadlines) | how long a call takes at most, how often it is tried |
//! | [long lists](guide::long_lists) | company by company, in memory that does not grow |
//! | [keys](guide::keys) | how the key is kept, changed and fetched |
//! | [observability](guide::observability) | spans, drift |
//! | [testing](guide::testing) | the mock, no socket, values of your own |
//! | [endpoints not covered](guide::endpoints_not_covered) | what the service has and this crate does not know |
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `rustls` | yes | `https` by rustls with aws-lc, or with the crypto provider that the program has installed |
//! | `rustls-no-provider` | | the same without aws-lc: the program must install a crypto provider before it builds a client; without one, `build` says so |
//! | `native-tls` | | `https` by the system's library (OpenSSL on Linux); used wherever it is on, since `rustls` may be on by default only |
//! | `http2` | yes | HTTP/2 where the service offers it |
//! | `gzip` | | asks for compressed answers and reads them; off, since the reference says nothing of compression and it brings six crates |
//! | `blocking` | | [`blocking::Client`] for programs without async code |
//!
//! Without any of the three for TLS, an `https` base URL is refused. All three take TLS 1.2 or
//! later, and check against the certificates of the system and of
//! [`ClientBuilder::add_root_certificate_pem`].

/// The program of the README, so that what it shows is run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod auth;
#[cfg(feature = "blocking")]
pub mod blocking;
mod client;
mod decode;
mod error;
mod models;
mod pipeline;
mod request;
mod transport;

/// Guides, each with code that is tested.
pub mod guide {
    #[doc = include_str!("../docs/getting_started.md")]
    pub mod getting_started {}

    #[doc = include_str!("../docs/errors.md")]
    pub mod errors {}

    #[doc = include_str!("../docs/retries_and_deadlines.md")]
    pub mod retries_and_deadlines {}

    #[doc = include_str!("../docs/long_lists.md")]
    pub mod long_lists {}

    #[doc = include_str!("../docs/keys.md")]
    pub mod keys {}

    #[doc = include_str!("../docs/observability.md")]
    pub mod observability {}

    #[doc = include_str!("../docs/testing.md")]
    pub mod testing {}

    #[doc = include_str!("../docs/endpoints_not_covered.md")]
    pub mod endpoints_not_covered {}
}

// The crates whose types stand in this one's, so that a user need not guess their versions.
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
pub use request::list_stream::ListStream;
pub use request::response::ApiResponse;
pub use transport::base_url::API_PATH;
pub use transport::path::ApiPath;
pub use transport::{
    DEFAULT_CONNECT_TIMEOUT, DEFAULT_HTTP2_KEEP_ALIVE_INTERVAL, DEFAULT_HTTP2_KEEP_ALIVE_TIMEOUT,
    POOL_IDLE_TIMEOUT, RequestBody,
};
