//! What is wrong with a value that serde took, and where the value is.

use super::pointer::{range_in, walk};
use super::{ParseError, place};

/// What is wrong with a value that serde took.
#[derive(Debug)]
pub(crate) struct ValidationError {
    /// The names of fields and the numbers of items that lead to it, the last one first.
    steps: Vec<String>,
    message: String,
}

impl ValidationError {
    pub(crate) fn of(message: impl Into<String>) -> Self {
        Self { steps: Vec::new(), message: message.into() }
    }

    /// It is wrong with this field of a value.
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.steps.push(field.into());
        self
    }

    /// It is wrong with this item of a value.
    pub(crate) fn at_item(self, index: usize) -> Self {
        self.at(index.to_string())
    }

    /// The mistake, with its place in the text that was read.
    pub(crate) fn in_text(mut self, text: &str) -> ParseError {
        self.steps.reverse();
        let (value, _) = walk(text, &self.steps);
        let place = place(text.as_bytes(), range_in(text, value).start);
        ParseError::at(place, &self.message).in_field(&path(&self.steps))
    }
}

/// `partners[0].faults[1].status`.
fn path(steps: &[String]) -> String {
    let mut path = String::new();
    for step in steps {
        let is_item = step.bytes().all(|byte| byte.is_ascii_digit());
        match step {
            item if is_item => path.extend(["[", item, "]"]),
            first if path.is_empty() => path.push_str(first),
            field => path.extend([".", field]),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_the_way_to_it() {
        let text = "\n{\"a\": 1,\n \"b\\u0062\": [ {}, {\"c\": [ 5 ]} ] }";
        let wrong = |way: &[&str]| {
            let wrong =
                way.iter().rev().copied().fold(ValidationError::of("no"), ValidationError::at);
            let ParseError { place: (line, column), field, .. } = wrong.in_text(text);
            (line, column, field)
        };
        assert_eq!(wrong(&[]), (2, 1, String::new()));
        assert_eq!(wrong(&["a"]), (2, 7, "a".to_owned()));
        assert_eq!(wrong(&["bb", "1", "c", "0"]), (3, 27, "bb[1].c[0]".to_owned()));
        assert_eq!(wrong(&["bb", "0", "x"]), (3, 15, "bb[0].x".to_owned()));
    }
}
