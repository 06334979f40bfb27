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
//! # Calls
//!
//! [`Client::companies`] and [`Client::wallet`] give a [`Call`]. Await it as it is, or let it take
//! options first; [`Call::with_response`] gives status, headers and attempts beside the value.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! # async fn run(client: partner_api::Client) -> Result<(), partner_api::Error> {
//! let wallet = client.wallet().deadline(Duration::from_secs(5)).await?;
//! let response = client.companies().with_response().await?;
//! println!("{} companies in {:?}", response.value.len(), response.elapsed);
//! # Ok(())
//! # }
//! ```
//!
//! Values are read as a tolerant reader does: unknown fields are kept
//! ([`Company::unknown_fields`]), so are words that an enum does not know
//! ([`QualityRating::Other`]), identifiers are opaque, and the price is a decimal that was never a
//! float. What the reference shows must be there: a field that is missing or null is an error that
//! names its path.
//!
//! # Errors and what to do
//!
//! Everything fails with one [`Error`]. Its `Display` says what happened and what to do, and never
//! shows the key, a query or a body.
//!
//! | [`ErrorKind`] | what happened | what to do |
//! |---|---|---|
//! | [`Config`](ErrorKind::Config) | the client cannot be built like this | mend every problem that it names |
//! | [`Request`](ErrorKind::Request) | the call cannot be made like this; nothing was sent | mend the program |
//! | [`KeySource`](ErrorKind::KeySource) | the source of keys failed | see its own error, the source of this one |
//! | [`Unauthorized`](ErrorKind::Unauthorized) | 401; the [code](UnauthorizedCode) tells why | replace the key, or look for the proxy that removed it |
//! | [`Status`](ErrorKind::Status) | another status that is not a success | call later if [`Error::is_retryable`], else see [`Error::body`] |
//! | [`Redirect`](ErrorKind::Redirect) | a 3xx, which was not followed | set the base URL to where the API is |
//! | [`Connect`](ErrorKind::Connect) | no connection: the name or the port | check base URL and network; call later |
//! | [`Tls`](ErrorKind::Tls) | no TLS connection | check base URL and certificate |
//! | [`Connection`](ErrorKind::Connection) | the connection broke | call later |
//! | [`Timeout`](ErrorKind::Timeout) | a limit ran out | call later, or allow more time |
//! | [`Protocol`](ErrorKind::Protocol) | the answer is not one of the API: no HTTP, an HTML page with status 200, … | check the base URL and what stands between |
//! | [`Decode`](ErrorKind::Decode) | the JSON has another shape, at the path that it names | update this crate, or report it |
//! | [`BodyTooLarge`](ErrorKind::BodyTooLarge) | the body passed the size limit | raise [`ClientBuilder::max_body_bytes`] |
//!
//! ```no_run
//! use partner_api::{Outcome, UnauthorizedCode};
//!
//! # async fn run(client: partner_api::Client) {
//! match client.wallet().await {
//!     Ok(wallet) => println!("{} credits left", wallet.balance),
//!     Err(error) if error.unauthorized_code() == Some(&UnauthorizedCode::InvalidToken) => {
//!         eprintln!("the key was revoked: {error}");
//!     }
//!     Err(error) if error.is_retryable() => eprintln!("try again in a minute: {error}"),
//!     Err(error) => eprintln!("{error} (request {:?})", error.request_id()),
//! }
//! # }
//! ```
//!
//! [`Error::outcome`] tells whether the service could have acted on the request, and
//! [`Error::attempts`] what was tried.
//!
//! # Retries and deadlines
//!
//! A call ends within its deadline ([`DEFAULT_DEADLINE`]), whatever happens: attempts, waits and
//! body are all under it. What can pass is tried up to [`DEFAULT_MAX_ATTEMPTS`] times, each attempt
//! within [`DEFAULT_ATTEMPT_TIMEOUT`], with full jitter over exponential backoff, and `Retry-After`
//! obeyed. [`RetryPolicy`] has the rules; `RetryPolicy::off()` turns them off, for a client or for
//! a call.
//!
//! Retries are paid from a budget that the clones of a client share. It counts as the AWS SDKs'
//! standard mode does:
//!
//! | | tokens |
//! |---|---|
//! | a full budget | [`RETRY_BUDGET_TOKENS`] |
//! | a retry after a transient fault | [`TRANSIENT_RETRY_COST`] |
//! | a retry after a 429 | [`THROTTLED_RETRY_COST`] |
//! | a call that succeeds after retries | gives back what its last retry cost |
//! | a call that succeeds at once | gives 1 |
//!
//! Ours, beyond that mode's published cases:
//!
//! | | |
//! |---|---|
//! | jitter | full: a random part of the backoff, down to nothing |
//! | `Retry-After` | as seconds or as a date, with the jitter on top, up to the deadline and [`DEFAULT_MAX_RETRY_AFTER`] |
//! | a pooled connection that turns out to be dead | tried again at once and for free, once a call |
//!
//! # Keys
//!
//! An [`ApiKey`] redacts itself, is wiped from memory when its last clone goes, and is sent to the
//! base URL's origin only: no redirect is followed, plain `http` is refused beyond this machine,
//! and a proxy sees nothing of an `https` request.
//!
//! # Tests
//!
//! The crate `partner-api-mock` is a server that answers as the reference says, in your test's own
//! process or as a program. Without any socket, [`ClientBuilder::http_service`] takes a
//! [`tower::Service`] in the place of the network:
//!
//! ```
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use partner_api::{BoxError, Client, RequestBody};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), partner_api::Error> {
//! let service = tower::service_fn(|request: Request<RequestBody>| async move {
//!     assert_eq!(request.uri().path(), "/api/v1/wallet");
//!     let body = r#"{"balance":7,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;
//!     Ok::<_, BoxError>(Response::new(Full::from(body)))
//! });
//! let client = Client::builder()
//!     .base_url("https://app.example.com")
//!     .api_key("pk_live_0123456789abcdef")
//!     .http_service(service)
//!     .build()?;
//! assert_eq!(client.wallet().await?.balance, 7);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `rustls` | yes | `https` by rustls with aws-lc, or with the crypto provider that the program has installed |
//! | `rustls-no-provider` | | the same without aws-lc: the program must install a crypto provider before it builds a client; without one, `build` says so |
//! | `native-tls` | | `https` by the system's library (OpenSSL on Linux); used wherever it is on, since `rustls` may be on by default only |
//! | `http2` | yes | HTTP/2 where the service offers it |
//! | `gzip` | yes | asks for compressed answers and reads them |
//! | `blocking` | | [`blocking::Client`] for programs without async code |
//!
//! Without any of the three for TLS, an `https` base URL is refused. All three take TLS 1.2 or
//! later, and check against the certificates of the system and of
//! [`ClientBuilder::add_root_certificate_pem`].

/// The program of the README, so that what it shows is run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod answer;
mod api_key;
mod attempt;
mod base_url;
#[cfg(feature = "blocking")]
pub mod blocking;
mod budget;
mod call;
mod client;
mod companies;
mod config;
mod decode;
mod document;
mod drift;
mod drift_watch;
mod elements;
mod error;
mod escape;
mod key_ring;
mod limits;
mod path;
mod request;
mod response;
mod retry;
mod retry_after;
mod road;
mod scan;
mod sink;
mod stream;
mod text;
mod trace;
mod transport;
mod wallet;

pub use api_key::{ApiKey, InvalidApiKey, MAX_API_KEY_BYTES};
pub use base_url::API_PATH;
pub use budget::{RETRY_BUDGET_TOKENS, THROTTLED_RETRY_COST, TRANSIENT_RETRY_COST};
pub use call::{Call, CallFuture, Document, List, ListCall};
pub use client::Client;
pub use companies::{
    Company, CompanyId, Connection, ConnectionId, ConnectionStatus, Counts, PhoneNumberId,
    QualityRating, WabaId,
};
pub use config::{API_KEY_VARIABLE, BASE_URL_VARIABLE, ClientBuilder, DEFAULT_MAX_BODY_BYTES};
pub use document::UnknownFields;
pub use drift::Drift;
pub use drift_watch::MAX_DRIFT_REPORTS;
pub use error::{
    Attempt, BoxError, ConfigProblem, DecodeProblem, Error, ErrorKind, MAX_ERROR_BODY_BYTES,
    NotRetried, Outcome, TimeLimit, UnauthorizedCode,
};
pub use escape::Escaped;
pub use limits::{DEFAULT_ATTEMPT_TIMEOUT, DEFAULT_DEADLINE};
pub use path::ApiPath;
pub use request::ApiRequest;
pub use response::ApiResponse;
pub use retry::{
    DEFAULT_BASE_DELAY, DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_DELAY, DEFAULT_MAX_RETRY_AFTER,
    DEFAULT_THROTTLED_BASE_DELAY, RetryPolicy,
};
pub use stream::ListStream;
pub use transport::{DEFAULT_CONNECT_TIMEOUT, POOL_IDLE_TIMEOUT, RequestBody};
pub use wallet::{MessageCost, Wallet, WalletError};
