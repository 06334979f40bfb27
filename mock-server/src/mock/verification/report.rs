//! What a test set up and never used, and requests to paths that do not exist.

use std::fmt;
use std::sync::Arc;

use super::mismatch::{MAX_LISTED, VerificationError, Whose, shown, write_lines};
use crate::api::disposition::Disposition;
use crate::journal::Target;
use crate::mock::handler::RequestHandler;
use crate::mock::{ActiveRule, ActiveStub};
use crate::state::store::{PartnerId, PartnerState};

/// What a test set up and never used, and requests to unknown paths: of one partner, by
/// [`Partner::report`](crate::Partner::report), or of the whole mock, by
/// [`Mock::report`](crate::Mock::report).
///
/// A test that ends with [`verify_clean`](crate::Mock::verify_clean) fails if there is any of it.
/// Stubs and rules that were removed are not in it, nor are requests that were cleared.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// Stubs that responded to no request, in the order they were added.
    pub unused_stubs: Vec<ActiveStub>,
    /// Rules that were applied to no request, in the order they were added, expired ones included.
    pub unused_rules: Vec<ActiveRule>,
    /// How many more unused rules expired, of which only the number is known: the mock remembers the
    /// last 1,000 rules that ended.
    pub more_unused_rules: usize,
    /// Requests to paths that neither the reference nor a stub has, by partner, path and method.
    pub unknown_paths: Vec<UnknownPath>,
}

/// Requests to one path that neither the reference nor a stub has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownPath {
    /// The [id](crate::Partner::id) of the partner whose key came with the requests.
    pub partner: Option<String>,
    /// The method. None for evicted requests with methods that have no counter.
    pub method: Option<String>,
    /// The path as it was sent. None for evicted requests to paths that have no counter, since there
    /// are [`MAX_JOURNAL_COUNTERS`](crate::MAX_JOURNAL_COUNTERS) others.
    pub path: Option<String>,
    /// How many requests there were, evicted ones included.
    pub count: usize,
}

impl Report {
    pub(crate) fn new(handler: &Arc<RequestHandler>, of: Option<PartnerId>) -> Self {
        let stubs = handler.stubs.unused(of).into_iter();
        let (rules, more_unused_rules) = handler.rules.unused(of);
        let unknown_paths = handler.journal.count_by_target(of, Disposition::UnknownPath);
        let unknown_path = |((partner, path, method), count): (Target, usize)| UnknownPath {
            partner: partner.map(|id| id.to_string()),
            method,
            path,
            count,
        };
        Self {
            unused_stubs: stubs.map(|stub| ActiveStub::new(handler, stub)).collect(),
            unused_rules: rules.into_iter().map(|rule| ActiveRule::new(handler, rule)).collect(),
            more_unused_rules,
            unknown_paths: unknown_paths.into_iter().map(unknown_path).collect(),
        }
    }

    /// Returns true if everything was used, and no request was to an unknown path.
    pub fn is_clean(&self) -> bool {
        let Self { unused_stubs, unused_rules, more_unused_rules, unknown_paths } = self;
        unused_stubs.is_empty()
            && unused_rules.is_empty()
            && *more_unused_rules == 0
            && unknown_paths.is_empty()
    }

    pub(crate) fn verify_clean(
        &self,
        owner: Option<&PartnerState>,
    ) -> Result<(), VerificationError> {
        if self.is_clean() {
            return Ok(());
        }
        Err(VerificationError::new(format_args!(
            "expected  every stub and rule of {} to be used, and no request to an unknown path\n{self}",
            Whose(owner)
        )))
    }
}

/// One line for each, at most 20 of a kind.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stub = |stub: &ActiveStub| format!("stub {} {stub} responded to no request", stub.id());
        write_kind(f, "stubs", self.unused_stubs.iter().map(stub), 0)?;
        let rules = self.unused_rules.iter().map(unused);
        write_kind(f, "rules", rules, self.more_unused_rules)?;
        write_kind(f, "paths", self.unknown_paths.iter().map(UnknownPath::to_string), 0)
    }
}

fn write_kind(
    f: &mut fmt::Formatter<'_>,
    label: &str,
    mut lines: impl ExactSizeIterator<Item = String>,
    more: usize,
) -> fmt::Result {
    let more = more + lines.len().saturating_sub(MAX_LISTED);
    write_lines(f, label, lines.by_ref().take(MAX_LISTED))?;
    if more > 0 { writeln!(f, "{label:10}{more} more") } else { Ok(()) }
}

fn unused(rule: &ActiveRule) -> String {
    let reason = match rule.reached() {
        0 => "no request reached it".to_owned(),
        1 => "1 request reached it".to_owned(),
        count => format!("{count} requests reached it"),
    };
    let expired = if rule.is_expired() { " before it expired" } else { "" };
    let text = rule.state().text_in_short();
    format!("rule {} `{text}` was applied to no request{expired}: {reason}", rule.id())
}

impl fmt::Display for UnknownPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_deref().unwrap_or("(other methods)");
        let path = self.path.as_deref().map_or_else(|| "(other paths)".to_owned(), shown);
        let times = if self.count == 1 { "request" } else { "requests" };
        write!(f, "{} {times} {} {path}", self.count, shown(method))?;
        match &self.partner {
            Some(partner) => write!(f, " of partner {partner}"),
            None => f.write_str(" without a known key"),
        }
    }
}
