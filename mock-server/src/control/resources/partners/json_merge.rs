//! A part of an object, laid over the whole: the fields that are given replace those that are
//! there, and the result is read as if the client had sent it.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::control::response::ApiError;
use crate::input::json;

/// The whole as JSON with these fields in it.
pub(super) fn merged(whole: &[u8], fields: &str) -> Result<String, ApiError> {
    let given = json::fields::<Box<RawValue>>(fields)?;
    let unreadable = |_| ApiError::invalid("", "the object as it is cannot be changed in part");
    let mut merged: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(whole).map_err(unreadable)?;
    merged.extend(given);
    serde_json::to_string(&merged).map_err(unreadable)
}
