//! `partner-api-mock`: the mock on a port, until it is told to end.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use lexopt::{Arg, Parser};
use partner_api_mock::{MockServer, ROUTES, Seed};

use crate::log::{self, Format, Log};
use crate::say;
use crate::signals::Signals;

const DEFAULT_ADDRESS: &str = "127.0.0.1:4010";

pub(crate) const HELP: &str = "\
Serves a mock of the Partner API until Ctrl-C or SIGTERM. Then it answers what is under way and
ends; a second Ctrl-C or SIGTERM ends it at once.

Usage: partner-api-mock [--listen ADDRESS] [--seed FILE] [--log-format FORMAT] [--quiet]

  --listen ADDRESS     where to listen [default: 127.0.0.1:4010]; port 0 is any free port
  --seed FILE          partners, keys and data as JSON [default: the reference's sample]
  --log-format FORMAT  text or json [default: text]
  -q, --quiet          log no requests, and of all else only warnings and errors
  -h, --help           print this
  -V, --version        print the version

The log goes to stderr, a line a request. RUST_LOG says what is logged [default: info].

Exit codes: 0 when it was told to end, 2 when it could not start; then one line on stderr says why.
";

pub(crate) fn run(arguments: Parser) -> Result<(), Box<dyn Error>> {
    let command = Command::read(arguments).map_err(|error| format!("{error}; see --help"))?;
    match command {
        Command::Print(text) => say(io::stdout(), &text),
        Command::Serve(options) => {
            let seed = options.seed.as_ref().map_or_else(|| Ok(Seed::sample()), Seed::from_path)?;
            let _log = Log::start(options.log)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(serve(&options, seed))?;
        }
    }
    Ok(())
}

enum Command {
    Print(String),
    Serve(Options),
}

struct Options {
    address: SocketAddr,
    seed: Option<PathBuf>,
    log: log::Options,
}

impl Command {
    fn read(mut arguments: Parser) -> Result<Self, Box<dyn Error>> {
        let (mut address, mut seed) = (DEFAULT_ADDRESS.to_owned(), None);
        let mut log = log::Options { format: Format::Text, is_quiet: false };
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("listen") => address = arguments.value()?.to_string_lossy().into_owned(),
                Arg::Long("seed") => seed = Some(PathBuf::from(arguments.value()?)),
                Arg::Long("log-format") => {
                    log.format = format_named(&arguments.value()?.to_string_lossy())?;
                }
                Arg::Short('q') | Arg::Long("quiet") => log.is_quiet = true,
                Arg::Short('h') | Arg::Long("help") => return Ok(Self::Print(HELP.to_owned())),
                Arg::Short('V') | Arg::Long("version") => {
                    let version = env!("CARGO_PKG_VERSION");
                    return Ok(Self::Print(format!("partner-api-mock {version}\n")));
                }
                _ => return Err(argument.unexpected().into()),
            }
        }
        let address = address.parse().map_err(|_| {
            let expected = "expected an IP address and a port, such as 127.0.0.1:4010";
            format!("--listen `{}`: {expected}", address.escape_debug())
        })?;
        Ok(Self::Serve(Options { address, seed, log }))
    }
}

fn format_named(name: &str) -> Result<Format, String> {
    match name {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(format!("--log-format `{}`: expected `text` or `json`", name.escape_debug())),
    }
}

async fn serve(options: &Options, seed: Seed) -> Result<(), Box<dyn Error>> {
    // Before the port opens: whoever sees the address may already send a signal.
    let mut signals = Signals::new()?;
    let mock = MockServer::builder().listen(options.address).seed(seed).start().await?;
    // Only now, so that one that cannot start says nothing else than why.
    if let Some(file) = &options.seed {
        tracing::info!(file = %file.display(), partners = mock.partners().len(), "seed loaded");
    }
    if !mock.address().ip().is_loopback() {
        tracing::warn!("listening beyond this machine: whoever reaches it can use its keys");
    }
    say(io::stdout(), &greeting(&mock));
    signals.next().await;
    tokio::select! {
        () = mock.shutdown() => {}
        () = signals.next() => {}
    }
    Ok(())
}

fn greeting(mock: &MockServer) -> String {
    let (url, key) = (mock.url(), mock.api_key());
    let curl = |path| format!("curl {url}{path} -H \"Authorization: Bearer {key}\"\n");
    let lines: String = ROUTES.iter().map(|route| curl(route.path)).collect();
    format!("base URL  {}\nAPI key   {key}\n\n{lines}", mock.base_url())
}
