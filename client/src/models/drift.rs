//! What the service sends and the reference does not show: found, named by its place.

use std::fmt;

use crate::error::escape::Escaped;

/// Something that the service sent and this version of the crate does not know. See
/// [`ClientBuilder::on_drift`](crate::ClientBuilder::on_drift).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Drift {
    /// A field that the reference does not show.
    #[non_exhaustive]
    UnknownField {
        /// Where, such as `companies.data[].connections[].tier`; beside a list that the reference
        /// does not show, `*.next`. Its value is left out.
        path: String,
    },
    /// A word that an enum does not know.
    #[non_exhaustive]
    UnknownVariant {
        /// Where, such as `companies.data[].connections[].qualityRating`.
        path: String,
        /// The word, as the service wrote it.
        word: String,
    },
}

impl Drift {
    /// The same with its texts changed.
    pub(crate) fn map_texts(self, change: impl Fn(String) -> String) -> Self {
        match self {
            Self::UnknownField { path } => Self::UnknownField { path: change(path) },
            Self::UnknownVariant { path, word } => {
                Self::UnknownVariant { path: change(path), word: change(word) }
            }
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { path } => write!(f, "unknown field {}", Escaped(path)),
            Self::UnknownVariant { path, word } => {
                write!(f, "unknown word {} at {}", Escaped(word), Escaped(path))
            }
        }
    }
}

/// A place in a document, told without allocating until it is shown.
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

/// A value that can hold what is not known.
pub(crate) trait DetectDrift {
    /// Tells of each unknown field and word in it.
    fn drift(&self, place: JsonPath<'_>, report: &mut dyn FnMut(Drift));
}

impl<T: DetectDrift> DetectDrift for Vec<T> {
    fn drift(&self, place: JsonPath<'_>, report: &mut dyn FnMut(Drift)) {
        for item in self {
            item.drift(JsonPath::Item(&place), report);
        }
    }
}

/// Values that have no room for anything unknown.
macro_rules! no_drift {
    ($($Type:ty),+) => {
        $(impl $crate::models::drift::DetectDrift for $Type {
            fn drift(&self, _: $crate::models::drift::JsonPath<'_>, _: &mut dyn FnMut($crate::models::drift::Drift)) {}
        })+
    };
}
pub(crate) use no_drift;

no_drift!(String, i64, u64, jiff::Timestamp, rust_decimal::Decimal);
