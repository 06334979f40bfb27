//! The live service that `verify` and `record` look at: where it is, the key, and what it answers.

mod address;
mod answer;
mod key;
mod options;
mod service;

pub(crate) use answer::Answer;
pub(crate) use key::Key;
pub(crate) use options::{HELP, Options, time};
pub(crate) use service::Service;
