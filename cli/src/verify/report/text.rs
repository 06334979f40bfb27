//! The report for a person.

use super::{Checked, Outcome, Probe, Report, counted};

pub(super) fn text(report: &Report) -> String {
    let mut lines = vec![format!("Partner API {} at {}", report.version, report.base_url)];
    for probe in &report.probes {
        lines.push(String::new());
        one(probe, &mut lines);
    }
    if !report.left_out.is_empty() {
        lines.push(String::new());
        for (operation, why) in &report.left_out {
            lines.push(format!("{operation}: not requested, because {why}"));
        }
    }
    lines.push(String::new());
    if !report.observed.is_empty() {
        lines.push(report.observed.line());
    }
    lines.push(report.summary());
    lines.push(String::new());
    lines.join("\n")
}

fn one(probe: &Probe, lines: &mut Vec<String>) {
    let status = probe.status.map(|status| format!(": {status}")).unwrap_or_default();
    let title = format!("{}{status}", probe.title());
    match &probe.outcome {
        Outcome::Unchecked(why) => {
            lines.push(title);
            lines.push(format!("  not checked  {why}"));
        }
        Outcome::Checked(checked) => {
            let clean = if checked.findings.is_empty() { ", as in the contract" } else { "" };
            lines.push(format!("{title}{clean}"));
            findings(checked, lines);
            for (path, below) in topmost(&checked.unseen) {
                let below = match below {
                    0 => String::new(),
                    count => format!(" and the {} below", counted(count, "part")),
                };
                lines.push(format!("  not seen     {path}{below}"));
            }
        }
    }
}

fn findings(checked: &Checked, lines: &mut Vec<String>) {
    for finding in &checked.findings {
        let severity = finding.source.severity.name();
        let path = match finding.path.as_str() {
            "" => String::new(),
            path => format!("{path}: "),
        };
        lines.push(format!("  {severity:11}  {path}{}", finding.message));
        for more in finding.extent().into_iter().chain(finding.source.reason()) {
            lines.push(format!("  {:11}  {more}", ""));
        }
    }
}

/// Paths that are below no other, each with how many are below it. They come parents first.
fn topmost(paths: &[String]) -> Vec<(&str, usize)> {
    let mut topmost: Vec<(&str, usize)> = Vec::new();
    for path in paths {
        match topmost.last_mut() {
            Some((above, count)) if is_below(path, above) => *count += 1,
            _ => topmost.push((path, 0)),
        }
    }
    topmost
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_another_is_counted_with_it() {
        let paths = ["data[]", "data[].id", "data[].a[]", "data[].a[].b", "database", "x"];
        let paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
        assert_eq!(topmost(&paths), [("data[]", 3), ("database", 0), ("x", 0)]);
    }
}
