//! Mock server of the Partner API, for tests: the documented behaviour, without set-up.
//!
//! ```
//! use partner_api_mock::{Fault, MockServer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mock = MockServer::start().await?; // on a free port, with the sample data of the reference
//! let (url, key) = (mock.url(), mock.api_key()); // pass these two to the code under test
//! # let _ = (url, key);
//! mock.fail_next(Fault::status(503).retry_after(1))?;
//! // … the code under test makes its call …
//! mock.partner().received_requests().path("wallet").exactly(0)?;
//! # Ok(())
//! # }
//! ```
//!
//! It serves what the published reference describes, `GET /api/v1/companies` and
//! `GET /api/v1/wallet`, with partners, keys and the two documented authentication failures. It
//! sends exactly the documented fields in the documented order. It shares no code with the client
//! `partner-api`, so that each can be tested against the other.
//!
//! # Guides
//!
//! | guide | topics |
//! |---|---|
//! | [in a test](guide::in_a_test) | starting a mock, changing its data, verifying requests, outages, tests without a socket |
//! | [faults](guide::faults) | failures from a status to a reset, when they happen, and for whom |
//! | [stubs](guide::stubs) | responses for endpoints that the service does not have yet |
//! | [clock](guide::clock) | long delays without waiting |
//!
//! The program `partner-api mock` of the package `partner-api-cli` is this mock as a process, with
//! the [control API](Control) for tests in any language and a web UI. The repository's `docs/`
//! describes these, the seed file, limits and HTTP behaviour.
//!
//! # Features
//!
//! | feature | default | description |
//! |---|---|---|
//! | `yaml` | | seed files in YAML; JSON needs no feature |
//! | `tls` | | `https` with a generated certificate authority |
//! | `gzip` | | compresses responses for clients that accept it |
//! | `schema` | | generates the committed descriptions of the seed file and the control API; for this crate's tests |

// Each folder uses only those below it: server, control, mock, seed, journal, faults, stubs, api,
// input, state.
mod api;
mod control;
mod faults;
mod input;
mod journal;
mod mock;
mod seed;
mod server;
mod state;
mod stubs;

/// Guides. Their code is compiled and tested.
pub mod guide {
    #[doc = include_str!("../docs/in_a_test.md")]
    pub mod in_a_test {}

    #[doc = include_str!("../docs/faults.md")]
    pub mod faults {}

    #[doc = include_str!("../docs/stubs.md")]
    pub mod stubs {}

    #[doc = include_str!("../docs/clock.md")]
    pub mod clock {}
}

pub use api::contract::{CONTRACT, CONTROL_CONTRACT, contract_json, control_contract_json};
pub use api::disposition::{AuthFailure, Disposition};
pub use api::{ROUTES, Route};
pub use control::{Control, MAX_CONTROL_BODY, MAX_CONTROL_OUTAGE, MAX_CONTROL_WAIT};
#[cfg(feature = "schema")]
pub use control::{ControlDocument, generate_control_document};
pub use faults::outage::Outage;
pub use faults::{AppliedFault, Delay, Fault, Rule, RuleError};
pub use journal::{
    EvictedRequests, MAX_JOURNAL_BYTES, MAX_JOURNAL_COUNTERS, MAX_JOURNAL_ENTRIES,
    MAX_RECORDED_BODY, RecordedRequest, RecordedResponse,
};
pub use mock::request_body::{DEFAULT_MAX_REQUEST_BODY, MAX_BODIES_BYTES};
pub use mock::{
    ActiveRule, ActiveStub, Faults, Mock, MockService, Partner, ReceivedRequests, Report,
    UnknownPath, VerificationError,
};
#[cfg(feature = "schema")]
pub use seed::generate_seed_schema;
pub use seed::{MAX_SEED_BYTES, SEED_SCHEMA, Seed, SeedError};
#[cfg(feature = "tls")]
pub use server::Tls;
pub use server::{
    DEFAULT_BODY_READ_TIMEOUT, DEFAULT_DRAIN_TIMEOUT, DEFAULT_HEADER_READ_TIMEOUT,
    DEFAULT_MAX_CONNECTIONS, DEFAULT_MAX_HEAD_BYTES, DEFAULT_MAX_HEADERS, DEFAULT_WRITE_TIMEOUT,
    MockServer, MockServerBuilder, StartError,
};
pub use state::clock::{Clock, ClockNotPaused};
pub use state::generator::MAX_GENERATED;
pub use state::model::{Company, Connection, Wallet};
pub use state::store::{DuplicateKey, NotFound, PartnerKey};
pub use stubs::{ResponseTemplate, Stub, StubError, StubRequest};
