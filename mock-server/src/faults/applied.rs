//! What a rule did to a request, for the journal.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::sampling::unit;
use crate::input::escape::shortened;
use crate::state::keys::redactor::Redactor;

/// How many characters of a rule are shown with each request that it was applied to.
pub(super) const MAX_RULE: usize = 1000;

/// A fault that was applied to a request: by which rule, and how chance fell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedFault {
    pub(super) rule: Arc<str>,
    pub(super) number: u64,
    pub(super) request: u64,
    pub(super) draw: Option<u64>,
    pub(super) delay: Duration,
    pub(super) error: Option<Arc<str>>,
}

impl AppliedFault {
    /// The rule, in its text form; a key is `[redacted]`.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Without the keys that the redactor knows.
    pub(crate) fn redacted(mut self, redactor: &Redactor) -> Self {
        if let Cow::Owned(clean) = redactor.redact(self.rule.as_bytes()) {
            self.rule = String::from_utf8_lossy(&clean).into();
        }
        self
    }

    /// As [`rule`](Self::rule), where it is shown with each request: a body that it says may be
    /// of megabytes.
    pub(crate) fn rule_in_short(&self) -> String {
        shortened(&self.rule, MAX_RULE)
    }

    /// Which rule it was, counted from 1 in the order they were added to its partner, or to the
    /// mock.
    pub fn rule_number(&self) -> u64 {
        self.number
    }

    /// Which of this partner's requests it was that reached the rule, counted from 1.
    pub fn request_number(&self) -> u64 {
        self.request
    }

    /// The number in [0, 1) that was drawn, and was less than the rule's probability.
    pub fn draw(&self) -> Option<f64> {
        self.draw.map(unit)
    }

    /// How long the response, or what replaced it, was delayed.
    pub fn delay(&self) -> Duration {
        self.delay
    }

    /// Why the fault could not be applied, if the response has no value at one of its JSON pointers.
    /// The client got it in a 500.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}

/// Without the delay, which is the request's. A rule of more than 1000 characters is cut.
impl fmt::Display for AppliedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, request) = (self.number, self.request);
        write!(f, "rule {number} ({}), request {request}", self.rule_in_short())?;
        if let Some(draw) = self.draw() {
            write!(f, ", draw {draw:.6}")?;
        }
        if let Some(error) = self.error() {
            write!(f, ", not applied: {error}")?;
        }
        Ok(())
    }
}
