//! Client for the Partner API.

mod answer;
mod api_key;
mod attempt;
mod base_url;
mod call;
mod client;
mod companies;
mod config;
mod decode;
mod document;
mod error;
mod escape;
mod limits;
mod response;
mod retry;
mod road;
mod text;
mod transport;
mod wallet;

pub use api_key::{ApiKey, InvalidApiKey, MAX_API_KEY_BYTES};
pub use attempt::MAX_ERROR_BODY_BYTES;
pub use base_url::API_PATH;
pub use call::{Call, CallFuture};
pub use client::Client;
pub use companies::{
    Company, CompanyId, Connection, ConnectionId, ConnectionStatus, Counts, PhoneNumberId,
    QualityRating, WabaId,
};
pub use config::{API_KEY_VARIABLE, BASE_URL_VARIABLE, ClientBuilder, DEFAULT_MAX_BODY_BYTES};
pub use document::UnknownFields;
pub use error::{
    Attempt, BoxError, ConfigProblem, DecodeProblem, Error, ErrorKind, NotRetried, Outcome,
    TimeLimit, UnauthorizedCode,
};
pub use limits::{DEFAULT_ATTEMPT_TIMEOUT, DEFAULT_DEADLINE};
pub use response::ApiResponse;
pub use retry::{
    DEFAULT_BASE_DELAY, DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_DELAY, DEFAULT_MAX_RETRY_AFTER,
    DEFAULT_THROTTLED_BASE_DELAY, RETRY_BUDGET_TOKENS, RetryPolicy, THROTTLED_RETRY_COST,
    TRANSIENT_RETRY_COST,
};
pub use transport::{DEFAULT_CONNECT_TIMEOUT, POOL_IDLE_TIMEOUT, RequestBody};
pub use wallet::{MessageCost, Wallet, WalletError};
