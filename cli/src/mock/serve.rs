//! `partner-api mock`: the mock on a port.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::UnknownArgumentValueParser;
use clap::{Args, ValueEnum};
use partner_api_mock::{Control, MockServer, ROUTES};

use super::connection::ConnectionOptions;
use super::ready::{Ready, ReadyFile};
use super::seed_options::SeedOptions;
use super::signals::Ending;
use super::start;
use crate::logging::{Format, Log};
use crate::output::write_stdout;

const DEFAULT_PORT: u16 = 4010;

#[derive(Args)]
pub(super) struct ServeOptions {
    /// The address to listen on; port 0 means any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4010", value_parser = address)]
    listen: SocketAddr,
    #[arg(long, hide = true, value_parser = listen_instead())]
    port: Option<String>,
    #[arg(long, hide = true, value_parser = listen_instead())]
    host: Option<String>,

    #[command(flatten)]
    seed: SeedOptions,
    /// Load the seed file again when it changes; keep the old data while the file is invalid
    #[arg(long, requires = "file", help_heading = "Data")]
    watch: bool,

    #[command(flatten)]
    connection: ConnectionOptions,

    /// Serve no control API and no web UI under /_mock/
    #[arg(long, help_heading = "Control API")]
    no_control: bool,
    /// Accept this name in the Host header of the control API (repeatable)
    #[arg(long, value_name = "NAME", value_parser = host_name, conflicts_with = "no_control")]
    #[arg(help_heading = "Control API")]
    control_host: Vec<String>,

    /// How a log line is written
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Log")]
    log_format: Format,
    /// Log no requests and, unless RUST_LOG is set, nothing but warnings and errors
    #[arg(long, short, help_heading = "Log")]
    quiet: bool,

    #[command(flatten)]
    ready: ReadyOptions,
}

#[derive(Args)]
#[command(next_help_heading = "Start by a program")]
struct ReadyOptions {
    /// How stdout says that the mock is ready, and with which URLs and key
    #[arg(id = "ready", long = "ready", value_name = "FORMAT", default_value = "text")]
    format: ReadyFormat,
    /// Write the URLs, the key and the process id to this file as JSON when the mock is ready, in
    /// one step and readable by you only; the file is removed when the mock ends
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// End when stdin is closed, so that the mock does not outlive the program that started it
    #[arg(long)]
    exit_with_stdin: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReadyFormat {
    /// Lines for people, with curl commands
    Text,
    /// One line of JSON
    Json,
}

pub(super) async fn run(options: ServeOptions) -> Result<ExitCode, Box<dyn Error>> {
    // Before the port opens: who sees the address may already send a signal.
    let mut ending = Ending::new(options.ready.exit_with_stdin)?;
    let default = if options.quiet { "warn" } else { "info" };
    let _log = Log::start(options.log_format, default, options.quiet)?;
    let mut ready_file = options.ready.ready_file.map(ReadyFile::new).transpose()?;
    let control = (!options.no_control)
        .then(|| options.control_host.into_iter().fold(Control::new(), Control::host));
    let has_control = control.is_some();
    let connection = options.connection;
    let mock =
        start(options.listen, options.seed, options.watch, &connection, control, &mut ending)
            .await?;
    if !mock.address().ip().is_loopback() {
        tracing::warn!("listening beyond this machine: everyone who reaches it can use its keys");
    }
    let ready = Ready::of(&mock, has_control).to_json()?;
    if let Some(file) = &mut ready_file {
        file.write(&ready)?;
    }
    match options.ready.format {
        ReadyFormat::Text => {
            write_stdout(&greeting(&mock, has_control, &connection.curl_options()))?;
        }
        ReadyFormat::Json => write_stdout(&ready)?,
    }
    ending.next().await;
    tokio::select! {
        () = mock.shutdown() => {}
        _ = ending.next() => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn greeting(mock: &MockServer, has_control: bool, curl_options: &str) -> String {
    let (url, key) = (mock.url(), mock.api_key());
    let curl =
        |path| format!("curl {curl_options}{url}{path} -H \"Authorization: Bearer {key}\"\n");
    let lines: String = ROUTES.iter().map(|route| curl(route.path)).collect();
    let control = if has_control { format!("control   {url}/_mock/\n") } else { String::new() };
    format!("base URL  {}\nAPI key   {key}\n{control}\n{lines}", mock.base_url())
}

fn listen_instead() -> UnknownArgumentValueParser {
    UnknownArgumentValueParser::suggest_arg("--listen")
        .and_suggest("for example, '--listen 127.0.0.1:8080'")
}

/// Parses an address to listen on. The error for a similar text shows the right form.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let bare = text.trim().trim_start_matches("http://").trim_end_matches('/');
        let (host, port) = match bare.rsplit_once(':') {
            _ if bare.parse::<u16>().is_ok() => ("", bare),
            Some(parts) => parts,
            None => (bare, ""),
        };
        let host = match host {
            "" | "localhost" => "127.0.0.1",
            "*" => "0.0.0.0",
            host => host,
        };
        let port = port.parse().unwrap_or(DEFAULT_PORT);
        let nearest = bare.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DEFAULT_PORT));
        let nearest = nearest.or_else(|_| host.parse().map(|ip| SocketAddr::new(ip, port)));
        let nearest = nearest.unwrap_or(([127, 0, 0, 1], DEFAULT_PORT).into());
        format!("expected an IP address and a port, such as {nearest}")
    })
}

/// A name for the Host header: whole, and without scheme and port.
fn host_name(text: &str) -> Result<String, String> {
    let is_name = |text: &str| {
        let is_allowed = |char: char| char.is_ascii_alphanumeric() || "-._".contains(char);
        !text.is_empty() && text.chars().all(is_allowed)
    };
    if is_name(text) {
        return Ok(text.to_owned());
    }
    let bare = text.trim().trim_start_matches("https://").trim_start_matches("http://");
    let bare = bare.split(['/', ':']).next().unwrap_or_default();
    Err(if text.contains(',') {
        let options = text.split(',').map(str::trim).filter(|name| is_name(name));
        let options: Vec<_> = options.map(|name| format!("--control-host {name}")).collect();
        format!("expected one name an option: {}", options.join(" "))
    } else if text.contains('*') {
        "wildcards are not supported; give each name, such as --control-host mock.lan".to_owned()
    } else if is_name(bare) {
        format!("expected a name without scheme and port: --control-host {bare}")
    } else {
        "expected a host name, such as --control-host mock.lan".to_owned()
    })
}
