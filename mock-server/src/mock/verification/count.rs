//! How many requests are expected, and what follows from how many there are.

use std::fmt;

use crate::journal::Matches;

/// How many requests are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Exactly(usize),
    AtLeast(usize),
}

impl Count {
    /// Returns true if the count is as expected, whatever the evicted requests were.
    pub(super) fn is_met(self, matches: Matches) -> bool {
        match self {
            Self::Exactly(count) => matches.certain == count && matches.uncertain == 0,
            Self::AtLeast(count) => matches.certain >= count,
        }
    }

    /// Returns true if no further request can make the count right.
    pub(super) fn is_exceeded(self, matches: Matches) -> bool {
        matches!(self, Self::Exactly(count) if matches.certain > count)
    }

    /// Returns true if waiting ends here. That no request arrives is only known in the end.
    pub(super) fn is_decided(self, matches: Matches) -> bool {
        (self.is_met(matches) && self != Self::Exactly(0)) || self.is_exceeded(matches)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (how, count) = match self {
            Self::Exactly(count) => ("exactly", *count),
            Self::AtLeast(count) => ("at least", *count),
        };
        write!(f, "{how} {count} request{}", if count == 1 { "" } else { "s" })
    }
}
