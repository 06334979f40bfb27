//! The bodies that every service and server sends, so that all send the same bytes.

use std::fmt::Write as _;

/// The reference's sample.
pub const WALLET: &str =
    r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

/// Companies like the reference's sample, each with another number.
#[must_use]
pub fn companies(count: usize) -> String {
    let mut list = String::from(r#"{"data":["#);
    for number in 0..count {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            list,
            r#"{comma}{{"id":"clx{number:022}","name":"Acme Coffee {number}","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[{{"id":"cly{number:022}","wabaId":"102290{number:09}","phoneNumberId":"106540{number:09}","displayPhoneNumber":"+237 6 90 00 00 00","qualityRating":"GREEN","status":"connected"}}],"_count":{{"templates":4}}}}"#
        );
    }
    list.push_str("]}");
    list
}
