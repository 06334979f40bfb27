//! The result: each response with its findings, and the verdict.

mod json;
mod junit;
mod text;

use std::fmt::Write as _;
use std::process::ExitCode;

use super::findings::Finding;
use super::observed::Observed;
use super::severity::Severity;
use crate::remote::Credentials;

/// Every request, and its result.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) base_url: String,
    /// That of the contract.
    pub(crate) version: String,
    pub(crate) probes: Vec<Probe>,
    pub(crate) observed: Observed,
    pub(crate) left_out: Vec<(String, &'static str)>,
    /// What is reported without failing.
    pub(crate) allowed: Vec<Severity>,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) operation: String,
    pub(crate) path: String,
    pub(crate) credentials: Credentials,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    /// There was no response of the service, and why.
    Unchecked(String),
    Checked(Checked),
}

/// A response that was checked against the contract.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) findings: Vec<Finding>,
    /// The parts of the body that could be checked.
    pub(crate) seen: Vec<String>,
    /// Those for which the body had nothing, such as the companies of an empty list.
    pub(crate) unseen: Vec<String>,
    /// The contract does not have the status here.
    pub(crate) is_foreign: bool,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Junit,
}

/// The result of all checks.
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
    /// Findings count even if something else could not be checked.
    pub(crate) fn verdict(&self) -> Verdict {
        let counts = |finding: &Finding| !self.allowed.contains(&finding.source.severity);
        if self.findings().any(counts) {
            Verdict::Drift
        } else if self.unchecked() > 0 || self.probes.is_empty() {
            Verdict::Unchecked
        } else {
            Verdict::Conforms
        }
    }

    pub(crate) fn render(&self, format: Format) -> String {
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
        let total = self.probes.len();
        parts.push(format!("{} of {total} responses checked", total - self.unchecked()));
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
        self.probes.len() - self.checked().count()
    }

    fn checked(&self) -> impl Iterator<Item = &Checked> {
        self.probes.iter().filter_map(|probe| match &probe.outcome {
            Outcome::Checked(checked) => Some(checked),
            Outcome::Unchecked(_) => None,
        })
    }
}

impl Probe {
    /// The request, for a person.
    pub(crate) fn title(&self) -> String {
        format!("GET {} with {}", self.path, self.credentials.name())
    }
}

impl Finding {
    /// How often and where first, and some of the values if they are to be shown.
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
