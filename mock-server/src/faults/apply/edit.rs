//! One value of a JSON body set or removed, or a list cut to its first page: all else stays as it is,
//! byte for byte.

use bytes::Bytes;
use serde_json::Value;

use crate::faults::FaultSpec;
use crate::input::json::pointer::{Insertion, Target, find, whole_item};

/// The field and the value by which a first page says that there is another one. The reference has no
/// pages, so both are ours.
const NEXT_CURSOR: (&str, &str) = ("/nextCursor", "\"page-2\"");

/// The body with the edits of a rule. The error says which edit has nothing to change.
pub(super) fn edit(spec: &FaultSpec, body: Bytes) -> Result<Bytes, String> {
    if spec.set.is_empty() && spec.remove.is_empty() && spec.first_page.is_none() {
        return Ok(body);
    }
    let text = String::from_utf8(body.into());
    let mut text = text.map_err(|_| "the response is not JSON in UTF-8".to_owned())?;
    if let Some(items) = spec.first_page {
        cut(&mut text, items).map_err(|error| format!("firstPage={items}: {error}"))?;
    }
    for (pointer, value) in &spec.set {
        set(&mut text, pointer, &value.to_string())
            .map_err(|error| format!("set {pointer}: {error}"))?;
    }
    for pointer in &spec.remove {
        remove(&mut text, pointer).map_err(|error| format!("remove {pointer}: {error}"))?;
    }
    Ok(text.into())
}

/// As `add` in RFC 6902, except that an item of an array is replaced.
fn set(text: &mut String, pointer: &str, value: &str) -> Result<(), String> {
    let (range, name) = match find(text, pointer)? {
        Target::Value(range) => {
            text.replace_range(range, value);
            return Ok(());
        }
        Target::Member(insertion, name) => (insertion, Value::from(name).to_string() + ":"),
        Target::Item(insertion) => (insertion, String::new()),
    };
    let Insertion { at, is_first } = range;
    let comma = if is_first { "" } else { "," };
    text.insert_str(at, &format!("{comma}{name}{value}"));
    Ok(())
}

fn remove(text: &mut String, pointer: &str) -> Result<(), String> {
    let Target::Value(value) = find(text, pointer)? else {
        return Err("there is no such value".to_owned());
    };
    let item = whole_item(text, &value);
    text.replace_range(item, "");
    Ok(())
}

/// Keeps the first items of the list, and adds a cursor.
fn cut(text: &mut String, items: u64) -> Result<(), String> {
    let no_list = || "the response has no list `/data`".to_owned();
    let Target::Value(range) = find(text, "/data")? else { return Err(no_list()) };
    let list = text.get(range.clone()).filter(|list| list.starts_with('[')).ok_or_else(no_list)?;
    let kept = match items.checked_sub(1) {
        None => Some(1),
        // A list that is shorter stays whole.
        Some(index) => match find(list, &format!("/{index}")) {
            Ok(Target::Value(item)) => Some(item.end),
            _ => None,
        },
    };
    if let Some(kept) = kept {
        text.replace_range(range.start + kept..range.end - 1, "");
    }
    set(text, NEXT_CURSOR.0, NEXT_CURSOR.1)
}
