//! The live service that `verify` and `record` look at: where it is, the key, and what it answers.

mod api_key;
mod base_url;
mod http;
mod options;
mod response;

pub(crate) use api_key::Key;
pub(crate) use http::Service;
pub(crate) use options::Options;
pub(crate) use response::Answer;
