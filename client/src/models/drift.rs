//! Schema drift: where a response differs from the reference, found and named by its path.

use std::fmt;

use crate::error::escape::Escaped;
use crate::models::json_text::has_replacement;
use crate::models::object::UnknownFields;

/// A difference between a response and the schema that this version of the crate knows. See
/// [`ClientBuilder::on_drift`](crate::ClientBuilder::on_drift).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Drift {
    /// A field that the reference does not show.
    #[non_exhaustive]
    UnknownField {
        /// The path, such as `companies.data[].connections[].tier`, or `*.next` beside a list that
        /// the reference does not show. The value is left out.
        path: String,
    },
    /// An enum value that this version of the crate does not know.
    #[non_exhaustive]
    UnknownVariant {
        /// The path, such as `companies.data[].connections[].qualityRating`.
        path: String,
        /// The enum value, as the service wrote it.
        value: String,
    },
    /// A text with U+FFFD instead of a character: the service sent half of a surrogate pair,
    /// or sent U+FFFD itself. Some other character was lost before the response was written.
    #[non_exhaustive]
    InvalidText {
        /// The path, such as `companies.data[].name`. The text is left out.
        path: String,
    },
}

impl Drift {
    /// Changes the texts.
    pub(crate) fn map_texts(self, change: impl Fn(String) -> String) -> Self {
        match self {
            Self::UnknownField { path } => Self::UnknownField { path: change(path) },
            Self::UnknownVariant { path, value } => {
                Self::UnknownVariant { path: change(path), value: change(value) }
            }
            Self::InvalidText { path } => Self::InvalidText { path: change(path) },
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { path } => write!(f, "unknown field {}", Escaped(path)),
            Self::UnknownVariant { path, value } => {
                write!(f, "unknown enum value {} at {}", Escaped(value), Escaped(path))
            }
            Self::InvalidText { path } => {
                write!(f, "text with a lost character (U+FFFD) at {}", Escaped(path))
            }
        }
    }
}

/// A path in a response, which allocates nothing until it is shown.
#[derive(Clone, Copy)]
pub(crate) enum JsonPath<'a> {
    Document(&'a str),
    Field(&'a JsonPath<'a>, &'a str),
    Item(&'a JsonPath<'a>),
}

impl fmt::Display for JsonPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent) => write!(f, "{parent}[]"),
        }
    }
}

/// A value in which schema drift can be found.
pub(crate) trait DetectDrift {
    /// Reports each difference.
    fn drift(&self, path: JsonPath<'_>, report: &mut dyn FnMut(Drift));
}

impl<T: DetectDrift> DetectDrift for Vec<T> {
    fn drift(&self, path: JsonPath<'_>, report: &mut dyn FnMut(Drift)) {
        for item in self {
            item.drift(JsonPath::Item(&path), report);
        }
    }
}

impl DetectDrift for String {
    fn drift(&self, path: JsonPath<'_>, report: &mut dyn FnMut(Drift)) {
        if self.contains(char::REPLACEMENT_CHARACTER) {
            report(Drift::InvalidText { path: path.to_string() });
        }
    }
}

impl DetectDrift for UnknownFields {
    fn drift(&self, path: JsonPath<'_>, report: &mut dyn FnMut(Drift)) {
        for (name, json) in self.iter() {
            let path = JsonPath::Field(&path, name).to_string();
            if has_replacement(json) {
                report(Drift::InvalidText { path: path.clone() });
            }
            report(Drift::UnknownField { path });
        }
    }
}

/// Implements [`DetectDrift`] for values that cannot differ.
macro_rules! no_drift {
    ($($Type:ty),+) => {
        $(impl DetectDrift for $Type {
            fn drift(&self, _: JsonPath<'_>, _: &mut dyn FnMut(Drift)) {}
        })+
    };
}

no_drift!(i64, u64, jiff::Timestamp, rust_decimal::Decimal);
