//! The report for a build server: a suite for each response, a case for each part of the contract.

use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, Report as JUnit, TestCase, TestCaseStatus, TestSuite};

use super::{Checked, Outcome, Probe, Report};
use crate::verify::findings::Finding;

pub(super) fn junit(report: &Report) -> String {
    let mut junit = JUnit::new("partner-api verify");
    junit.add_test_suites(report.probes.iter().map(|probe| suite(probe, report)));
    // Written to memory: nothing can fail.
    junit.to_string().unwrap_or_default()
}

fn suite(probe: &Probe, report: &Report) -> TestSuite {
    let mut suite = TestSuite::new(probe.title());
    let mut add = |name: &str, status: TestCaseStatus, output: &[String]| {
        let mut case = TestCase::new(name, status);
        case.set_classname(probe.operation.as_str());
        if !output.is_empty() {
            case.set_system_out(output.join("\n"));
        }
        suite.add_test_case(case);
    };
    match &probe.outcome {
        Outcome::Unchecked(why) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(why.as_str());
            add("response", status, &[]);
        }
        Outcome::Checked(checked) => {
            for name in names(checked) {
                let here = checked.findings.iter().filter(|one| case_of(one) == name);
                let (allowed, failed): (Vec<_>, Vec<_>) =
                    here.partition(|one| report.allowed.contains(&one.source.severity));
                let status = match failed.first() {
                    None => TestCaseStatus::success(),
                    Some(first) => {
                        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                        status.set_type(first.kind.name());
                        let messages: Vec<_> = failed.iter().map(|one| describe(one)).collect();
                        status.set_message(messages.join("; "));
                        status
                    }
                };
                let allowed: Vec<_> = allowed.iter().map(|one| describe(one)).collect();
                add(name, status, &allowed);
            }
            for path in &checked.unseen {
                let mut status = TestCaseStatus::skipped();
                status.set_message("not seen: the response had nothing to check here");
                add(path, status, &[]);
            }
        }
    }
    suite
}

/// The test cases: the response as a whole, its parts, and other findings.
fn names(checked: &Checked) -> Vec<&str> {
    let mut names = vec!["response"];
    let parts = checked.seen.iter().map(String::as_str).filter(|path| !path.is_empty());
    for name in parts.chain(checked.findings.iter().map(case_of)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn case_of(finding: &Finding) -> &str {
    if finding.path.is_empty() { "response" } else { &finding.path }
}

fn describe(finding: &Finding) -> String {
    let mut text = format!("{}: {}", finding.source.severity.name(), finding.message);
    if let Some(extent) = finding.extent() {
        let _ = write!(text, " ({extent})");
    }
    if let Some(reason) = finding.source.reason() {
        let _ = write!(text, "; {reason}");
    }
    text
}
