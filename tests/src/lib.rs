//! The judge between client and mock: the contract, `mock-server/openapi.yaml`, and the checks that
//! hold either side to it. The two share no code, so neither can vouch for the other.
//!
//! | module | purpose | knows |
//! |---|---|---|
//! | [`client`] | what the client makes of the contract's documents | contract, generate, peer |
//! | [`document`] | the contract is valid, and honest about what it assumes | contract, reference |
//! | [`answer`] | an answer against the contract, strictly | contract, http |
//! | [`request`] | a request against the contract | contract, http |
//! | [`control`] | the control API against its own document | contract, http |
//! | [`operations`] | the same operations on every side | contract |
//! | [`generate`] | documents from a schema | contract |
//! | [`contract`] | the document: its operations, answers and schemas | – |
//! | [`peer`] | a server and a client of bare sockets | http |
//! | [`http`] | requests and answers as they were on the wire | – |
//! | [`reference`](mod@reference) | the published reference and its sample bodies, verbatim | – |
//!
//! Every check is a function that returns what is wrong, so that the tests in `tests/mutation.rs`
//! can show that each fails for an altered contract.
#![expect(
    clippy::missing_errors_doc,
    reason = "all fail for one reason: what they were given is not what the contract says"
)]

pub mod answer;
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

/// The code blocks of the pages are doctests. They use both crates, so they are compiled here.
#[cfg(doctest)]
mod pages {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

/// A check's verdict.
pub type Checked<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The verdict with the place that it is about.
fn of(place: &str, verdict: Checked) -> Checked {
    verdict.map_err(|wrong| format!("{place}: {wrong}").into())
}
