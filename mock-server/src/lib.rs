#![doc = include_str!("../README.md")]

// `use crate::` goes one way, from left to right: server, partner, routes, journal, auth, host,
// seed, wire, store, key, rendered, data.
mod auth;
mod data;
mod host;
mod journal;
mod key;
mod partner;
mod rendered;
mod routes;
mod seed;
mod server;
mod store;
mod wire;

pub use auth::Refusal;
pub use data::{Company, Connection, Wallet};
pub use journal::{JOURNAL_BYTES, JOURNAL_ENTRIES, RecordedRequest, Why};
pub use partner::Partner;
pub use routes::{ROUTES, Route};
pub use seed::{Seed, SeedError};
pub use server::{DRAIN_TIMEOUT, HEADER_READ_TIMEOUT, MockServer, MockServerBuilder, StartError};
pub use store::Unknown;
