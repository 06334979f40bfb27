//! From the bytes of a response to a value, or to the error that names what is wrong with it.
//!
//! Nothing here waits or knows where the bytes come from.

pub(crate) mod body_decoder;
pub(crate) mod json;
mod list_completeness;
pub(crate) mod list_decoder;
pub(crate) mod response_check;
mod value_scanner;
