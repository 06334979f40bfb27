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
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::{Arg, Parser};
use partner_api_mock::contract_json;

use crate::remote::{self, Credentials, Options, Redactor};
use crate::{output, print};
use contract::Contract;
use findings::{Finding, Findings, Kind};
use report::{Format, Report};
use severity::Severity;

const ABOUT: &str = "\
Checks a live service against the contract of the Partner API, with the key that PARTNER_API_KEY
holds. It makes each documented call three times: with the key, without one, and with a made-up one.
It sends GET requests only.

Usage: partner-api verify [--base-url URL] [options]

";

const OPTIONS: &str = "  --format FORMAT    text, json or junit [default: text]
  --output FILE      write the report to a file that only you can read [default: stdout]
  --allow SEVERITY   report `assumptions` or `additions` without failing (repeatable)
  --show-values      show some of the values that are wrong: your clients' data. Without it there
                     are places, types and counts only
  -h, --help         print this

A finding is a `violation` where the service differs from its reference, an `assumption` where it
differs only from what the contract assumes, and an `addition` where it has more.

Exit codes: 0 conforms, 1 anything was found that is not allowed, 2 could not be checked (a wrong
option, no key, a rejected one, no connection, a redirect, a proxy's page, 429, 5xx) or not reported.
";

pub(crate) fn run(arguments: Parser) -> Result<ExitCode, Box<dyn Error>> {
    let command =
        Command::read(arguments).map_err(|error| format!("{error}; see verify --help"))?;
    let Some(command) = command else {
        print(io::stdout(), &format!("{ABOUT}{}{OPTIONS}", remote::HELP));
        return Ok(ExitCode::SUCCESS);
    };
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

struct Command {
    remote: Options,
    format: Format,
    output: Option<PathBuf>,
    allowed: Vec<Severity>,
    show_values: bool,
}

impl Command {
    /// None if only the help is wanted.
    fn read(mut arguments: Parser) -> Result<Option<Self>, Box<dyn Error>> {
        let mut command = Self {
            remote: Options::default(),
            format: Format::Text,
            output: None,
            allowed: Vec::new(),
            show_values: false,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("base-url") => command.remote.base_url = Some(arguments.value()?),
                Arg::Long("no-prefix") => command.remote.no_prefix = true,
                Arg::Long("timeout") => {
                    command.remote.timeout = Some(remote::time(&arguments.value()?)?);
                }
                Arg::Long("format") => command.format = format(&arguments.value()?)?,
                Arg::Long("output") => command.output = Some(arguments.value()?.into()),
                Arg::Long("allow") => command.allowed.push(allowed(&arguments.value()?)?),
                Arg::Long("show-values") => command.show_values = true,
                Arg::Short('h') | Arg::Long("help") => return Ok(None),
                _ => return Err(argument.unexpected().into()),
            }
        }
        Ok(Some(command))
    }
}

fn format(value: &OsString) -> Result<Format, String> {
    match value.to_str() {
        Some("text") => Ok(Format::Text),
        Some("json") => Ok(Format::Json),
        Some("junit") => Ok(Format::Junit),
        _ => Err(unknown("--format", value, "text, json or junit")),
    }
}

fn allowed(value: &OsString) -> Result<Severity, String> {
    match value.to_str() {
        Some("assumptions") => Ok(Severity::Assumption),
        Some("additions") => Ok(Severity::Addition),
        _ => Err(unknown("--allow", value, "assumptions or additions")),
    }
}

fn unknown(option: &str, value: &OsString, expected: &str) -> String {
    format!("{option} `{}`: expected {expected}", value.to_string_lossy().escape_debug())
}
