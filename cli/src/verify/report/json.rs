//! The report for a program. Fields may be added later.

use serde_json::{Value, json};

use super::{Outcome, Probe, Report};

pub(super) fn json(report: &Report) -> String {
    let left_out = report.left_out.iter();
    let left_out = left_out.map(|(id, why)| json!({ "operation": id, "reason": why }));
    let body = json!({
        "result": report.verdict().name(),
        "summary": report.summary(),
        "baseUrl": report.base_url,
        "contract": report.version,
        "allowed": report.allowed,
        "responses": report.probes.iter().map(response).collect::<Vec<_>>(),
        "leftOut": left_out.collect::<Vec<_>>(),
        "observed": report.observed,
    });
    format!("{body:#}\n")
}

fn response(probe: &Probe) -> Value {
    let (reason, findings, not_seen) = match &probe.outcome {
        Outcome::Unchecked(why) => (Some(why), &[][..], &[][..]),
        Outcome::Checked(checked) => (None, &checked.findings[..], &checked.unseen[..]),
    };
    json!({
        "operation": probe.operation,
        "method": "GET",
        "path": probe.path,
        "with": probe.credentials.name(),
        "status": probe.status,
        "checked": reason.is_none(),
        // Why it could not be checked.
        "reason": reason,
        "findings": findings,
        "notSeen": not_seen,
    })
}
