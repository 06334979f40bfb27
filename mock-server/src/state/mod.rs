//! What the mock knows: partners, their keys and data, and the clock. It knows no HTTP.

pub(crate) mod api_key;
pub(crate) mod body;
mod cached;
pub(crate) mod clock;
pub(crate) mod companies;
pub(crate) mod generator;
mod keys;
pub(crate) mod model;
pub(crate) mod payload;
pub(crate) mod redactor;
pub(crate) mod splitmix;
pub(crate) mod store;
