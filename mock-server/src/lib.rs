#![doc = include_str!("../README.md")]

// `use crate::` goes one way, from left to right: server, control, mock, plant, seed, partner, calls,
// stubbing, faults, service, routes, inject, log, journal, auth, rules, host, body, fault, stubs, stub, wire,
// store, key, mistake, hint, escape, rendered, latest, generate, mix, contract, yaml, data, clock.
mod auth;
mod body;
mod calls;
mod clock;
mod contract;
mod control;
mod data;
mod escape;
mod fault;
mod faults;
mod generate;
mod hint;
mod host;
mod inject;
mod journal;
mod json;
mod key;
mod latest;
mod log;
mod mix;
mod mock;
mod partner;
mod plant;
mod rendered;
mod routes;
mod rules;
mod seed;
mod server;
mod service;
mod store;
mod stub;
mod stubbing;
mod stubs;
mod wire;
mod yaml;

pub use auth::Refusal;
pub use calls::{Calls, Unmet};
pub use clock::{Clock, NotHeld};
pub use contract::{CONTRACT, CONTROL_CONTRACT, contract_json, control_contract_json};
pub use control::{Control, MAX_CONTROL_BODY, MAX_CONTROL_WAIT};
pub use data::{Company, Connection, Wallet};
pub use fault::{Delay, Fault, Rule, RuleError};
pub use faults::{ActiveRule, Faults};
pub use generate::MAX_GENERATED;
pub use journal::{
    JOURNAL_ANSWER_BODY, JOURNAL_BYTES, JOURNAL_ENTRIES, RecordedAnswer, RecordedRequest, Why,
};
pub use mock::Mock;
pub use partner::Partner;
pub use routes::{MAX_REQUEST_BODY, ROUTES, Route};
pub use rules::Injected;
pub use seed::{MAX_SEED, SEED_SCHEMA, Seed, SeedError};
pub use server::{
    BODY_READ_TIMEOUT, DRAIN_TIMEOUT, HEADER_READ_TIMEOUT, IDLE_TIMEOUT, MAX_CONNECTIONS,
    MAX_HEAD_BYTES, MAX_HEADERS, MockServer, MockServerBuilder, Outage, StartError, WRITE_TIMEOUT,
};
pub use service::MockService;
pub use store::{KeyTaken, PartnerKey, Unknown};
pub use stub::{Reply, Stub, StubRequest};
pub use stubbing::ActiveStub;
pub use stubs::StubError;
