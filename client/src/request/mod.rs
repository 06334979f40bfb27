//! Calls, the builder of requests to any path, and what a call returns.

pub(crate) mod builder;
pub(crate) mod call;
pub(crate) mod complete_list;
mod headers;
pub(crate) mod list_stream;
pub(crate) mod response;
