//! `partner-api mock`: the mock on a port, until it is told to end.

mod reload;
mod seed_options;
mod signals;

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use lexopt::{Arg, Parser};
use partner_api_mock::{Control, Mock, MockServer, ROUTES, StartError};

use crate::logging::{self, Format, Log};
use crate::print;
use reload::SeedReload;
use seed_options::SeedOptions;
use signals::Signals;

/// The environment, and not an argument: others on the machine can read those.
const TOKEN: &str = "PARTNER_API_MOCK_TOKEN";

const DEFAULT_ADDRESS: &str = "127.0.0.1:4010";

const HELP: &str = "\
Serves a mock of the Partner API until Ctrl-C or SIGTERM. Then it answers what is under way and
ends; a second Ctrl-C or SIGTERM ends it at once.

Usage: partner-api mock [OPTION]...

  --listen ADDRESS     where to listen [default: 127.0.0.1:4010]; port 0 is any free port
  --seed FILE          partners, keys, data, faults and stubs, as YAML if its name ends in .yaml or
                       .yml, and as JSON otherwise [default: the reference's sample]
  --watch              load the seed file again when it changes, unless it is wrong then
  --companies COUNT    made-up companies in the place of the first partner's
  --rng-seed N         another set of them; the same for the same number [default: 0]
  --fault RULE         a fault, such as 'status=503 times=2 operation=wallet' (repeatable)
  --log-format FORMAT  text or json [default: text]
  -q, --quiet          log warnings and errors only
  --no-control         no control API and no page under /_mock/
  --control-host NAME  additional Host name to accept (repeatable)
  -h, --help           print this

The log goes to stderr, a line a request.

Environment:
  PARTNER_API_MOCK_TOKEN  the token of the control API; needed to listen beyond this machine
  RUST_LOG                what is logged [default: info]

Exit codes: 0 clean shutdown, 2 when it could not start; then one line on stderr says why.
";

pub(crate) fn run(arguments: Parser) -> Result<(), Box<dyn Error>> {
    let options = Options::read(arguments).map_err(|error| format!("{error}; see mock --help"))?;
    let Some(options) = options else {
        print(io::stdout(), HELP);
        return Ok(());
    };
    let _log = Log::start(options.log)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(options))
}

struct Options {
    address: SocketAddr,
    seed: SeedOptions,
    watches: bool,
    control: Option<Control>,
    log: logging::Options,
}

impl Options {
    /// None if only the help is wanted.
    fn read(mut arguments: Parser) -> Result<Option<Self>, Box<dyn Error>> {
        let mut address = DEFAULT_ADDRESS.to_owned();
        let (mut seed, mut watches) = (SeedOptions::default(), false);
        let (mut has_control, mut control) = (true, Control::new());
        let mut has_host = false;
        let mut log = logging::Options { format: Format::Text, is_quiet: false };
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("listen") => address = arguments.value()?.to_string_lossy().into_owned(),
                Arg::Long("seed") => seed.file = Some(arguments.value()?.into()),
                Arg::Long("watch") => watches = true,
                Arg::Long("companies") => seed.companies(&arguments.value()?)?,
                Arg::Long("rng-seed") => seed.rng_seed(&arguments.value()?)?,
                Arg::Long("fault") => seed.fault(&arguments.value()?)?,
                Arg::Long("log-format") => {
                    log.format = format_named(&arguments.value()?.to_string_lossy())?;
                }
                Arg::Short('q') | Arg::Long("quiet") => log.is_quiet = true,
                Arg::Long("no-control") => has_control = false,
                Arg::Long("control-host") => {
                    control = control.host(arguments.value()?.to_string_lossy());
                    has_host = true;
                }
                Arg::Short('h') | Arg::Long("help") => return Ok(None),
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
        seed.check(watches)?;
        if has_host && !has_control {
            return Err("--control-host: expected no --no-control with it".into());
        }
        let control = has_control.then_some(control);
        Ok(Some(Self { address, seed, watches, control, log }))
    }
}

fn format_named(name: &str) -> Result<Format, String> {
    match name {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(format!("--log-format `{}`: expected `text` or `json`", name.escape_debug())),
    }
}

async fn serve(options: Options) -> Result<(), Box<dyn Error>> {
    // Before the port opens: whoever sees the address may already send a signal.
    let mut signals = Signals::new()?;
    let Options { address, seed, watches, control, .. } = options;
    let watched = watches.then(|| SeedReload::new(seed.clone()));
    let has_control = control.is_some();
    let mut mock = MockServer::builder().listen(address).seed(seed.read()?);
    if let Some(control) = control {
        mock = mock.control(control);
    }
    let mock = mock.start().await.map_err(hinted)?;
    // Only now, so that one that cannot start says nothing else than why.
    if let Some(file) = &seed.file {
        tracing::info!(file = %file.display(), partners = mock.partners().len(), "seed loaded");
    }
    if let Some(watched) = watched {
        watched.start(Mock::clone(&mock))?;
    }
    if !mock.address().ip().is_loopback() {
        tracing::warn!("listening beyond this machine: whoever reaches it can use its keys");
    }
    print(io::stdout(), &greeting(&mock, has_control));
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
    if error.refuses_token() {
        return format!("{TOKEN}: {error}").into();
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
