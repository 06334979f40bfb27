//! `partner-api record`: a seed file from a live account.

mod anonymize;
mod decode;
mod output;
mod phone_code;
mod seed_file;

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use partner_api_mock::Seed;

use crate::remote::{Key, Options, Service};
use crate::{print, print_stdout};
use anonymize::Anonymizer;
use decode::Notes;

const AFTER_HELP: &str = "\
The same value is replaced by the same one throughout a file. No key of the account is written; the
partner's key is made up. Fields that a seed cannot hold are reported on stderr, counted by place.

Examples:
  PARTNER_API_KEY=... partner-api record --base-url https://app.example.com --output seed.json
  partner-api mock --seed seed.json

Environment:
  PARTNER_API_KEY       The API key
  PARTNER_API_BASE_URL  The base URL, as --base-url

Exit codes: 0 written, 2 not written; one line on stderr says why.";

pub(crate) fn run(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    // Before anything is asked.
    if let Some(file) = command.output.as_deref().filter(|_| !command.force) {
        output::is_free(file)?;
    }
    let (service, key) = command.remote.service()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let companies = runtime.block_on(body(&service, "/companies", &key))?;
    let wallet = runtime.block_on(body(&service, "/wallet", &key))?;

    let mut notes = Notes::default();
    let mut companies = decode::companies(&companies, &mut notes)
        .map_err(|error| format!("GET /companies: {error}"))?;
    let mut wallet =
        decode::wallet(&wallet, &mut notes).map_err(|error| format!("GET /wallet: {error}"))?;
    if !command.keep_real_values {
        Anonymizer::default().replace(&mut companies, &mut wallet);
    }
    let text = seed_file::written(&companies, &wallet)?;
    // The file is to start a mock, so it is tried.
    Seed::from_json(&text).map_err(|error| format!("the seed would not be read: {error}"))?;
    match &command.output {
        None => print_stdout(&text)?,
        Some(file) => output::save(file, text.as_bytes(), command.force)?,
    }
    print(io::stderr(), &told(&companies, &notes));
    Ok(ExitCode::SUCCESS)
}

/// Write a seed file with the data of a live account, anonymized
///
/// Sends GET requests only, with the key in PARTNER_API_KEY. Whatever identifies your clients is
/// replaced by made-up values: ids, names, phone numbers, times, balance and price.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Command {
    #[command(flatten)]
    remote: Options,
    /// Write the seed to a file, readable by you only [default: stdout]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output file if it exists
    #[arg(long)]
    force: bool,
    /// Replace no values: the file then holds your clients' data
    #[arg(long)]
    keep_real_values: bool,
}

/// The body of a call that was answered as it should.
async fn body(service: &Service, path: &str, key: &Key) -> Result<String, String> {
    let answer = service.get(path, Some(key)).await;
    let answer = answer.map_err(|error| format!("GET {path}: {error}"))?;
    let problem = match answer.status {
        200 if answer.is_html() => "a page of HTML, as from a proxy or a login in front".to_owned(),
        200 => {
            let text = String::from_utf8(answer.body);
            return text.map_err(|_| format!("GET {path}: the body is not UTF-8"));
        }
        401 => format!("the key was refused{}", answer.code()),
        _ => answer.elsewhere().unwrap_or_else(|| format!("status {}", answer.status)),
    };
    Err(format!("GET {path}: {problem}"))
}

/// What was written, and what could not be.
fn told(companies: &[decode::Company], notes: &Notes) -> String {
    let connections: usize = companies.iter().map(|company| company.connections.len()).sum();
    let mut told = format!(
        "partner-api: recorded companies: {}, with connections: {connections}\n",
        companies.len()
    );
    if !notes.is_empty() {
        told.push_str("partner-api: a seed cannot hold everything that came:\n");
        told.push_str(&notes.lines());
    }
    told
}
