//! A part of an object, laid over the whole: the fields that are given replace those that are
//! there, and what comes of it is read as if it had come at once.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_replaces_and_all_else_stays_letter_by_letter() {
        let whole = br#"{"a":1,"b":"25.0000","c":[1]}"#;
        let merged = merged(whole, r#"{"c": [ ], "a": 1.50}"#).ok().unwrap();
        assert_eq!(merged, r#"{"a":1.50,"b":"25.0000","c":[ ]}"#);
    }

    #[test]
    fn what_is_no_object_or_says_a_thing_twice_is_refused() {
        for (fields, said) in [
            ("[]", "invalid type: sequence, expected an object"),
            (r#"{"a":1,"a":2}"#, "duplicate field `a`"),
            ("", "EOF while parsing a value"),
        ] {
            let failure = merged(b"{}", fields).unwrap_err();
            assert!(format!("{failure:?}").contains(said), "{failure:?}");
        }
    }
}
