//! The live service that `verify` and `record` read, through the client of the Partner API.

mod options;
mod redact;
mod service;

pub(crate) use options::Options;
pub(crate) use redact::{Redactor, is_enum_value, is_field_name};
pub(crate) use service::{Credentials, Received, Service};
