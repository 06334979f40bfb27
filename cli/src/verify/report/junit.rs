//! The report for a build server: a suite an answer, a case a part of the contract.

use std::fmt::Write as _;

use super::{Asked, Checked, Outcome, Report};
use crate::verify::findings::Finding;

#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

pub(super) fn junit(report: &Report) -> String {
    let mut suites = String::new();
    let mut all = Counts::default();
    for asked in &report.asked {
        let (counts, cases) = suite(asked, report);
        let name = attribute(&asked.title());
        let _ = writeln!(suites, "  <testsuite name=\"{name}\" {}>", counts.attributes());
        let _ = writeln!(suites, "{cases}  </testsuite>");
        all.tests += counts.tests;
        all.failures += counts.failures;
        all.errors += counts.errors;
        all.skipped += counts.skipped;
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"partner-api verify\" {}>\n{suites}</testsuites>\n",
        all.attributes()
    )
}

impl Counts {
    fn attributes(&self) -> String {
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
            self.tests, self.failures, self.errors, self.skipped
        )
    }
}

fn suite(asked: &Asked, report: &Report) -> (Counts, String) {
    let (mut counts, mut cases) = (Counts::default(), String::new());
    let class = attribute(&asked.operation);
    let mut case = |name: &str, inner: &str| {
        let name = attribute(name);
        let _ = match inner {
            "" => writeln!(cases, "    <testcase classname=\"{class}\" name=\"{name}\"/>"),
            _ => writeln!(
                cases,
                "    <testcase classname=\"{class}\" name=\"{name}\">{inner}</testcase>"
            ),
        };
        counts.tests += 1;
    };
    match &asked.outcome {
        Outcome::Unchecked(why) => {
            case("answer", &format!("<error message=\"{}\"/>", attribute(why)));
            counts.errors = 1;
        }
        Outcome::Checked(checked) => {
            let (mut failures, mut skipped) = (0, 0);
            for name in names(checked) {
                let (mut inner, mut failed) = (String::new(), 0);
                for finding in checked.findings.iter().filter(|one| case_of(one) == name) {
                    let told = told(finding);
                    if report.allowed.contains(&finding.source.severity) {
                        let _ = write!(inner, "<system-out>{}</system-out>", attribute(&told));
                    } else {
                        failed = 1;
                        let _ = write!(
                            inner,
                            "<failure type=\"{}\" message=\"{}\"/>",
                            finding.kind.name(),
                            attribute(&told)
                        );
                    }
                }
                failures += failed;
                case(name, &inner);
            }
            for path in &checked.unseen {
                case(path, "<skipped message=\"not seen: nothing was there to judge\"/>");
                skipped += 1;
            }
            (counts.failures, counts.skipped) = (failures, skipped);
        }
    }
    (counts, cases)
}

/// What there is a case for: the answer as a whole, its parts, and what else was found.
fn names(checked: &Checked) -> Vec<&str> {
    let mut names = vec!["answer"];
    let parts = checked.seen.iter().map(String::as_str).filter(|path| !path.is_empty());
    for name in parts.chain(checked.findings.iter().map(case_of)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn case_of(finding: &Finding) -> &str {
    if finding.path.is_empty() { "answer" } else { &finding.path }
}

fn told(finding: &Finding) -> String {
    let mut told = format!("{}: {}", finding.source.severity.name(), finding.message);
    if let Some(extent) = finding.extent() {
        let _ = write!(told, " ({extent})");
    }
    if let Some(reason) = &finding.source.reason {
        let _ = write!(told, "; assumed so far: {reason}");
    }
    told
}

/// A text between quotes. Controls are gone already.
fn attribute(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            _ => escaped.push(char),
        }
    }
    escaped
}
