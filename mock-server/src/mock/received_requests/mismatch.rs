//! The text that explains a failed verification.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use super::{Count, FieldDiff, RequestMatcher};
use crate::faults::Time;
use crate::journal::RecordedRequest;
use crate::state::keys::api_key;

/// How many requests are listed; the newest are.
const MAX_LISTED: usize = 20;

/// How many characters of a text are shown. A body may be a megabyte.
const MAX_SHOWN: usize = 500;

/// How many characters of a long text are shown before the first that is another one.
const BEFORE: usize = 100;

/// How many characters from the first that is another one tell how near two texts are: the cost
/// grows with their square.
const COMPARED: usize = 100;

/// The received requests are not those that were expected.
///
/// It shows, as `Debug` too so that `unwrap` does, what was expected, what was received, the nearest
/// miss with the difference marked, and a line from which the run can be repeated. Of a text of more
/// than 500 characters, those around the difference are shown.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationError(String);

pub(super) struct Mismatch<'a> {
    pub(super) matcher: &'a RequestMatcher,
    pub(super) count: Count,
    pub(super) recorded: &'a [RecordedRequest],
    pub(super) matched: usize,
    pub(super) partner: Option<&'a str>,
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

    pub(super) fn explain(case: &Mismatch<'_>) -> Self {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = case.write(&mut text);
        Self(text.trim_end().to_owned())
    }
}

impl Mismatch<'_> {
    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "expected  {} {}", self.count, self.matcher)?;
        let whose = self.partner.map_or_else(
            || "this mock".to_owned(),
            |name| format!("partner `{}`", name.escape_debug()),
        );
        let all = self.recorded.len();
        let after = match self.after {
            0 => String::new(),
            number => format!(" after req-{number}"),
        };
        writeln!(out, "received  {} of the {all} requests of {whose}{after}", self.matched)?;
        self.write_nearest(out)?;
        let skipped = all.saturating_sub(MAX_LISTED);
        if skipped > 0 {
            writeln!(out, "journal   {skipped} before these")?;
        }
        for (at, request) in self.recorded.iter().skip(skipped).enumerate() {
            let label = if at + skipped == 0 { "journal" } else { "" };
            writeln!(out, "{label:10}{}", Line(request))?;
        }
        write!(out, "repeat    {whose}")?;
        for (whose, in_force) in &self.rules {
            write!(out, "; {whose}: {}", Listed(in_force))?;
        }
        let matched = self.recorded.iter().filter_map(|one| one.fault.as_ref());
        let matched: BTreeSet<_> = matched.map(|fault| fault.rule().to_owned()).collect();
        write!(out, "; applied rules: {}", Listed(&Vec::from_iter(matched)))
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

/// In one line, and never with a control character or a key: it may have come from anywhere.
fn shown(text: &str) -> String {
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

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = |count: &usize| match count {
            1 => "1 request".to_owned(),
            count => format!("{count} requests"),
        };
        match self {
            Self::Exactly(count) => write!(f, "exactly {}", requests(count)),
            Self::AtLeast(count) => write!(f, "at least {}", requests(count)),
            Self::Within(count, limit) => {
                write!(f, "{} within {}", requests(count), Time(*limit))
            }
        }
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
        match self.status {
            Some(status) => write!(f, ", status {status}"),
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
        match &request.fault {
            Some(fault) => write!(f, " by {fault}"),
            None => Ok(()),
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
