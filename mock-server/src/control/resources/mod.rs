//! The nouns of the control API: a file for each, with its routes and handlers.

pub(crate) mod clock;
pub(crate) mod companies;
pub(crate) mod connections;
pub(crate) mod faults;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod openapi;
pub(crate) mod partners;
pub(crate) mod requests;
pub(crate) mod stubs;
pub(crate) mod wallet;
