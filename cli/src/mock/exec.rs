//! `partner-api mock exec`: a command with a separate mock.

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{ExitCode, ExitStatus};

use clap::{Args, ValueEnum};
use partner_api::{API_KEY_ENV, BASE_URL_ENV};
use partner_api_mock::{Control, Report};
use tokio::process::{Child, Command};

use super::connection::ConnectionOptions;
use super::ready::Ready;
use super::seed_options::SeedOptions;
use super::signals::{End, Ending};
use super::start;
use crate::logging::{Format, Log};
use crate::print;

const AFTER_HELP: &str = "\
Examples:
  partner-api mock exec -- pytest
  partner-api mock exec --seed seed.yaml --fault 'status=503 times=1' -- npm test
  partner-api mock exec --fail-on unknown-path,unused-stub --seed stubs.yaml -- pytest
  RUST_LOG=info partner-api mock exec -- sh -c 'curl $PARTNER_API_MOCK_CONTROL_URL/info'

Environment of the command:
  PARTNER_API_BASE_URL          The base URL of the mock
  PARTNER_API_KEY               A key that works
  PARTNER_API_MOCK_CONTROL_URL  The URL of the control API
  PARTNER_API_MOCK_CA_FILE      With --tls-ca-file: that file, as an absolute path

Exits with the exit code of the command (128 + N if signal N ended it), 126 if it cannot be
executed, 127 if it is not found, 2 if the mock failed. With --fail-on: 1 if the command exited with
0 and something of these kinds was found.";

/// Run a command with a separate mock, on a free port
///
/// The mock ends when the command ends. SIGINT and SIGTERM are forwarded to the command. Only
/// warnings are logged, unless RUST_LOG is set.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Options {
    #[command(flatten)]
    seed: SeedOptions,
    #[command(flatten)]
    connection: ConnectionOptions,
    /// When the command has ended, print what was found of these kinds to stderr, and exit with 1 if
    /// the command exited with 0 (repeatable, or separated by commas)
    #[arg(long, value_name = "KIND", value_delimiter = ',', help_heading = "Checks")]
    fail_on: Vec<FailOn>,
    /// How a log line is written
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Log")]
    log_format: Format,
    /// The command and its arguments
    #[arg(required = true, last = true, value_name = "CMD", help_heading = "Arguments")]
    command: Vec<OsString>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// A request to a path that neither the reference nor a stub has
    UnknownPath,
    /// A fault that was applied to no request
    UnmatchedRule,
    /// A stub that responded to no request
    UnusedStub,
}

pub(super) async fn run(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let mut ending = Ending::new(false)?;
    let _log = Log::start(options.log_format, "warn", false)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (connection, control) = (options.connection, Some(Control::new()));
    let mock = start(address, options.seed, false, &connection, control, &mut ending).await?;
    let ready = Ready::of(&mock, true);

    let mut command = options.command.into_iter();
    let program = command.next().unwrap_or_default();
    let mut child = match Command::new(&program)
        .args(command)
        .env(BASE_URL_ENV, ready.base_url)
        .env(API_KEY_ENV, ready.api_key)
        .env("PARTNER_API_MOCK_CONTROL_URL", ready.control_url.unwrap_or_default())
        .envs(connection.ca_file().map(|file| ("PARTNER_API_MOCK_CA_FILE", file)))
        .spawn()
    {
        Ok(child) => child,
        Err(error) => {
            let program = program.to_string_lossy().escape_debug().to_string();
            print(io::stderr(), &format!("partner-api: cannot run `{program}`: {error}\n"));
            let is_missing = error.kind() == io::ErrorKind::NotFound;
            return Ok(ExitCode::from(if is_missing { 127 } else { 126 }));
        }
    };
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            end = ending.next() => forward(end, &mut child),
        }
    };
    let report = selected(mock.report(), &options.fail_on);
    if report.is_clean() {
        return Ok(exit_code(status));
    }
    print(io::stderr(), &format!("partner-api: --fail-on found:\n{report}"));
    Ok(if status.success() { ExitCode::FAILURE } else { exit_code(status) })
}

/// The report without the kinds that were not asked for.
fn selected(mut report: Report, kinds: &[FailOn]) -> Report {
    if !kinds.contains(&FailOn::UnknownPath) {
        report.unknown_paths.clear();
    }
    if !kinds.contains(&FailOn::UnmatchedRule) {
        report.unused_rules.clear();
        report.more_unused_rules = 0;
    }
    if !kinds.contains(&FailOn::UnusedStub) {
        report.unused_stubs.clear();
    }
    report
}

#[cfg(unix)]
fn forward(end: End, child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::IsTerminal as _;

    // A terminal also sends Ctrl-C to the command, and many tools end immediately after a second
    // one.
    let signal = match end {
        End::Interrupt if io::stdin().is_terminal() => return,
        End::Interrupt => Signal::INT,
        End::Terminate | End::Stdin => Signal::TERM,
    };
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(id) = id.and_then(Pid::from_raw) {
        // The command may have ended meanwhile.
        let _ = kill_process(id, signal);
    }
}

/// On Windows, Ctrl-C goes to all programs of a console.
#[cfg(not(unix))]
fn forward(_: End, _: &mut Child) {}

fn exit_code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = signal.map(|signal| 128 + signal).or(status.code());
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(2))
}
