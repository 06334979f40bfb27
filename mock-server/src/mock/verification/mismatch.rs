//! The text that explains a failed verification.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::time::Duration;

use super::count::Expected;
use super::matcher::{FieldDiff, RequestMatcher};
use crate::journal::{
    EvictedRequests, MAX_JOURNAL_BYTES, MAX_JOURNAL_COUNTERS, MAX_JOURNAL_ENTRIES, Matches,
    RecordedRequest,
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
    pub(super) matcher: &'a RequestMatcher,
    /// None if only the number of requests was asked for.
    pub(super) expected: Option<Expected>,
    pub(super) recorded: Vec<RecordedRequest>,
    /// All requests, evicted ones included.
    pub(super) all: Matches,
    pub(super) matches: Matches,
    pub(super) evicted: EvictedRequests,
    pub(super) partner: Option<&'a PartnerState>,
    pub(super) after: u64,
    pub(super) rules: Vec<(&'static str, Vec<String>)>,
}

impl VerificationError {
    pub(super) fn unsent(path: &str) -> Self {
        let path = shown(path);
        Self(format!(
            "no request has the path {path}; expected it percent-encoded, without a query"
        ))
    }

    pub(super) fn explain(mismatch: &Mismatch<'_>) -> Self {
        Self::of(|text| mismatch.write(text))
    }

    pub(super) fn of(write: impl FnOnce(&mut String) -> fmt::Result) -> Self {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = write(&mut text);
        Self(text.trim_end().to_owned())
    }
}

impl Mismatch<'_> {
    fn write(&self, out: &mut String) -> fmt::Result {
        match &self.expected {
            Some(expected) => writeln!(out, "expected  {expected} {}", self.matcher)?,
            None => writeln!(out, "expected  a number of requests {}", self.matcher)?,
        }
        let whose = Whose(self.partner);
        let after = match self.after {
            0 => String::new(),
            number => format!(" after req-{number}"),
        };
        let (matched, all) = (Range(self.matches), Range(self.all));
        writeln!(out, "received  {matched} of the {all} requests of {whose}{after}")?;
        self.write_evicted(out)?;
        if self.expected.is_some_and(|expected| expected.count.is_exceeded(self.matches)) {
            let mut matched: Vec<_> = self.recorded.iter().collect();
            matched.retain(|request| self.matcher.matches(request));
            write_list(out, "matched", &matched)?;
        } else {
            self.write_nearest(out)?;
            write_list(out, "journal", &Vec::from_iter(&self.recorded))?;
        }
        write!(out, "repeat    {whose}")?;
        for (whose, active) in &self.rules {
            write!(out, "; {whose}: {}", Listed(active))?;
        }
        let matched = self.recorded.iter().filter_map(|one| one.fault.as_ref());
        let matched: BTreeSet<_> = matched.map(|fault| fault.rule().to_owned()).collect();
        write!(out, "; applied rules: {}", Listed(&Vec::from_iter(matched)))
    }

    fn write_evicted(&self, out: &mut String) -> fmt::Result {
        let EvictedRequests { by_entry_limit, by_byte_limit } = self.evicted;
        if self.evicted.total() == 0 {
            return Ok(());
        }
        writeln!(
            out,
            "evicted   {} requests: {by_entry_limit} by the limit of {MAX_JOURNAL_ENTRIES} entries, \
             {by_byte_limit} by the limit of {} MiB",
            self.evicted.total(),
            MAX_JOURNAL_BYTES >> 20,
        )?;
        if self.matches.uncertain == 0 {
            return Ok(());
        }
        let reason = if self.matcher.needs_entries() {
            "their headers, queries and bodies are gone; check by method, path, status and \
             disposition only"
                .to_owned()
        } else if self.after > 0 {
            format!("it is not known which of them are after req-{}; use a later one", self.after)
        } else {
            format!("they are not counted by path, since {MAX_JOURNAL_COUNTERS} counters are used")
        };
        writeln!(
            out,
            "          {} of them may match: {reason}, or clear the requests before the part that is \
             checked",
            self.matches.uncertain
        )
    }

    /// Of the requests that are not as they should be, the one with the fewest differences; of
    /// several, the one that differs least in its letters, and of those the newest.
    fn write_nearest(&self, out: &mut String) -> fmt::Result {
        let misses = self.recorded.iter().filter_map(|request| {
            let diffs = self.matcher.diffs(request);
            (!diffs.is_empty()).then_some((request, diffs))
        });
        let distance = |diffs: &[FieldDiff]| -> usize {
            let each = diffs.iter();
            each.map(FieldDiff::distance).sum()
        };
        let nearest = misses.rev().min_by_key(|(_, diffs)| (diffs.len(), distance(diffs)));
        let Some((request, diffs)) = nearest else {
            return Ok(());
        };
        writeln!(out, "nearest   {}", Line(request))?;
        for diff in diffs {
            let (expected, received) = diff.shown();
            let same = same(&expected, &received);
            let what = cut(&diff.what, 0);
            let width = what.chars().count();
            writeln!(out, "          {what}: expected  {expected}")?;
            writeln!(out, "          {:width$}  received  {received}", "")?;
            writeln!(out, "          {:width$}            {:same$}^", "", "")?;
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
fn write_list(out: &mut String, label: &str, requests: &[&RecordedRequest]) -> fmt::Result {
    let skipped = requests.len().saturating_sub(MAX_LISTED);
    if skipped > 0 {
        writeln!(out, "{label:10}{skipped} before these")?;
    }
    for (at, request) in requests.iter().skip(skipped).enumerate() {
        let label = if at + skipped == 0 { label } else { "" };
        writeln!(out, "{label:10}{}", Line(request))?;
    }
    Ok(())
}

/// `3`, or `from 3 to 7003` where evicted requests may match.
struct Range(Matches);

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Matches { certain, uncertain } = self.0;
        match uncertain {
            0 => write!(f, "{certain}"),
            _ => write!(f, "from {certain} to {}", certain + uncertain),
        }
    }
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
struct Line<'a>(&'a RecordedRequest);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.0;
        let (id, path) = (&request.request_id, shown(&request.path));
        write!(f, "{id} {} {path}", request.method)?;
        if let Some(query) = &request.query {
            write!(f, "?{}", cut(query, 0).escape_debug())?;
        }
        write!(f, " -> {} ({})", request.status.as_str(), request.disposition)?;
        let (duration, delay) = (Millis(request.duration), Millis(request.delay));
        write!(f, ", duration {duration}, delay {delay}")?;
        match &request.fault {
            Some(fault) => write!(f, " by {fault}"),
            None => Ok(()),
        }
    }
}

/// To the microsecond: `0.213 ms`, `250 ms`.
struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (millis, micros) = (self.0.as_millis(), self.0.subsec_micros() % 1000);
        match micros {
            0 => write!(f, "{millis} ms"),
            _ => write!(f, "{millis}.{micros:03} ms"),
        }
    }
}

struct Listed<'a>(&'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, one) in self.0.iter().enumerate() {
            write!(f, "{}`{one}`", if at == 0 { "" } else { ", " })?;
        }
        if self.0.is_empty() {
            f.write_str("none")?;
        }
        Ok(())
    }
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
