//! The API key: how it is checked, kept secret, fetched and replaced.
//!
//! Whatever could show it, such as an error that repeats a response, passes through here first.

pub(crate) mod api_key;
pub(crate) mod credentials;
pub(crate) mod redact;
