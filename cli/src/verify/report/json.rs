//! The report for a program. Fields may be added later.

use serde::Serialize;

use super::{Outcome, Probe, Report};
use crate::verify::findings::{Finding, Kind};
use crate::verify::observed::Observed;
use crate::verify::severity::Severity;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportBody<'a> {
    result: &'static str,
    summary: String,
    base_url: &'a str,
    contract: &'a str,
    allowed: &'a [Severity],
    responses: Vec<ResponseBody<'a>>,
    left_out: Vec<LeftOutBody<'a>>,
    observed: &'a Observed,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseBody<'a> {
    operation: &'a str,
    method: &'static str,
    path: &'a str,
    with: &'static str,
    status: Option<u16>,
    checked: bool,
    /// Why it could not be checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    findings: Vec<FindingBody<'a>>,
    not_seen: &'a [String],
}

#[derive(Serialize)]
struct FindingBody<'a> {
    severity: Severity,
    kind: Kind,
    path: &'a str,
    message: &'a str,
    count: u64,
    of: u64,
    first: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assumed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    documented: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    values: &'a [String],
}

#[derive(Serialize)]
struct LeftOutBody<'a> {
    operation: &'a str,
    reason: &'a str,
}

pub(super) fn json(report: &Report) -> String {
    let left_out = report.left_out.iter();
    let body = ReportBody {
        result: report.verdict().name(),
        summary: report.summary(),
        base_url: &report.base_url,
        contract: &report.version,
        allowed: &report.allowed,
        responses: report.probes.iter().map(response).collect(),
        left_out: left_out.map(|(operation, reason)| LeftOutBody { operation, reason }).collect(),
        observed: &report.observed,
    };
    // Texts and numbers only: nothing can fail.
    let mut text = serde_json::to_string_pretty(&body).unwrap_or_default();
    text.push('\n');
    text
}

fn response(probe: &Probe) -> ResponseBody<'_> {
    let mut body = ResponseBody {
        operation: &probe.operation,
        method: "GET",
        path: &probe.path,
        with: probe.credentials.name(),
        status: probe.status,
        checked: false,
        reason: None,
        findings: Vec::new(),
        not_seen: &[],
    };
    match &probe.outcome {
        Outcome::Unchecked(why) => body.reason = Some(why),
        Outcome::Checked(checked) => {
            body.checked = true;
            body.findings = checked.findings.iter().map(finding).collect();
            body.not_seen = &checked.unseen;
        }
    }
    body
}

fn finding(finding: &Finding) -> FindingBody<'_> {
    FindingBody {
        severity: finding.source.severity,
        kind: finding.kind,
        path: &finding.path,
        message: &finding.message,
        count: finding.hit.count,
        of: finding.of,
        first: finding.hit.first.as_deref(),
        assumed: finding.source.assumed.as_deref(),
        documented: finding.source.documented.as_deref(),
        values: &finding.hit.values,
    }
}
