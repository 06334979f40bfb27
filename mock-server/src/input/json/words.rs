//! What serde says of a mistake, in the words of JSON instead of Rust's.

use crate::input::escape::shortened;
use crate::input::suggest;

/// A text from outside is shown up to here, so that the line stays one that can be read.
const MAX_SHOWN: usize = 120;

/// What serde expected, by the names that it has for it, and by JSON's.
const EXPECTED: [(&str, &str); 8] = [
    ("i64", "a whole number of 64 bits"),
    ("u64", "a whole number of 64 bits, not below 0"),
    ("u32", "a whole number of 32 bits, not below 0"),
    // Only statuses are.
    ("u16", "a whole number from 200 to 599"),
    ("f64", "a number"),
    ("a sequence", "an array"),
    ("a map", "an object"),
    ("a boolean", "`true` or `false`"),
];

/// What is JSON, but not what was expected. What serde expected is never a text from outside, so
/// it is what stands after the last `expected`. Where a key was expected, no string and no number is
/// shown: not every key can be told by how it begins.
pub(crate) fn serde_message(message: &str, of_a_key: bool) -> String {
    if let Some(field) = message.strip_prefix("duplicate field ") {
        return format!("the field {field} stands twice: expected each field once");
    }
    let Some((wrong, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    for (kind, serde) in [("field", "unknown field `"), ("word", "unknown variant `")] {
        if let Some(name) = wrong.strip_prefix(serde) {
            let name = truncate(name.strip_suffix('`').unwrap_or(name));
            let hint = suggest::did_you_mean_in(message);
            return format!("unknown {kind} `{name}`, expected {expected}{hint}");
        }
    }
    let Some(found) =
        wrong.strip_prefix("invalid type: ").or_else(|| wrong.strip_prefix("invalid value: "))
    else {
        return message.to_owned();
    };
    let found = match found.split_once(' ') {
        Some(("string", _)) if of_a_key => "a string".to_owned(),
        Some(("integer" | "floating", _)) if of_a_key => "a number".to_owned(),
        Some(("string", text)) => format!("the string {}", truncate(text)),
        Some(("integer", number)) => format!("the number {number}"),
        Some(("floating", number)) => {
            format!("the number {}", number.trim_start_matches("point "))
        }
        Some(("boolean", word)) => word.to_owned(),
        _ => match found {
            "map" => "an object".to_owned(),
            "sequence" => "an array".to_owned(),
            "null" => "`null`".to_owned(),
            other => other.to_owned(),
        },
    };
    format!("found {found}, expected {}", translated(&EXPECTED, expected))
}

pub(super) fn translated<'a>(table: &[(&str, &'a str)], words: &'a str) -> &'a str {
    let row = table.iter().find(|(serde, _)| *serde == words);
    row.map_or(words, |(_, ours)| ours)
}

/// The beginning of a text from outside, if it is a long one.
pub(crate) fn truncate(text: &str) -> String {
    shortened(text, MAX_SHOWN)
}
