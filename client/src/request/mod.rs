//! What a program awaits: a call, the builder of a request to any path, and what each returns.

pub(crate) mod builder;
pub(crate) mod call;
mod headers;
pub(crate) mod list_stream;
pub(crate) mod response;
