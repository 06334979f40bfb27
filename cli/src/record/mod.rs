//! `partner-api record`: a seed file from a live account.

mod anonymize;
mod seed_file;

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use partner_api_mock::Seed;
use serde::de::DeserializeOwned;

use crate::remote::{Credentials, Options, Service};
use crate::verify::differences;
use crate::{output, print};
use anonymize::Anonymizer;
use seed_file::{Companies, Company, Wallet};

const AFTER_HELP: &str = "\
The same value has the same placeholder throughout a file. The file holds no key of the account.
Fields that a seed cannot hold are listed on stderr, counted by place.

Examples:
  PARTNER_API_KEY=... partner-api record --base-url https://app.example.com --output seed.json
  partner-api mock --seed seed.json

Environment:
  PARTNER_API_KEY       The API key
  PARTNER_API_BASE_URL  The base URL, as --base-url

Exit codes: 0 written, 2 not written; one line on stderr says why.";

pub(crate) fn run(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    // Before anything is sent.
    if let Some(file) = &command.output {
        output::check(file, command.force)?;
    }
    let service = command.remote.service()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let companies = runtime.block_on(body(&service, "/companies"))?;
    let wallet = runtime.block_on(body(&service, "/wallet"))?;
    let mut found = differences("/companies", &companies, &service.redactor)?;
    found.extend(differences("/wallet", &wallet, &service.redactor)?);
    let mut companies = parse::<Companies>("/companies", &companies)?.data;
    let mut wallet: Wallet = parse("/wallet", &wallet)?;
    if !command.keep_real_values {
        Anonymizer::default().replace(&mut companies, &mut wallet);
    }
    // A body may spell the key with escapes, so it is looked for once more in what they mean.
    let text = service.redactor.redact(&seed_file::render(&companies, &wallet)?).into_owned();
    // The file is to start a mock, so it is tried.
    Seed::from_json(&text).map_err(|error| format!("the mock would reject the seed: {error}"))?;
    match &command.output {
        Some(file) => output::save(file, &text, command.force)?,
        None => output::write_stdout(&text)?,
    }
    let summary = service.redactor.redact(&summary(&companies, &found)).into_owned();
    print(io::stderr(), &summary);
    Ok(ExitCode::SUCCESS)
}

/// Write a seed file with the data of a live account, anonymized
///
/// Sends GET requests only, with the key in PARTNER_API_KEY. Whatever identifies your clients is
/// replaced by placeholders: ids, names, phone numbers, times, balance and price.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Command {
    #[command(flatten)]
    remote: Options,
    /// Write the seed to a file that only you can read [default: stdout]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output file if it exists
    #[arg(long)]
    force: bool,
    /// Replace no values: the file then holds your clients' data
    #[arg(long)]
    keep_real_values: bool,
}

/// The body of a successful call.
async fn body(service: &Service, path: &str) -> Result<String, String> {
    let response = service.get(path, Credentials::Key).await;
    let response = response.map_err(|error| format!("GET {path}: {error}"))?;
    if response.status != 200 {
        return Err(format!("GET {path}: {}", response.problem(&service.redactor)));
    }
    let problem = if response.is_html() {
        "an HTML page, as of a proxy or a login in front of the service"
    } else if response.coding().is_some() {
        "the body is compressed, which was not requested"
    } else {
        match String::from_utf8(response.body) {
            Ok(text) => return Ok(text),
            Err(_) => "the body is not UTF-8",
        }
    };
    Err(format!("GET {path}: {problem}"))
}

/// The error contains nothing of the body.
fn parse<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, String> {
    let value = text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok());
    value
        .flatten()
        .ok_or_else(|| format!("GET {path}: the body does not have the documented structure"))
}

/// Says what was written, and which differences were left out.
fn summary(companies: &[Company], differences: &[String]) -> String {
    let connections: usize = companies.iter().map(|company| company.connections.len()).sum();
    let mut summary = format!(
        "partner-api: recorded companies: {}, with connections: {connections}\n",
        companies.len()
    );
    if !differences.is_empty() {
        summary.push_str(
            "partner-api: the responses differ from the contract; a mock serves its default for \
             what is missing, null or of another type:\n",
        );
        for difference in differences {
            summary.extend(["  ", difference, "\n"]);
        }
    }
    summary
}
