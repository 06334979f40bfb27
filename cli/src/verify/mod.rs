//! `partner-api verify`: a live service against the contract.

mod body;
mod check;
mod contract;
mod findings;
mod observed;
mod probe;
mod report;
mod schema;
mod severity;

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use partner_api_mock::contract_json;

use crate::remote::{Credentials, Options, Redactor};
use crate::{output, print};
use contract::Contract;
use findings::{Finding, Findings, Kind};
use report::{Format, Report};
use severity::Severity;

const AFTER_HELP: &str = "\
A finding is a `violation` where the service differs from its reference, an `assumption` where it
differs only from what the contract assumes, and an `addition` where it has more.

Examples:
  PARTNER_API_KEY=... partner-api verify --base-url https://app.example.com
  partner-api verify --format junit --output report.xml --allow additions

Environment:
  PARTNER_API_KEY       The API key
  PARTNER_API_BASE_URL  The base URL, as --base-url

Exit codes: 0 the service conforms, 1 a finding that is not allowed, 2 not checked (wrong use, no
key, a rejected key, no connection, a redirect, a proxy's page, 429, 5xx) or not written.";

pub(crate) fn run(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    // Before anything is sent.
    if let Some(file) = &command.output {
        output::check(file, true)?;
    }
    let service = command.remote.service()?;
    let contract = Contract::read(&serde_json::from_str(contract_json())?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let run = probe::run(&service, &contract, command.show_values);
    let (probes, observed) = runtime.block_on(run);
    let report = Report {
        base_url: service.base_url().to_owned(),
        version: contract.version,
        probes,
        observed,
        left_out: contract.left_out,
        allowed: command.allowed,
    };
    // A body may spell the key with escapes, so it is looked for once more in what they mean.
    let text = service.redactor.redact(&report.render(command.format)).into_owned();
    match command.output {
        None => output::write_stdout(&text)?,
        Some(file) => {
            output::save(&file, &text, true)?;
            print(io::stderr(), &format!("partner-api: {}\n", report.summary()));
        }
    }
    Ok(report.verdict().exit_code())
}

/// What a seed file cannot hold of a successful response: its differences from the contract, one
/// line each, without values.
pub(crate) fn differences(
    path: &str,
    body: &str,
    redactor: &Redactor,
) -> Result<Vec<String>, Box<dyn Error>> {
    let contract = Contract::read(&serde_json::from_str(contract_json())?)?;
    let exchange = contract
        .exchanges
        .iter()
        .find(|one| one.path == path && one.credentials == Credentials::Key)
        .ok_or("the contract does not have the path")?;
    let mut findings = Findings::new(exchange.body.parts, false, redactor.clone());
    check::check(&exchange.body, &mut findings, body)
        .map_err(|error| format!("GET {path}: the body is not JSON: {error}"))?;
    let findings = findings.findings(&exchange.body.root);
    // A seed file can hold unknown values.
    let findings = findings.iter().filter(|one| one.kind != Kind::UnknownValue);
    let line = |one: &Finding| format!("{}: {} ({})", one.path, one.message, one.hit.count);
    Ok(findings.map(line).collect())
}

/// Check a live service against the contract of the Partner API
///
/// Sends GET requests only: for each documented operation one with the key in PARTNER_API_KEY, one
/// without a key, and one with an unknown key.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Command {
    #[command(flatten)]
    remote: Options,
    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write the report to a file that only you can read [default: stdout]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Report `assumptions` or `additions` without failing (repeatable)
    #[arg(long = "allow", value_name = "SEVERITY")]
    #[arg(value_parser = PossibleValuesParser::new(ALLOWABLE).map(|name| severity(&name)))]
    allowed: Vec<Severity>,
    /// Show some of the values that are wrong, which are your clients' data; without it, the report
    /// has places, types and counts only
    #[arg(long)]
    show_values: bool,
}

const ALLOWABLE: [&str; 2] = ["assumptions", "additions"];

fn severity(allowed: &str) -> Severity {
    if allowed == "assumptions" { Severity::Assumption } else { Severity::Addition }
}
