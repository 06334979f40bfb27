//! The text that explains a failed verification.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::count::Count;
use super::matcher::{FieldDiff, RequestMatcher};
use super::received_requests::ReceivedRequests;
use crate::faults::AppliedFault;
use crate::faults::Time;
use crate::journal::{
    Entry, MAX_JOURNAL_BYTES, MAX_JOURNAL_COUNTERS, MAX_JOURNAL_ENTRIES, Matches, Snapshot,
    milliseconds,
};
use crate::state::keys::api_key;
use crate::state::store::PartnerState;

/// How many requests are listed; the newest are.
pub(super) const MAX_LISTED: usize = 20;

/// How many characters of a text are shown. A body may be a megabyte.
const MAX_SHOWN: usize = 500;

/// How many characters of a long text are shown before the first that is another one.
const BEFORE: usize = 100;

/// How many characters from the first that is another one tell how near two texts are: the cost
/// grows with their square.
const COMPARED: usize = 100;

/// The received requests are not as expected, or a mock was not used as it was set up.
///
/// The text, which `unwrap` shows as well, has what was expected and what was received. If there are
/// too few requests, it shows the nearest miss with the difference marked; if there are too many, those
/// that match. It ends with a line from which the run can be repeated. Of a text of more than 500
/// characters, those around the difference are shown.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationError(String);

pub(super) struct Mismatch<'a> {
    pub(super) requests: &'a ReceivedRequests,
    /// None if only the number of requests was asked for.
    pub(super) expected: Option<Count>,
    /// How long was waited for them.
    pub(super) within: Option<Duration>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) matches: Matches,
}

impl VerificationError {
    pub(super) fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string().trim_end().to_owned())
    }
}

impl fmt::Display for Mismatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests: ReceivedRequests { handler, owner, after, matcher }, .. } = self;
        match &self.expected {
            Some(count) => write!(f, "expected  {count}")?,
            None => write!(f, "expected  a number of requests")?,
        }
        if let Some(within) = self.within {
            write!(f, " within {}", Time(within))?;
        }
        writeln!(f, " {matcher}")?;
        let (whose, entries) = (Whose(owner.as_deref()), &self.snapshot.entries);
        let all = Matches { certain: entries.len(), uncertain: 0 }.plus(self.snapshot.all_evicted);
        write!(f, "received  {} of the {all} requests of {whose}", self.matches)?;
        match after {
            0 => writeln!(f)?,
            number => writeln!(f, " after req-{number}")?,
        }
        self.write_evicted(f)?;
        if self.expected.is_some_and(|count| count.is_exceeded(self.matches)) {
            let matched = entries.iter().filter(|entry| matcher.matches(entry.request()));
            write_newest(f, "matched", &matched.collect::<Vec<_>>())?;
        } else {
            self.write_nearest(f)?;
            write_newest(f, "journal", &entries.iter().collect::<Vec<_>>())?;
        }
        write!(f, "repeat    {whose}")?;
        if let Some(partner) = owner {
            write!(f, "; its rules: {}", listed(handler.rules.texts_of(Some(partner.id))))?;
        }
        let applied = entries.iter().filter_map(|entry| entry.request().fault.as_ref());
        let applied: BTreeSet<_> = applied.map(AppliedFault::rule).collect();
        let of_mock = listed(handler.rules.texts_of(None));
        write!(f, "; the mock's rules: {of_mock}; applied rules: {}", listed(applied))
    }
}

impl Mismatch<'_> {
    fn write_evicted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let evicted = self.snapshot.evicted;
        if evicted.total() == 0 {
            return Ok(());
        }
        writeln!(
            f,
            "evicted   {} requests: {} by the limit of {MAX_JOURNAL_ENTRIES} entries, {} by the limit of \
             {} MiB",
            evicted.total(),
            evicted.by_entry_limit,
            evicted.by_byte_limit,
            MAX_JOURNAL_BYTES >> 20,
        )?;
        if self.matches.uncertain == 0 {
            return Ok(());
        }
        let after = self.requests.after;
        let reason = if self.requests.matcher.needs_entries() {
            "their headers, queries and bodies are gone; check by method, path, status and \
             disposition only"
                .to_owned()
        } else if after > 0 {
            format!("it is not known which of them are after req-{after}; use a later one")
        } else {
            format!("they are not counted by path, since {MAX_JOURNAL_COUNTERS} counters are used")
        };
        writeln!(
            f,
            "          {} of them may match: {reason}, or clear the requests before the part that is \
             checked",
            self.matches.uncertain
        )
    }

    /// Of the requests that are not as they should be, the one with the fewest differences; of
    /// several, the one that differs least in its letters, and of those the newest.
    fn write_nearest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let diffs = |entry: &Entry| self.requests.matcher.diffs(entry.request());
        let misses = self.snapshot.entries.iter().map(|entry| (entry, diffs(entry)));
        let misses = misses.filter(|(_, diffs)| !diffs.is_empty());
        let nearest = misses.rev().min_by_key(|(_, diffs)| {
            (diffs.len(), diffs.iter().map(FieldDiff::distance).sum::<usize>())
        });
        let Some((entry, diffs)) = nearest else {
            return Ok(());
        };
        writeln!(f, "nearest   {}", line(entry))?;
        for diff in diffs {
            let (expected, received) = diff.shown();
            let same = same(&expected, &received);
            let what = cut(&diff.what, 0);
            let width = what.chars().count();
            writeln!(f, "          {what}: expected  {expected}")?;
            writeln!(f, "          {:width$}  received  {received}", "")?;
            writeln!(f, "          {:width$}            {:same$}^", "", "")?;
        }
        Ok(())
    }
}

impl FieldDiff {
    fn distance(&self) -> usize {
        let same = same(&self.expected, &self.received);
        let rest = |text: &str| text.chars().skip(same).take(COMPARED).collect::<String>();
        strsim::osa_distance(&rest(&self.expected), &rest(&self.received))
    }

    /// Both texts, from a little before where they part if one of them is long.
    fn shown(&self) -> (String, String) {
        let is_long = |text: &str| text.chars().nth(MAX_SHOWN).is_some();
        let start = if is_long(&self.expected) || is_long(&self.received) {
            same(&self.expected, &self.received).saturating_sub(BEFORE)
        } else {
            0
        };
        (shown_from(&self.expected, start), shown_from(&self.received, start))
    }
}

/// How many characters two texts have in common at their beginning.
fn same(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

/// In one line, without control characters and keys: clients may have sent the text.
pub(super) fn shown(text: &str) -> String {
    shown_from(&api_key::redact_text(text), 0)
}

fn shown_from(text: &str, start: usize) -> String {
    if text.is_empty() {
        return "(none)".to_owned();
    }
    cut(text, start).escape_debug().to_string()
}

/// What of a text is shown: from this character on, and not all of a long one.
fn cut(text: &str, start: usize) -> String {
    let mut rest = text.chars().skip(start);
    let mut cut = if start > 0 { "…".to_owned() } else { String::new() };
    cut.extend(rest.by_ref().take(MAX_SHOWN));
    if rest.next().is_some() {
        cut.push('…');
    }
    cut
}

/// At most [`MAX_LISTED`] requests, the newest.
fn write_newest(f: &mut fmt::Formatter<'_>, label: &str, entries: &[&Entry]) -> fmt::Result {
    let skipped = entries.len().saturating_sub(MAX_LISTED);
    let before = (skipped > 0).then(|| format!("{skipped} before these"));
    let newest = entries.iter().skip(skipped).map(|entry| line(entry));
    write_lines(f, label, before.into_iter().chain(newest))
}

/// The first of the lines has the label.
pub(super) fn write_lines(
    f: &mut fmt::Formatter<'_>,
    label: &str,
    lines: impl Iterator<Item = String>,
) -> fmt::Result {
    for (at, line) in lines.enumerate() {
        writeln!(f, "{:10}{line}", if at == 0 { label } else { "" })?;
    }
    Ok(())
}

/// The owner of the requests.
pub(super) struct Whose<'a>(pub(super) Option<&'a PartnerState>);

impl fmt::Display for Whose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(partner) = self.0 else {
            return f.write_str("this mock");
        };
        write!(f, "partner `{}`", partner.name().escape_debug())?;
        if partner.is_gone() { f.write_str(", which was removed") } else { Ok(()) }
    }
}

impl fmt::Display for RequestMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_deref().unwrap_or("any method");
        let path = self.path.as_deref().unwrap_or("any path");
        write!(f, "of {}, {}", shown(method), shown(path))?;
        if let Some(query) = &self.query {
            write!(f, ", query {}", shown(query))?;
        }
        for (name, value) in &self.headers {
            write!(f, ", header {}: {}", shown(name), shown(value))?;
        }
        if let Some(body) = &self.body {
            write!(f, ", body {}", shown(body))?;
        }
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        match self.disposition {
            Some(disposition) => write!(f, ", disposition {disposition}"),
            None => Ok(()),
        }
    }
}

/// A request as one line.
fn line(entry: &Entry) -> String {
    let request = entry.request();
    let (method, path) = (&request.method, shown(&request.path));
    let query = request.query.as_ref().map(|query| format!("?{}", cut(query, 0).escape_debug()));
    let (status, disposition) = (request.status.as_str(), request.disposition);
    let (duration, delay) = (milliseconds(request.duration), milliseconds(request.delay));
    let fault = request.fault.as_ref().map(|fault| format!(" by {fault}"));
    format!(
        "{} {method} {path}{} -> {status} ({disposition}), duration {duration} ms, delay {delay} ms{}",
        entry.id(),
        query.unwrap_or_default(),
        fault.unwrap_or_default(),
    )
}

fn listed(texts: impl IntoIterator<Item: fmt::Display>) -> String {
    let texts: Vec<_> = texts.into_iter().map(|text| format!("`{text}`")).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

impl fmt::Display for VerificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VerificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl std::error::Error for VerificationError {}
