#![doc = include_str!("../README.md")]

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

pub use api::auth::AuthFailure;
pub use api::contract::{CONTRACT, CONTROL_CONTRACT, contract_json, control_contract_json};
pub use api::disposition::Disposition;
pub use api::{ROUTES, Route};
pub use control::{Control, MAX_CONTROL_BODY, MAX_CONTROL_OUTAGE, MAX_CONTROL_WAIT};
#[cfg(feature = "schema")]
pub use control::{ControlDocument, generate_control_document};
pub use faults::outage::Outage;
pub use faults::registry::AppliedFault;
pub use faults::{Delay, Fault, Rule, RuleError};
pub use journal::{
    MAX_JOURNAL_BYTES, MAX_JOURNAL_ENTRIES, MAX_RECORDED_BODY, RecordedRequest, RecordedResponse,
};
pub use mock::request_body::{DEFAULT_MAX_REQUEST_BODY, MAX_BODIES_BYTES};
pub use mock::{
    ActiveRule, ActiveStub, Faults, Mock, MockService, Partner, ReceivedRequests, VerificationError,
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
