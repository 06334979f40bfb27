//! YAML as JSON text, and where in the YAML a field is.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::json::ParseError;

/// Reads a document. Without content it is `null`. Repeated keys, a second document and aliases that
/// expand to more than memory holds are errors.
pub(crate) fn to_json(yaml: &str) -> Result<String, ParseError> {
    let error = |error: yaml_serde::Error| {
        ParseError::at(place(yaml, error.location()), &format!("not YAML: {error}"))
    };
    let value: yaml_serde::Value = yaml_serde::from_str(yaml).map_err(error)?;
    serde_json::to_string(&value).map_err(|error| {
        ParseError::at((1, 1), &format!("this YAML cannot be written as JSON: {error}"))
    })
}

/// Line and column of the field at a path such as `partners[0].wallet`, or of the last one on the way
/// to it that exists.
pub(crate) fn locate(yaml: &str, path: &str) -> (usize, usize) {
    let steps: Vec<_> = path.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect();
    let located = Locate(&steps).deserialize(yaml_serde::Deserializer::from_str(yaml));
    place(yaml, located.err().and_then(|error| error.location()))
}

/// Counted from 1, the column in bytes.
fn place(yaml: &str, location: Option<yaml_serde::Location>) -> (usize, usize) {
    let Some(location) = location else { return (1, 1) };
    let line = yaml.split('\n').nth(location.line().saturating_sub(1)).unwrap_or_default();
    let before = line.chars().take(location.column().saturating_sub(1));
    (location.line(), before.map(char::len_utf8).sum::<usize>() + 1)
}

/// Follows the steps, and fails at their end: the error has the location.
struct Locate<'a>(&'a [&'a str]);

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Locate<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the end of the path")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if let Some((step, rest)) = self.0.split_first() {
            while let Some(key) = map.next_key::<String>()? {
                if key == *step {
                    return map.next_value_seed(Locate(rest));
                }
                map.next_value::<IgnoredAny>()?;
            }
        }
        Err(A::Error::custom("here"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if let Some((step, rest)) = self.0.split_first() {
            let mut before = step.parse().unwrap_or(usize::MAX);
            while before > 0 && items.next_element::<IgnoredAny>()?.is_some() {
                before -= 1;
            }
            if items.next_element_seed(Locate(rest))?.is_some() {
                return Ok(());
            }
        }
        Err(A::Error::custom("here"))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn a_field_is_located() {
        let yaml = "first: é\nlist:\n  - a: 1\n    bé: [x, \"y\"]\n  - {}\n";
        for (path, place) in [
            ("first", (1, 8)),
            ("list", (3, 3)),
            ("list[0]", (3, 5)),
            ("list[0].a", (3, 8)),
            ("list[0].bé[1]", (4, 14)),
            ("list[1]", (5, 5)),
            ("list[1].none", (5, 5)),
            ("", (1, 1)),
        ] {
            assert_eq!(locate(yaml, path), place, "{path}");
        }
    }

    #[test]
    fn a_few_lines_cannot_stand_for_more_than_memory_holds() {
        let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for at in 1..30 {
            let before = vec![format!("*a{}", at - 1); 9].join(", ");
            writeln!(bomb, "a{at}: &a{at} [{before}]").unwrap();
        }
        let error = to_json(&bomb).unwrap_err();
        assert!(error.message.contains("limit exceeded"), "{error:?}");
        assert_eq!(locate(&bomb, "none"), (1, 1), "nor to locate a field in them");

        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(to_json(&deep).unwrap_err().message.contains("limit exceeded"));
    }
}
