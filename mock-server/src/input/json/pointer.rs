//! JSON pointers (RFC 6901): where in a JSON text one leads to, so that the rest of the text stays as
//! it is, byte for byte.

use std::ops::Range;

use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
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
///
/// In one pass over the text, and one over the object or array that the value is in.
pub(crate) fn find(text: &str, pointer: &str) -> Result<Target, String> {
    let unescape = |token: &str| token.replace("~1", "/").replace("~0", "~");
    let names: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
    let Some((name, parents)) = names.split_last() else {
        return Ok(Target::Value(0..text.len()));
    };
    let parent = match parents {
        [] => text.trim_ascii(),
        parents => match walk(text, parents)? {
            Found::Value(parent) => parent,
            lost => return Err(lost.describe(pointer, 1)),
        },
    };
    let found = walk(parent, std::slice::from_ref(name))?;
    let at = range_in(text, parent).end - 1;
    let inner = parent.get(1..parent.len() - 1).unwrap_or_default();
    let insertion = Insertion { at, is_first: inner.trim_ascii().is_empty() };
    match found {
        Found::Value(value) => Ok(Target::Value(range_in(text, value))),
        Found::NoMember { .. } => Ok(Target::Member(insertion, name.clone())),
        Found::NoItem { .. } if name == "-" => Ok(Target::Item(insertion)),
        lost => Err(lost.describe(pointer, 0)),
    }
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

/// Where a walk ends, and how many names were left of it.
enum Found<'a> {
    Value(&'a str),
    NoMember { left: usize },
    NoItem { left: usize, length: usize },
    Scalar { left: usize },
}

impl Found<'_> {
    /// What is not there, where more names were left after those of the walk.
    fn describe(&self, pointer: &str, more: usize) -> String {
        let place = |left: usize| {
            let tokens: Vec<_> = pointer.split('/').collect();
            let (walked, rest) = tokens.split_at(tokens.len().saturating_sub(left + more));
            (truncate(&walked.join("/")), truncate(rest.first().unwrap_or(&"")))
        };
        match self {
            Self::Value(_) => String::new(),
            Self::NoMember { left } => {
                let (object, name) = place(*left);
                format!("there is no `{object}/{name}`")
            }
            Self::NoItem { left, length } => {
                let (array, index) = place(*left);
                format!("there is no item `{index}` in `{array}`, which has {length}")
            }
            Self::Scalar { left } => {
                format!("`{}` is neither an object nor an array", place(*left).0)
            }
        }
    }
}

fn walk<'a>(text: &'a str, names: &[String]) -> Result<Found<'a>, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let found = Walk(names).deserialize(&mut json);
    let found = found.and_then(|found| json.end().map(|()| found));
    found.map_err(|_| "the response is not JSON".to_owned())
}

/// Reads along these names, and skips everything else.
struct Walk<'n>(&'n [String]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Found<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Found<'de>, D::Error> {
        if self.0.is_empty() {
            return Ok(Found::Value(<&RawValue>::deserialize(from)?.get()));
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    /// Of several members of one name the last one counts, as in most parsers.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        let mut found = Found::NoMember { left: self.0.len() };
        let Some((name, rest)) = self.0.split_first() else { return Ok(found) };
        while let Some(is_it) = map.next_key_seed(Is(name))? {
            if is_it {
                found = map.next_value_seed(Walk(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Found<'de>, A::Error> {
        let (left, mut found, mut length) = (self.0.len(), None, 0);
        let Some((name, rest)) = self.0.split_first() else {
            return Ok(Found::NoItem { left, length });
        };
        let is_index = name == "0" || !name.starts_with(['0', '+']);
        let wanted = is_index.then(|| name.parse::<usize>().ok()).flatten();
        loop {
            if wanted == Some(length) {
                found = items.next_element_seed(Walk(rest))?;
                if found.is_none() {
                    break;
                }
            } else if items.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
            length += 1;
        }
        Ok(found.unwrap_or(Found::NoItem { left, length }))
    }

    fn visit_str<E>(self, _: &str) -> Result<Found<'de>, E> {
        Ok(Found::Scalar { left: self.0.len() })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found<'de>, E> {
        Ok(Found::Scalar { left: self.0.len() })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Found<'de>, E> {
        Ok(Found::Scalar { left: self.0.len() })
    }

    fn visit_u64<E>(self, _: u64) -> Result<Found<'de>, E> {
        Ok(Found::Scalar { left: self.0.len() })
    }

    fn visit_f64<E>(self, _: f64) -> Result<Found<'de>, E> {
        Ok(Found::Scalar { left: self.0.len() })
    }

    fn visit_unit<E>(self) -> Result<Found<'de>, E> {
        Ok(Found::Scalar { left: self.0.len() })
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
