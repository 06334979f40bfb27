//! `partner-api mock`: serves the mock, runs a command with one, asks one whether it is ready.

mod connection;
mod exec;
mod health;
mod ready;
mod reload;
mod seed_options;
mod serve;
mod signals;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use partner_api_mock::{Control, MockServer, StartError};

use connection::ConnectionOptions;
use reload::SeedReload;
use seed_options::SeedOptions;
use signals::{End, Ending};

/// An environment variable and not an option, since other users can read the arguments of a process.
const TOKEN_ENV: &str = "PARTNER_API_MOCK_TOKEN";

const AFTER_HELP: &str = "\
Examples:
  partner-api mock --listen 127.0.0.1:0 --seed seed.yaml --watch
  partner-api mock --companies 5000 --fault 'status=503 times=2 operation=wallet'
  partner-api mock --listen 127.0.0.1:0 --ready-file mock.json --exit-with-stdin
  partner-api mock --tls --tls-ca-file mock-ca.pem

Environment:
  PARTNER_API_MOCK_TOKEN  The token of the control API; required to listen beyond loopback
  PARTNER_API_MOCK_KEY    The API key, as --key
  RUST_LOG                What is logged, such as `info,partner_api_mock::request=off`";

/// Serve a mock of the Partner API until Ctrl-C or SIGTERM
///
/// It finishes the requests in progress, for up to 10 seconds; a second signal ends it immediately.
/// Each request is a line in the log on stderr.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(crate) struct MockOptions {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::ServeOptions,
}

#[derive(Subcommand)]
enum Command {
    Exec(exec::Options),
    Health(health::Options),
}

pub(crate) fn run(options: MockOptions) -> Result<ExitCode, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = match options.command {
        None => runtime.block_on(serve::run(options.serve)),
        Some(Command::Exec(options)) => runtime.block_on(exec::run(options)),
        Some(Command::Health(options)) => runtime.block_on(health::run(&options)),
    };
    // A thread may still wait for a seed that is a pipe.
    runtime.shutdown_background();
    code
}

/// Reads the seed and starts the mock. A seed can be a pipe, so the program can be ended meanwhile.
async fn start(
    address: SocketAddr,
    seed: SeedOptions,
    watches: bool,
    connection: &ConnectionOptions,
    control: Option<Control>,
    ending: &mut Ending,
) -> Result<MockServer, Box<dyn Error>> {
    connection.check()?;
    let file = seed.file.clone();
    let reading = tokio::task::spawn_blocking(move || {
        // Before the seed is read, so that a change in between is found.
        let reload = watches.then(|| SeedReload::new(seed.clone()));
        seed.read().map(|seed| (seed, reload))
    });
    let (seed, reload) = tokio::select! {
        read = reading => read??,
        end = ending.next() => return Err(match end {
            End::Stdin => "stdin was closed before the mock was ready: give it an open pipe",
            End::Interrupt | End::Terminate => "ended before the mock was ready: the seed was still read",
        }
        .into()),
    };
    let mut mock = connection.apply(MockServer::builder().listen(address).seed(seed));
    if let Some(mut control) = control {
        // An invalid token is an error, not ignored, because the variable was set on purpose.
        if let Some(token) = std::env::var_os(TOKEN_ENV) {
            control = control.token(token.to_string_lossy());
        }
        mock = mock.control(control);
    }
    let mock = mock.start().await.map_err(explained)?;
    connection.write_ca_file(&mock)?;
    if let Some(file) = file {
        let file = file.display().to_string();
        tracing::info!(file, partners = mock.partners().len(), "seed loaded");
    }
    if let Some(reload) = reload {
        reload.start(partner_api_mock::Mock::clone(&mock))?;
    }
    Ok(mock)
}

fn explained(error: StartError) -> Box<dyn Error> {
    if error.needs_token() {
        return format!("{error}: set {TOKEN_ENV}, or use --no-control").into();
    }
    if error.refuses_token() {
        return format!("{TOKEN_ENV}: {error}").into();
    }
    error.into()
}
