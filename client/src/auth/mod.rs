//! The API key: how it is checked, kept secret, fetched and replaced.
//!
//! Texts that could contain the key, such as those of an error response, are redacted here.

pub(crate) mod api_key;
pub(crate) mod credentials;
pub(crate) mod redact;
