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

use lexopt::{Arg, Parser};
use partner_api_mock::Seed;

use crate::print;
use crate::remote::{self, Key, Options, Service};
use anonymize::Anonymizer;
use decode::Notes;

const ABOUT: &str = "\
Writes a seed file with the data of a live account, by GET and nothing else, with the key that
PARTNER_API_KEY holds. What tells who your clients are is replaced by made-up values: ids, names,
phone numbers, times, balance and price.

Usage: partner-api record [--base-url URL] [options]

";

const OPTIONS: &str =
    "  --output FILE      where the seed goes, readable by you only [default: stdout]
  --force            write the file although there is one
  --keep-real-values replace nothing: the file then holds your clients' data
  -h, --help         print this

The same value is replaced by the same one throughout a file. No key of the account is written; the
partner's key is made up. What a seed cannot hold is told on stderr, counted by place.

Exit codes: 0 written, 2 not; then one line on stderr says why.
";

pub(crate) fn run(arguments: Parser) -> Result<ExitCode, Box<dyn Error>> {
    let command =
        Command::read(arguments).map_err(|error| format!("{error}; see record --help"))?;
    let Some(command) = command else {
        print(io::stdout(), &format!("{ABOUT}{}{OPTIONS}", remote::HELP));
        return Ok(ExitCode::SUCCESS);
    };
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
        None => print(io::stdout(), &text),
        Some(file) => output::save(file, text.as_bytes(), command.force)?,
    }
    print(io::stderr(), &told(&companies, &notes));
    Ok(ExitCode::SUCCESS)
}

struct Command {
    remote: Options,
    output: Option<PathBuf>,
    force: bool,
    keep_real_values: bool,
}

impl Command {
    /// None if only the help is wanted.
    fn read(mut arguments: Parser) -> Result<Option<Self>, Box<dyn Error>> {
        let mut command = Self {
            remote: Options::default(),
            output: None,
            force: false,
            keep_real_values: false,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("base-url") => command.remote.base_url = Some(arguments.value()?),
                Arg::Long("timeout") => {
                    command.remote.timeout = Some(remote::time(&arguments.value()?)?);
                }
                Arg::Long("output") => command.output = Some(arguments.value()?.into()),
                Arg::Long("force") => command.force = true,
                Arg::Long("keep-real-values") => command.keep_real_values = true,
                Arg::Short('h') | Arg::Long("help") => return Ok(None),
                _ => return Err(argument.unexpected().into()),
            }
        }
        Ok(Some(command))
    }
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
