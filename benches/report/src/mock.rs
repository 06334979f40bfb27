//! The mock beside other servers: what an answer costs, how many come in a second, how long a start takes.

use std::process::Stdio;

use serde::Deserialize;

use crate::client::{Cost, Counted};
use crate::program::{Outcome, Program, Serving, collected, machine, version};
use crate::table::{self, as_f64, median, ratio, thousands};

/// By what all others are measured.
const FLOOR: usize = 0;

pub(crate) const OURS: &str = "server-partner-api-mock";

const SERVERS: [(&str, &str, &str); 5] = [
    ("hyper, ready bytes: the floor", "server-hyper", "hyper"),
    ("partner-api-mock, all on", OURS, "partner-api-mock"),
    ("axum, ready bytes", "server-axum", "axum"),
    ("wiremock", "server-wiremock", "wiremock"),
    ("httpmock", "server-httpmock", "httpmock"),
];

const WALLET: &str = "/api/v1/wallet";
const COMPANIES: &str = "/api/v1/companies";

/// Requests between the two points of a slope.
const REQUESTS: u64 = 2_000;

/// A second each, all servers up, in turn: the machine's speed moves more than the servers differ.
const ROUNDS: usize = 12;
const CONNECTIONS: u64 = 16;

/// The large lists are asked for so often, one after the other.
const LARGE: u64 = 10;

#[derive(Deserialize)]
struct Address {
    host: String,
    key: String,
}

#[derive(Deserialize)]
struct Load {
    answered: f64,
    took_ns: f64,
    p50_ns: f64,
    p99_ns: f64,
}

#[derive(Deserialize)]
struct Started {
    median_ns: f64,
}

#[derive(Deserialize)]
struct Further {
    bytes: f64,
}

/// The programs, built.
struct Built {
    load: Program,
    servers: Vec<Program>,
}

/// Asks a server, and waits for the answers.
fn ask(
    load: &Program,
    serving: &Serving,
    path: &str,
    connections: u64,
    unit: &str,
    count: u64,
) -> Outcome<Load> {
    let Address { host, key } = serde_json::from_str(&serving.line)?;
    let output = load
        .command_on(1)
        .args([&host, &key, path, &connections.to_string(), unit, &count.to_string()])
        .output()?;
    if !output.status.success() {
        return Err(format!("{path}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Instructions of one answer, by the slope.
fn instructions(load: &Program, server: &Program, path: &str, companies: usize) -> Outcome<u64> {
    let count_of = |requests| {
        let mut command = server.under_valgrind();
        command.args(["serve", &companies.to_string()]).stderr(Stdio::piped());
        let serving = Serving::start(&mut command)?;
        ask(load, &serving, path, 1, "requests", requests)?;
        collected(&serving.end()?)
    };
    Ok(count_of(2 * REQUESTS)?.saturating_sub(count_of(REQUESTS)?) / REQUESTS)
}

/// What one answer of ours for the wallet costs, once its journal is full.
pub(crate) fn answer_cost() -> Outcome<Cost> {
    let (load, server) = (Program::build("load")?, Program::build(OURS)?);
    let counted = server.run::<Counted>(&["answers", &REQUESTS.to_string()])?;
    Ok(Cost { instructions: instructions(&load, &server, WALLET, 1)?, ..counted.each() })
}

impl Built {
    fn new() -> Outcome<Self> {
        let servers: Outcome<Vec<_>> =
            SERVERS.iter().map(|(_, package, _)| Program::build(package)).collect();
        Ok(Self { load: Program::build("load")?, servers: servers? })
    }

    fn serving(&self, companies: usize) -> Outcome<Vec<Serving>> {
        let start = |server: &Program| {
            Serving::start(server.command_on(0).args(["serve", &companies.to_string()]))
        };
        self.servers.iter().map(start).collect()
    }
}

fn name_of((name, _, library): (&str, &str, &str)) -> Outcome<String> {
    Ok(format!("{name} ({})", version(library)?))
}

/// What an answer costs, and how many come in a second.
pub(crate) fn print() -> Outcome<()> {
    let built = Built::new()?;
    println!(
        "`GET /wallet`, and `GET /companies` at three sizes: instructions of one answer; requests a second on one \
         core from {CONNECTIONS} connections on the other, median of {ROUNDS} rounds of a second in turn, and time \
         of one large list, beside the floor's. {}.\n",
        machine()
    );
    let mut costs = Vec::new();
    for server in &built.servers {
        costs.push([
            instructions(&built.load, server, WALLET, 1)?,
            instructions(&built.load, server, COMPANIES, 1_000)?,
        ]);
    }
    let wallets = rounds(&built, WALLET, 1)?;
    let thousands_of = rounds(&built, COMPANIES, 1_000)?;
    let large = large(&built)?;
    let mut rows = Vec::new();
    for (at, server) in SERVERS.into_iter().enumerate() {
        let [wallet, thousand] = costs[at];
        let (rate, middle, slow) = wallets[at];
        rows.push(vec![
            name_of(server)?,
            thousands(wallet),
            ratio(rate, wallets[FLOOR].0),
            format!("{:.0} / {:.0} us", middle / 1e3, slow / 1e3),
            thousands(thousand),
            ratio(thousands_of[at].0, thousands_of[FLOOR].0),
            format!("{:.1} ms ({})", large[at].0 / 1e6, ratio(large[at].0, large[FLOOR].0)),
            format!("{:.0} MB", large[at].1 / 1e6),
        ]);
    }
    let header = [
        "server",
        "wallet: instructions",
        "requests/s",
        "p50 / p99",
        "1,000 companies: instructions",
        "requests/s",
        "100,000: time of one",
        "peak memory",
    ];
    table::print(&header, &rows);
    Ok(())
}

/// Requests a second, and the middle and the slow time of one, as medians over the rounds.
fn rounds(built: &Built, path: &str, companies: usize) -> Outcome<Vec<(f64, f64, f64)>> {
    let serving = built.serving(companies)?;
    let mut loads: Vec<Vec<Load>> = serving.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (one, loads) in serving.iter().zip(&mut loads) {
            loads.push(ask(&built.load, one, path, CONNECTIONS, "seconds", 1)?);
        }
    }
    let medians = loads.iter().map(|loads| {
        (
            median(loads.iter().map(|load| load.answered / load.took_ns * 1e9)),
            median(loads.iter().map(|load| load.p50_ns)),
            median(loads.iter().map(|load| load.p99_ns)),
        )
    });
    Ok(medians.collect())
}

/// Nanoseconds of one list of 100,000, and the most memory that the server had.
fn large(built: &Built) -> Outcome<Vec<(f64, f64)>> {
    let mut all = Vec::new();
    for server in &built.servers {
        let mut command = server.command_on(0);
        let serving = Serving::start(command.args(["serve", "100000"]))?;
        ask(&built.load, &serving, COMPANIES, 1, "requests", 1)?;
        let load = ask(&built.load, &serving, COMPANIES, 1, "requests", LARGE)?;
        all.push((load.p50_ns, as_f64(serving.memory("VmHWM")?)));
    }
    Ok(all)
}

/// How long a start takes, and what memory is taken.
pub(crate) fn print_starts() -> Outcome<()> {
    const STARTS: &str = "200";
    const FURTHER: &str = "20"; // httpmock starts no more than 25
    const MANY: u64 = 100_000;
    let built = Built::new()?;
    let mut rows = Vec::new();
    for (server, program) in SERVERS.into_iter().zip(&built.servers) {
        let started: Started = program.run(&["start", STARTS])?;
        let further: Further = program.run(&["further", FURTHER])?;
        let serving = Serving::start(program.command_on(0).args(["serve", "1"]))?;
        let idle = serving.memory("VmRSS")?;
        ask(&built.load, &serving, WALLET, CONNECTIONS, "requests", MANY)?;
        let once = serving.memory("VmRSS")?;
        ask(&built.load, &serving, WALLET, CONNECTIONS, "requests", MANY)?;
        let twice = serving.memory("VmRSS")?;
        rows.push(vec![
            name_of(server)?,
            format!("{:.0} us", started.median_ns / 1e3),
            format!("{:.1} kB", further.bytes / 1e3),
            format!("{:.1} MB", as_f64(idle) / 1e6),
            format!("{:.1} MB", as_f64(once.saturating_sub(idle)) / 1e6),
            format!("{:.1} MB", as_f64(twice.saturating_sub(once)) / 1e6),
        ]);
    }
    println!(
        "In the caller's runtime: start, first answer and stop, median of {STARTS}; what each of {FURTHER} further \
         servers allocates. In a process: memory when idle, and what {MANY} requests and again so many add. {}.\n",
        machine()
    );
    let header =
        ["server", "start to stop", "each further one", "idle", "100,000 requests", "100,000 more"];
    table::print(&header, &rows);
    Ok(())
}
