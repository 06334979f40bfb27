#![doc = include_str!("../README.md")]

// `use crate::` goes one way, from left to right: server, control, mock, seed, api, inject, log,
// journal, auth, rules, stub, routes, fault, store, wire, host, body, content, generate, contract, yaml, json,
// hint, escape, key, mix, data, clock.
mod api;
mod auth;
mod body;
mod clock;
mod content;
mod contract;
mod control;
mod data;
mod escape;
mod fault;
mod generate;
mod hint;
mod host;
mod inject;
mod journal;
mod json;
mod key;
mod log;
mod mix;
mod mock;
mod routes;
mod rules;
mod seed;
mod server;
mod store;
mod stub;
mod wire;
#[cfg(feature = "yaml")]
mod yaml;

pub use api::MAX_REQUEST_BODY;
pub use auth::Refusal;
pub use clock::{Clock, NotHeld};
pub use contract::{CONTRACT, CONTROL_CONTRACT, contract_json, control_contract_json};
pub use control::{Control, MAX_CONTROL_BODY, MAX_CONTROL_WAIT};
pub use data::{Company, Connection, Wallet};
pub use fault::{Delay, Fault, Rule, RuleError};
pub use generate::MAX_GENERATED;
pub use journal::{
    JOURNAL_ANSWER_BODY, JOURNAL_BYTES, JOURNAL_ENTRIES, RecordedAnswer, RecordedRequest, Why,
};
pub use mock::{ActiveRule, ActiveStub, Calls, Faults, Mock, MockService, Partner, Unmet};
pub use routes::{ROUTES, Route};
pub use rules::Injected;
pub use seed::{MAX_SEED, SEED_SCHEMA, Seed, SeedError};
pub use server::{
    BODY_READ_TIMEOUT, DRAIN_TIMEOUT, HEADER_READ_TIMEOUT, IDLE_TIMEOUT, MAX_CONNECTIONS,
    MAX_HEAD_BYTES, MAX_HEADERS, MockServer, MockServerBuilder, Outage, StartError, WRITE_TIMEOUT,
};
pub use store::{KeyTaken, PartnerKey, Unknown};
pub use stub::{Reply, Stub, StubError, StubRequest};
