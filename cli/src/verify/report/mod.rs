//! What is known at the end: each answer with what was found in it, and what that comes to.

mod json;
mod junit;
mod text;

use std::fmt::Write as _;
use std::process::ExitCode;

use super::contract::With;
use super::findings::Finding;
use super::severity::Severity;

/// Everything that was asked, and what came of it.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) base_url: String,
    /// That of the contract.
    pub(crate) version: String,
    pub(crate) asked: Vec<Asked>,
    pub(crate) left_out: Vec<(String, &'static str)>,
    /// What is told and does not count.
    pub(crate) allowed: Vec<Severity>,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) path: String,
    pub(crate) with: With,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    /// No answer of the service came, and why.
    Unchecked(String),
    Checked(Checked),
}

/// An answer that was held to the contract.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) findings: Vec<Finding>,
    /// The parts of the body that could be judged.
    pub(crate) seen: Vec<String>,
    /// Those that nothing was there for, such as the companies of an empty list.
    pub(crate) unseen: Vec<String>,
    /// The status is none that the contract has here.
    pub(crate) is_foreign: bool,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Junit,
}

/// What it all comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Conforms,
    Drift,
    Unchecked,
}

impl Verdict {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::Drift => "drift",
            Self::Unchecked => "unchecked",
        }
    }

    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Conforms => 0,
            Self::Drift => 1,
            Self::Unchecked => 2,
        })
    }
}

impl Report {
    /// What was found is a fact, also where something else could not be checked.
    pub(crate) fn verdict(&self) -> Verdict {
        let counts = |finding: &Finding| !self.allowed.contains(&finding.source.severity);
        if self.findings().any(counts) {
            Verdict::Drift
        } else if self.unchecked() > 0 || self.asked.is_empty() {
            Verdict::Unchecked
        } else {
            Verdict::Conforms
        }
    }

    pub(crate) fn written(&self, format: Format) -> String {
        match format {
            Format::Text => text::text(self),
            Format::Json => json::json(self),
            Format::Junit => junit::junit(self),
        }
    }

    /// The verdict and its reasons, in one line.
    pub(crate) fn summary(&self) -> String {
        let mut parts = Vec::new();
        for severity in Severity::ALL {
            let count =
                self.findings().filter(|finding| finding.source.severity == severity).count();
            let allowed = if self.allowed.contains(&severity) { " (allowed)" } else { "" };
            if count > 0 {
                parts.push(format!("{}{allowed}", counted(count, severity.name())));
            }
        }
        let total = self.asked.len();
        parts.push(format!("{} of {total} answers checked", total - self.unchecked()));
        let unseen = self.unseen();
        if unseen > 0 {
            parts.push(format!("{} not seen", counted(unseen, "part")));
        }
        format!("{}: {}", self.verdict().name(), parts.join(", "))
    }

    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checked().flat_map(|checked| &checked.findings)
    }

    pub(crate) fn unseen(&self) -> usize {
        self.checked().map(|checked| checked.unseen.len()).sum()
    }

    pub(crate) fn unchecked(&self) -> usize {
        self.asked.len() - self.checked().count()
    }

    fn checked(&self) -> impl Iterator<Item = &Checked> {
        self.asked.iter().filter_map(|asked| match &asked.outcome {
            Outcome::Checked(checked) => Some(checked),
            Outcome::Unchecked(_) => None,
        })
    }
}

impl Asked {
    /// What was asked, in words.
    pub(crate) fn title(&self) -> String {
        format!("GET {} with {}", self.path, self.with.name())
    }
}

impl Finding {
    /// How often and where first, and some of the values if they were asked for.
    pub(crate) fn extent(&self) -> Option<String> {
        let (count, of) = (self.hit.count, self.of);
        let mut extent = match self.hit.first.as_deref() {
            Some(place) if place.contains('[') => format!("{count} of {of}, first at {place}"),
            _ if count > 1 => format!("{count} times"),
            _ => String::new(),
        };
        if !self.hit.values.is_empty() {
            let colon = if extent.is_empty() { "" } else { ": " };
            let _ = write!(extent, "{colon}{}", self.hit.values.join(", "));
        }
        Some(extent).filter(|extent| !extent.is_empty())
    }
}

fn counted(count: usize, name: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {name}{plural}")
}
