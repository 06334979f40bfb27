//! The command line of the mock: which command it is, and how it ends.

// The library's own file, so that texts of others are shown in one way by both.
#[path = "../../escape.rs"]
mod escape;
mod live;
mod log;
mod record;
mod seeding;
mod serve;
mod shown;
mod signals;
mod verify;
mod watch;

use std::error::Error;
use std::ffi::OsStr;
use std::io;
use std::process::ExitCode;

use lexopt::Parser;
use partner_api_mock::SEED_SCHEMA;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            say(io::stderr(), &format!("partner-api-mock: {}\n", whole(&*error)));
            ExitCode::from(2)
        }
    }
}

/// The first argument may name a command. Without one, it is the mock that is served.
fn run() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = Parser::from_env();
    let first = arguments.raw_args()?.peek().and_then(OsStr::to_str).map(str::to_owned);
    match first.as_deref() {
        Some("serve") => serve::run(rest(arguments)?)?,
        Some("record") => return record::run(rest(arguments)?),
        Some("verify") => return verify::run(rest(arguments)?),
        Some("schema") => schema(rest(arguments)?)?,
        _ => serve::run(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What follows the name of the command.
fn rest(mut arguments: Parser) -> Result<Parser, lexopt::Error> {
    arguments.next()?;
    Ok(arguments)
}

/// `partner-api-mock schema`: the JSON Schema of a seed file.
fn schema(mut arguments: Parser) -> Result<(), Box<dyn Error>> {
    if let Some(argument) = arguments.next()? {
        return Err(format!("{}; see --help", argument.unexpected()).into());
    }
    say(io::stdout(), SEED_SCHEMA);
    Ok(())
}

/// An error and its causes, in one line.
pub(crate) fn whole(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

/// Nothing is wrong with a mock that nobody listens to, so a closed pipe is no error.
pub(crate) fn say(mut to: impl io::Write, text: &str) {
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}
