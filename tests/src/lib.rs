//! The checks between client and mock: the contract, `mock-server/openapi.yaml`, and functions that
//! check each side against it. The two share no code, so neither can confirm the other.
//!
//! | module | purpose | uses |
//! |---|---|---|
//! | [`client`] | how the client reads the contract's documents | contract, generate, peer |
//! | [`document`] | the contract is valid, and marks what it assumes | contract, reference |
//! | [`response`] | a response against the contract, strictly | contract, http |
//! | [`request`] | a request against the contract | contract, http |
//! | [`control`] | the control API against its own document | contract, http |
//! | [`operations`] | the same operations on every side | contract |
//! | [`generate`] | documents from a schema | contract |
//! | [`contract`] | the document: its operations, responses and schemas | – |
//! | [`peer`] | a server and a client of bare sockets | http |
//! | [`http`] | requests and responses as they were on the wire | – |
//! | [`reference`](mod@reference) | the published reference and its sample bodies, verbatim | – |
//!
//! Every check is a function that returns what is wrong, so that the tests in `tests/mutation.rs`
//! can show that each fails for an altered contract.
#![expect(
    clippy::missing_errors_doc,
    reason = "all fail for one reason: their input does not agree with the contract"
)]

pub mod client;
pub mod contract;
pub mod control;
pub mod document;
pub mod generate;
pub mod http;
pub mod operations;
pub mod peer;
pub mod reference;
pub mod request;
pub mod response;

/// The code blocks of the pages are doctests. They use both crates, so they are compiled here.
#[cfg(doctest)]
mod pages {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

/// The result of a check.
pub type Checked<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Adds the place to the error of a check.
fn of(place: &str, verdict: Checked) -> Checked {
    verdict.map_err(|wrong| format!("{place}: {wrong}").into())
}
