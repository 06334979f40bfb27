//! The position of a value in a JSON text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde_json::value::RawValue;

use super::{ParseError, place};

/// One step from a value to one in it.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Field(Cow<'static, str>),
    Item(usize),
}

impl From<&'static str> for Step {
    fn from(field: &'static str) -> Self {
        Self::Field(field.into())
    }
}

impl From<usize> for Step {
    fn from(item: usize) -> Self {
        Self::Item(item)
    }
}

/// What is wrong with a value that serde took.
#[derive(Debug)]
pub(crate) struct ValidationError {
    /// The way to it, the last step first.
    way_back: Vec<Step>,
    message: String,
}

impl ValidationError {
    pub(crate) fn of(message: impl Into<String>) -> Self {
        Self { way_back: Vec::new(), message: message.into() }
    }

    /// It is wrong with a value in this one.
    pub(crate) fn at(mut self, step: impl Into<Step>) -> Self {
        self.way_back.push(step.into());
        self
    }

    /// The mistake, with its place in the text that was read.
    pub(crate) fn in_text(self, text: &str) -> ParseError {
        let way: Vec<_> = self.way_back.into_iter().rev().collect();
        let path = Path(&way).to_string();
        let place = place(text.as_bytes(), offset(text, &way));
        ParseError::at(place, &self.message).in_field(&path)
    }
}

/// `partners[0].faults[1].status`.
struct Path<'a>(&'a [Step]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if at == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        Ok(())
    }
}

/// Where the value begins that this way leads to, or the last one on it that is there.
fn offset(text: &str, way: &[Step]) -> usize {
    let mut value = text.trim_start();
    for step in way {
        let next = match step {
            Step::Field(name) => serde_json::from_str::<HashMap<String, &RawValue>>(value)
                .ok()
                .and_then(|fields| fields.get(&**name).copied()),
            Step::Item(item) => serde_json::from_str::<Vec<&RawValue>>(value)
                .ok()
                .and_then(|items| items.get(*item).copied()),
        };
        match next {
            Some(next) => value = next.get(),
            None => break,
        }
    }
    value.as_ptr().addr() - text.as_ptr().addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_the_way_to_it() {
        let text = "\n{\"a\": 1,\n \"b\\u0062\": [ {}, {\"c\": [ 5 ]} ] }";
        let wrong = |way: &[Step]| {
            let wrong = ValidationError {
                way_back: way.iter().rev().cloned().collect(),
                message: "no".into(),
            };
            let ParseError { place: (line, column), field, .. } = wrong.in_text(text);
            (line, column, field)
        };
        assert_eq!(wrong(&[]), (2, 1, String::new()));
        assert_eq!(wrong(&["a".into()]), (2, 7, "a".to_owned()));
        assert_eq!(
            wrong(&["bb".into(), 1.into(), "c".into(), 0.into()]),
            (3, 27, "bb[1].c[0]".to_owned())
        );
        let missing = wrong(&["bb".into(), 0.into(), "x".into()]);
        assert_eq!(missing, (3, 15, "bb[0].x".to_owned()));
    }
}
