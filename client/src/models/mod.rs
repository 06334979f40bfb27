//! The types of the API: one file for each documented endpoint, with its path, types and helpers.
//!
//! `object`, `newtypes`, `json_text` and `drift` are shared by these types.

pub(crate) mod companies;
pub(crate) mod drift;
pub(crate) mod json_text;
pub(crate) mod newtypes;
pub(crate) mod object;
pub(crate) mod wallet;
