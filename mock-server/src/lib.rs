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

pub use api::auth::Refusal;
pub use api::contract::{CONTRACT, CONTROL_CONTRACT, contract_json, control_contract_json};
pub use api::{ROUTES, Route};
pub use control::{Control, MAX_CONTROL_BODY, MAX_CONTROL_WAIT};
pub use faults::registry::Injected;
pub use faults::{Delay, Fault, Rule, RuleError};
pub use journal::{
    JOURNAL_ANSWER_BODY, JOURNAL_BYTES, JOURNAL_ENTRIES, RecordedAnswer, RecordedRequest, Why,
};
pub use mock::handler::MAX_REQUEST_BODY;
pub use mock::{ActiveRule, ActiveStub, Calls, Faults, Mock, MockService, Partner, Unmet};
pub use seed::{MAX_SEED, SEED_SCHEMA, Seed, SeedError};
pub use server::{
    BODY_READ_TIMEOUT, DRAIN_TIMEOUT, HEADER_READ_TIMEOUT, IDLE_TIMEOUT, MAX_CONNECTIONS,
    MAX_HEAD_BYTES, MAX_HEADERS, MockServer, MockServerBuilder, Outage, StartError, WRITE_TIMEOUT,
};
pub use state::clock::{Clock, NotHeld};
pub use state::generator::MAX_GENERATED;
pub use state::model::{Company, Connection, Wallet};
pub use state::store::{KeyTaken, PartnerKey, Unknown};
pub use stubs::{Reply, Stub, StubError, StubRequest};
