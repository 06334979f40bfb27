//! JSON pointers (RFC 6901): where in a JSON text one leads to, so that the rest of the text stays as
//! it is, byte for byte.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::value::RawValue;

use super::truncate;

pub(crate) const A_POINTER: &str = "a JSON pointer (RFC 6901) such as `/data/0/name`, in which `~` is \
                                    written `~0`, and `/` in a name `~1`";

/// Whether a text is a pointer. The empty one is: it leads to the whole.
pub(crate) fn is_pointer(text: &str) -> bool {
    let is_escape = |after: &str| after.starts_with(['0', '1']);
    (text.is_empty() || text.starts_with('/')) && text.split('~').skip(1).all(is_escape)
}

/// Where a pointer leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To the value in this range.
    Value(Range<usize>),
    /// To nothing yet, in an object that has no such member.
    Member(Insertion, String),
    /// To the end of an array, by `-`.
    Item(Insertion),
}

/// Before the closing bracket of an object or array.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Insertion {
    pub(crate) at: usize,
    pub(crate) is_first: bool,
}

/// Finds what a pointer leads to in a JSON text. The error says which part of it is not there.
pub(crate) fn find(text: &str, pointer: &str) -> Result<Target, String> {
    if serde_json::from_str::<&RawValue>(text).is_err() {
        return Err("the response is not JSON".to_owned());
    }
    let unescape = |token: &str| token.replace("~1", "/").replace("~0", "~");
    let steps: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
    let (value, walked) = walk(text, &steps);
    let range = range_in(text, value);
    let Some(missing) = steps.get(walked) else { return Ok(Target::Value(range)) };
    let inner = value.get(1..value.len() - 1).unwrap_or_default();
    let insertion = Insertion { at: range.end - 1, is_first: inner.trim_ascii().is_empty() };
    let is_last = walked + 1 == steps.len();
    let part = |steps| truncate(&pointer.split('/').take(steps + 1).collect::<Vec<_>>().join("/"));
    match value.chars().next() {
        Some('{') if is_last => Ok(Target::Member(insertion, missing.clone())),
        Some('[') if is_last && missing == "-" => Ok(Target::Item(insertion)),
        Some('{') => Err(format!("there is no `{}`", part(walked + 1))),
        Some('[') => {
            let (array, item, length) = (part(walked), truncate(missing), items(value).len());
            Err(format!("there is no item `{item}` in `{array}`, which has {length}"))
        }
        _ => Err(format!("`{}` is neither an object nor an array", part(walked))),
    }
}

/// The value that these steps lead to, names of members and numbers of items; or the last one on the
/// way that is there, and how many steps lead to it. Of several members of one name the last one counts,
/// as in most parsers.
pub(super) fn walk<'a>(text: &'a str, steps: &[String]) -> (&'a str, usize) {
    let mut value = text.trim_ascii();
    for (walked, step) in steps.iter().enumerate() {
        let next = if value.starts_with('[') {
            let is_index = step == "0" || !step.starts_with(['0', '+']);
            let index = step.parse::<usize>().ok().filter(|_| is_index);
            index.and_then(|index| items(value).get(index).copied())
        } else {
            let members = serde_json::from_str::<HashMap<String, &RawValue>>(value);
            members.ok().and_then(|members| members.get(step).copied())
        };
        let Some(next) = next else { return (value, walked) };
        value = next.get();
    }
    (value, steps.len())
}

fn items(array: &str) -> Vec<&RawValue> {
    serde_json::from_str(array).unwrap_or_default()
}

/// A member or an item with the comma after or before it, and a member's name.
pub(crate) fn whole_item(text: &str, value: &Range<usize>) -> Range<usize> {
    let (before, _) = text.split_at(value.start);
    let mut before = before.trim_ascii_end();
    let mut start = value.start;
    if let Some(name) = before.strip_suffix(':') {
        start = start_of_string(name.trim_ascii_end());
        before = before.split_at(start).0.trim_ascii_end();
    }
    if before.ends_with(',') {
        return before.len() - 1..value.end;
    }
    let (_, after) = text.split_at(value.end);
    match after.trim_ascii_start().strip_prefix(',') {
        Some(next) => start..text.len() - next.trim_ascii_start().len(),
        None => start..value.end,
    }
}

/// Where the string begins that a text ends with.
fn start_of_string(text: &str) -> usize {
    let mut inner = text.strip_suffix('"').unwrap_or(text);
    while let Some(quote) = inner.rfind('"') {
        inner = inner.split_at(quote).0;
        let backslashes = inner.len() - inner.trim_end_matches('\\').len();
        if backslashes.is_multiple_of(2) {
            break;
        }
    }
    inner.len()
}

pub(super) fn range_in(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(text: &'a str, pointer: &str) -> &'a str {
        match find(text, pointer).unwrap() {
            Target::Value(range) => &text[range],
            other => panic!("{pointer}: {other:?}"),
        }
    }

    /// RFC 6901, section 5.
    #[test]
    fn the_examples_of_the_rfc_lead_where_it_says() {
        let text = r#"{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4,
            "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8}"#;
        for (pointer, expected) in [
            ("", text),
            ("/foo", r#"["bar", "baz"]"#),
            ("/foo/0", r#""bar""#),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            ("/i\\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ] {
            assert!(is_pointer(pointer));
            assert_eq!(value(text, pointer), expected, "{pointer}");
        }
        for wrong in ["data", "/a~", "/a~2", "#/data", "0"] {
            assert!(!is_pointer(wrong), "{wrong}");
        }
    }

    #[test]
    fn names_are_compared_unescaped_and_the_last_of_several_counts() {
        let text = r#"{"é~1":{"x":1},"\u00e9~1":{"x":25.0000}}"#;
        assert_eq!(value(text, "/é~01/x"), "25.0000");
    }

    #[test]
    fn what_is_not_there_is_named() {
        let text = r#"{"data": [{"a": 1}, 2], "empty": {}}"#;
        for (pointer, expected) in [
            ("/data/2", "there is no item `2` in `/data`, which has 2"),
            ("/data/01", "there is no item `01` in `/data`, which has 2"),
            ("/data/+1", "there is no item `+1` in `/data`, which has 2"),
            ("/data/x/y", "there is no item `x` in `/data`, which has 2"),
            ("/data/1/x", "`/data/1` is neither an object nor an array"),
            ("/next/x", "there is no `/next`"),
        ] {
            assert_eq!(find(text, pointer).unwrap_err(), expected);
        }
        find("no JSON", "/a").unwrap_err();
        let member = |at, is_first| Target::Member(Insertion { at, is_first }, "b".to_owned());
        assert_eq!(find(text, "/data/0/b"), Ok(member(17, false)));
        assert_eq!(find(text, "/empty/b"), Ok(member(34, true)));
        let item = Target::Item(Insertion { at: 21, is_first: false });
        assert_eq!(find(text, "/data/-"), Ok(item));
    }

    #[test]
    fn an_item_is_removed_with_one_comma() {
        for (text, pointer, expected) in [
            (r#"{"a": 1, "b": 2}"#, "/a", r#"{"b": 2}"#),
            (r#"{"a": 1 , "b": 2 }"#, "/b", r#"{"a": 1  }"#),
            (r#"{ "a\\\"\\" : 1 }"#, "/a\\\"\\", "{  }"),
            (r#"{"x":0,"a\\":1,"b":2}"#, "/a\\", r#"{"x":0,"b":2}"#),
            ("[1, 2, 3]", "/0", "[2, 3]"),
            ("[1, 2, 3]", "/1", "[1, 3]"),
            ("[[]]", "/0", "[]"),
        ] {
            let Ok(Target::Value(range)) = find(text, pointer) else { panic!("{pointer}") };
            let mut text = text.to_owned();
            text.replace_range(whole_item(&text, &range), "");
            assert_eq!(text, expected, "{pointer}");
        }
    }
}
