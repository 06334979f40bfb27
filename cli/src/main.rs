//! The command line of the Partner API: which command it is, and how it ends.

mod logging;
mod mock;
mod output;
mod record;
mod remote;
mod verify;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use lexopt::{Arg, Parser};
use partner_api_mock::SEED_SCHEMA;

const HELP: &str = "\
Tools for the Partner API: a mock server of it, and checks of a live service.

Usage: partner-api COMMAND [OPTION]...

  mock                 serve a mock of the API, for tests in any language
  verify               check a live service against the contract
  record               write a seed file with the data of a live account
  schema               print the JSON Schema of a seed file, for editors

  -h, --help           print this; each command has its own --help
  -V, --version        print the version
";

const NO_COMMAND: &str = "expected a command: mock, verify, record or schema; see --help";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            print(io::stderr(), &format!("partner-api: {}\n", error_chain(&*error)));
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = Parser::from_env();
    match arguments.next()? {
        Some(Arg::Value(command)) => match command.to_str() {
            Some("mock") => mock::run(arguments)?,
            Some("record") => return record::run(arguments),
            Some("verify") => return verify::run(arguments),
            Some("schema") => schema(arguments)?,
            _ => {
                let command = command.to_string_lossy();
                return Err(format!("`{}`: {NO_COMMAND}", command.escape_debug()).into());
            }
        },
        Some(Arg::Short('h') | Arg::Long("help")) => print(io::stdout(), HELP),
        Some(Arg::Short('V') | Arg::Long("version")) => {
            print(io::stdout(), concat!("partner-api ", env!("CARGO_PKG_VERSION"), "\n"));
        }
        Some(argument) => return Err(format!("{}; see --help", argument.unexpected()).into()),
        None => return Err(NO_COMMAND.into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// `partner-api schema`: the JSON Schema of a seed file.
fn schema(mut arguments: Parser) -> Result<(), Box<dyn Error>> {
    if let Some(argument) = arguments.next()? {
        return Err(format!("{}; see --help", argument.unexpected()).into());
    }
    print(io::stdout(), SEED_SCHEMA);
    Ok(())
}

/// An error and its causes, in one line.
pub(crate) fn error_chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

/// Nothing is wrong with a mock that nobody listens to, so a closed pipe is no error.
pub(crate) fn print(mut to: impl io::Write, text: &str) {
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}
