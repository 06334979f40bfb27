//! The command line of the Partner API: which command runs, and how the program ends.

#![expect(clippy::doc_markdown, reason = "doc comments of options are their help, in plain text")]

mod cli;
mod logging;
mod mock;
mod output;
mod record;
mod remote;
mod verify;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::Parser as _;
use partner_api_mock::SEED_SCHEMA;

use cli::{Cli, Command};
use output::write_stdout;

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        print(io::stderr(), &format!("partner-api: {}\n", error_chain(&*error)));
        ExitCode::from(2)
    })
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            print(io::stderr(), &cli::usage_error(&error));
            return Ok(ExitCode::from(2));
        }
        // The help or the version.
        Err(shown) => {
            write_stdout(&shown.to_string())?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    match cli.command {
        Command::Mock(options) => return mock::run(*options),
        Command::Verify(options) => return verify::run(options),
        Command::Record(options) => return record::run(options),
        Command::Schema => write_stdout(SEED_SCHEMA)?,
        Command::Completions { shell } => write_stdout(&cli::completions(shell))?,
        Command::Man { command } => write_stdout(&cli::man_page(&command)?)?,
    }
    Ok(ExitCode::SUCCESS)
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

/// Writes to stderr, where nothing can be done about a failure.
pub(crate) fn print(mut to: impl io::Write, text: &str) {
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}
