//! The mock beside other servers: their programs, and the load on them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use serde::Deserialize;

use crate::program::{Outcome, Program, Serving, collected, version};
use crate::table::{median, paired};

/// The server that all others are compared with: the index of hyper in [`SERVERS`].
pub(crate) const FLOOR: usize = 0;

pub(crate) const OURS: &str = "server-partner-api-mock";

/// The shown name, the package, and the library whose version is shown.
const SERVERS: [(&str, &str, &str); 5] = [
    ("hyper, ready bytes: the floor", "server-hyper", "hyper"),
    ("partner-api-mock, all on", OURS, "partner-api-mock"),
    ("axum, ready bytes", "server-axum", "axum"),
    ("wiremock", "server-wiremock", "wiremock"),
    ("httpmock", "server-httpmock", "httpmock"),
];

pub(crate) const WALLET: &str = "/api/v1/wallet";
pub(crate) const COMPANIES: &str = "/api/v1/companies";

/// A second for each server in turn, with all servers running: the machine's speed varies more than the servers differ.
pub(crate) const ROUNDS: usize = 12;
pub(crate) const CONNECTIONS: u64 = 16;

/// A server of the table.
pub(crate) struct Server {
    /// With its version.
    pub(crate) name: String,
    pub(crate) is_httpmock: bool,
    pub(crate) program: Program,
}

/// All servers, built, and the program that sends requests to them.
pub(crate) struct Servers {
    pub(crate) load: Load,
    pub(crate) all: Vec<Server>,
}

impl Servers {
    pub(crate) fn build() -> Outcome<Self> {
        let build = |(name, package, library): (&str, &str, &str)| {
            let name = format!("{name} ({})", version(library)?);
            let program = Program::build(package)?;
            Ok(Server { name, is_httpmock: library == "httpmock", program })
        };
        let all: Outcome<_> = SERVERS.into_iter().map(build).collect();
        Ok(Self { load: Load::build()?, all: all? })
    }

    /// All of them, serving at the same time, with this many companies.
    fn serving(&self, companies: usize) -> Outcome<Vec<Serving>> {
        self.all.iter().map(|server| server.serving(companies)).collect()
    }

    /// Sends requests to each in turn, [`ROUNDS`] times, and returns the figures by round. Each round has new servers:
    /// one that keeps every request is measured as in a test, not after a million requests.
    pub(crate) fn rounds(
        &self,
        companies: usize,
        asked: impl Fn(&Load, &Serving) -> Outcome<Seen>,
    ) -> Outcome<Vec<Rounds>> {
        let mut rounds: Vec<Rounds> = self.all.iter().map(|_| Rounds::default()).collect();
        for _ in 0..ROUNDS {
            for (one, rounds) in self.serving(companies)?.iter().zip(&mut rounds) {
                rounds.seen.push(asked(&self.load, one)?);
                rounds.peak_bytes = rounds.peak_bytes.max(one.memory("VmHWM")?);
            }
        }
        Ok(rounds)
    }
}

impl Server {
    /// Starts it on the core that the load does not use.
    pub(crate) fn serving(&self, companies: usize) -> Outcome<Serving> {
        Serving::start(self.program.command_on(0).args(["serve", &companies.to_string()]))
    }
}

/// The program that sends the requests.
pub(crate) struct Load(Program);

/// The figures that it prints.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Seen {
    responses: f64,
    took_ns: f64,
    pub(crate) p50_ns: f64,
    pub(crate) p99_ns: f64,
    pub(crate) server_busy: f64,
    pub(crate) load_busy: f64,
}

impl Seen {
    pub(crate) fn rate(&self) -> f64 {
        self.responses / self.took_ns * 1e9
    }
}

/// The figures of one server in all rounds.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    seen: Vec<Seen>,
    /// Its peak of memory.
    pub(crate) peak_bytes: u64,
}

impl Rounds {
    pub(crate) fn median(&self, figure: impl Fn(&Seen) -> f64) -> f64 {
        median(self.seen.iter().map(figure))
    }

    pub(crate) fn paired(&self, by: &Self, figure: impl Fn(&Seen) -> f64) -> f64 {
        paired(&self.seen, &by.seen, figure)
    }
}

/// The load on a server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Count {
    Requests(u64),
    OneSecond,
}

/// The address of a server, and a key for it.
#[derive(Deserialize)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) key: String,
}

impl Address {
    /// Reads the line that the server printed.
    pub(crate) fn of(serving: &Serving) -> Outcome<Self> {
        Ok(serde_json::from_str(&serving.line)?)
    }

    /// Requests the wallet once, on a connection that stays open.
    pub(crate) fn ask(&self) -> Outcome<TcpStream> {
        let Self { host, key } = self;
        let mut stream = TcpStream::connect(host)?;
        let request =
            format!("GET {WALLET} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut response = [0; 512]; // it is small, and arrives in one piece
        let read = stream.read(&mut response)?;
        let is_good =
            response.get(..read).is_some_and(|response| response.starts_with(b"HTTP/1.1 200"));
        if is_good { Ok(stream) } else { Err("unsuccessful response".into()) }
    }
}

impl Load {
    pub(crate) fn build() -> Outcome<Self> {
        Program::build("load").map(Self)
    }

    /// Sends requests to a server, and waits for the responses.
    pub(crate) fn ask(
        &self,
        serving: &Serving,
        path: &str,
        connections: u64,
        count: Count,
    ) -> Outcome<Seen> {
        let Address { host, key } = Address::of(serving)?;
        let (unit, count) = match count {
            Count::Requests(count) => ("requests", count),
            Count::OneSecond => ("seconds", 1),
        };
        let (connections, count) = (connections.to_string(), count.to_string());
        let server = serving.id().to_string();
        let output = self
            .0
            .command_on(1)
            .args([&host, &key, path, &connections, unit, &count, &server])
            .output()?;
        if !output.status.success() {
            return Err(format!("{path}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Instructions of one response, by the slope between a number of requests and twice that number.
    ///
    /// The server is started with these arguments.
    pub(crate) fn instructions(
        &self,
        server: &Program,
        arguments: [&str; 2],
        path: &str,
        requests: u64,
    ) -> Outcome<u64> {
        let count_of = |requests| {
            let mut command = server.under_valgrind();
            command.args(arguments).stderr(Stdio::piped());
            let serving = Serving::start(&mut command)?;
            self.ask(&serving, path, 1, Count::Requests(requests))?;
            collected(&serving.end()?)
        };
        Ok(count_of(2 * requests)?.saturating_sub(count_of(requests)?) / requests)
    }
}
