//! JSON pointers (RFC 6901): where in a JSON text one leads to, so that the rest of the text stays as
//! it is, byte for byte.

use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
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
    let whole: &RawValue =
        serde_json::from_str(text).map_err(|_| "the response is not JSON".to_owned())?;
    let mut range = range_in(text, whole.get());
    let mut walked = String::new();
    let mut tokens = pointer.split('/').skip(1).peekable();
    while let Some(token) = tokens.next() {
        let name = token.replace("~1", "/").replace("~0", "~");
        let value = text.get(range.clone()).unwrap_or_default();
        let is_last = tokens.peek().is_none();
        let found = if value.starts_with('{') {
            member(value, &name)
        } else if value.starts_with('[') {
            item(value, &name).map_err(|length| {
                let at = truncate(&walked);
                format!("there is no item `{}` in `{at}`, which has {length}", truncate(&name))
            })?
        } else {
            return Err(format!("`{}` is neither an object nor an array", truncate(&walked)));
        };
        let Some(found) = found else {
            if !is_last {
                return Err(format!("there is no `{}/{}`", truncate(&walked), truncate(token)));
            }
            let inner = value.get(1..value.len() - 1).unwrap_or_default();
            let insertion =
                Insertion { at: range.end - 1, is_first: inner.trim_ascii().is_empty() };
            return Ok(if value.starts_with('{') {
                Target::Member(insertion, name)
            } else {
                Target::Item(insertion)
            });
        };
        range = range_in(text, found);
        walked = format!("{walked}/{token}");
    }
    Ok(Target::Value(range))
}

/// A member or an item with the comma after or before it, and a member's name.
pub(crate) fn whole_element(text: &str, value: &Range<usize>) -> Range<usize> {
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

fn range_in(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

/// The value of this name in an object: the last one, as parsers take it.
fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    serde_json::Deserializer::from_str(object).deserialize_map(Member(name)).ok()?
}

/// The item at this index in an array, or none for `-`. The error is how many items it has.
fn item<'a>(array: &'a str, index: &str) -> Result<Option<&'a str>, usize> {
    let is_index = index == "0" || !index.starts_with(['0', '+']);
    let index = if is_index { index } else { "" };
    let wanted = index.parse().unwrap_or(usize::MAX);
    let read = serde_json::Deserializer::from_str(array).deserialize_seq(Item(wanted));
    let (found, length) = read.unwrap_or_default();
    if found.is_none() && index != "-" { Err(length) } else { Ok(found) }
}

struct Member<'n>(&'n str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_it) = map.next_key_seed(Is(self.0))? {
            if is_it {
                found = Some(map.next_value::<&RawValue>()?.get());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether a name is this one.
struct Is<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

struct Item(usize);

impl<'de> Visitor<'de> for Item {
    type Value = (Option<&'de str>, usize);

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (mut found, mut length) = (None, 0);
        loop {
            if length == self.0 {
                let Some(item) = items.next_element::<&RawValue>()? else { break };
                found = Some(item.get());
            } else if items.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
            length += 1;
        }
        Ok((found, length))
    }
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
    fn an_element_is_taken_out_with_one_comma() {
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
            text.replace_range(whole_element(&text, &range), "");
            assert_eq!(text, expected, "{pointer}");
        }
    }
}
