//! What the mock knows: partners, their keys and data, and the clock. It knows no HTTP.

mod cached;
pub(crate) mod clock;
pub(crate) mod companies;
pub(crate) mod generator;
pub(crate) mod keys;
pub(crate) mod model;
pub(crate) mod payload;
pub(crate) mod store;
