//! `partner-api-mock`: the mock on a port, until it is told to end.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use lexopt::{Arg, Parser};
use partner_api_mock::{Control, MockServer, ROUTES, Seed, StartError};

use crate::say;
use crate::signals::Signals;

/// The environment, and not an argument: others on the machine can read those.
const TOKEN: &str = "PARTNER_API_MOCK_TOKEN";

const DEFAULT_ADDRESS: &str = "127.0.0.1:4010";

pub(crate) const HELP: &str = "\
Serves a mock of the Partner API until Ctrl-C or SIGTERM. Then it answers what is under way and
ends; a second Ctrl-C or SIGTERM ends it at once.

Usage: partner-api-mock [--listen ADDRESS] [--seed FILE] [--no-control]

  --listen ADDRESS     where to listen [default: 127.0.0.1:4010]; port 0 is any free port
  --seed FILE          partners, keys and data as JSON [default: the reference's sample]
  --no-control         no control API and no page under /_mock/
  --control-host NAME  the control API answers to this name, too; may stand several times
  -h, --help           print this
  -V, --version        print the version

Environment:
  PARTNER_API_MOCK_TOKEN  the token of the control API; needed to listen beyond this machine

Exit codes: 0 when it was told to end, 2 when it could not start; then one line on stderr says why.
";

pub(crate) fn run(arguments: Parser) -> Result<(), Box<dyn Error>> {
    let command = Command::read(arguments).map_err(|error| format!("{error}; see --help"))?;
    match command {
        Command::Print(text) => say(io::stdout(), &text),
        Command::Serve(options) => {
            let seed = options.seed.map_or_else(|| Ok(Seed::sample()), Seed::from_path)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(serve(options.address, seed, options.control))?;
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
    control: Option<Control>,
}

impl Command {
    fn read(mut arguments: Parser) -> Result<Self, Box<dyn Error>> {
        let (mut address, mut seed) = (DEFAULT_ADDRESS.to_owned(), None);
        let (mut has_control, mut control) = (true, Control::new());
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("listen") => address = arguments.value()?.to_string_lossy().into_owned(),
                Arg::Long("seed") => seed = Some(PathBuf::from(arguments.value()?)),
                Arg::Long("no-control") => has_control = false,
                Arg::Long("control-host") => {
                    control = control.host(arguments.value()?.to_string_lossy());
                }
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
        // What is set is meant, so one that cannot be a token is an error and not none.
        if let Some(token) = std::env::var_os(TOKEN) {
            control = control.token(token.to_string_lossy());
        }
        Ok(Self::Serve(Options { address, seed, control: has_control.then_some(control) }))
    }
}

async fn serve(
    address: SocketAddr,
    seed: Seed,
    control: Option<Control>,
) -> Result<(), Box<dyn Error>> {
    // Before the port opens: whoever sees the address may already send a signal.
    let mut signals = Signals::new()?;
    let has_control = control.is_some();
    let mut mock = MockServer::builder().listen(address).seed(seed);
    if let Some(control) = control {
        mock = mock.control(control);
    }
    let mock = mock.start().await.map_err(hinted)?;
    if !mock.address().ip().is_loopback() {
        let warning = "warning: listening beyond this machine; whoever reaches it can use its keys";
        say(io::stderr(), &format!("partner-api-mock: {warning}\n"));
    }
    say(io::stdout(), &greeting(&mock, has_control));
    signals.next().await;
    tokio::select! {
        () = mock.shutdown() => {}
        () = signals.next() => {}
    }
    Ok(())
}

fn hinted(error: StartError) -> Box<dyn Error> {
    if error.needs_token() {
        return format!("{error}: set {TOKEN}, or say --no-control").into();
    }
    error.into()
}

fn greeting(mock: &MockServer, has_control: bool) -> String {
    let (url, key) = (mock.url(), mock.api_key());
    let curl = |path| format!("curl {url}{path} -H \"Authorization: Bearer {key}\"\n");
    let lines: String = ROUTES.iter().map(|route| curl(route.path)).collect();
    let control = if has_control { format!("control   {url}/_mock/\n") } else { String::new() };
    format!("base URL  {}\nAPI key   {key}\n{control}\n{lines}", mock.base_url())
}
