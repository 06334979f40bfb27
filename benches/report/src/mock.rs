//! The mock's responses beside other servers: the cost of one, requests per second, and the cost of a large one.

use crate::client::{Cost, Counted};
use crate::program::{Outcome, Program, machine};
use crate::servers::{
    COMPANIES, CONNECTIONS, Count, FLOOR, Load, ROUNDS, Rounds, Seen, Servers, WALLET,
};
use crate::table::{self, megabytes, micros, millis, shown_ratio, thousands};

/// Requests between the two points of a slope.
const REQUESTS: u64 = 2_000;

const LARGE: usize = 100_000;

/// The same for a large list, which is sent in a varying number of pieces.
const LARGE_REQUESTS: u64 = 50;

/// Requests in each round.
const IN_TURN: u64 = 4;

/// The cost of one response of the mock for the wallet, with a full journal, and the instructions of one with this many
/// companies.
pub(crate) fn response_costs(ours: &Program, companies: u64) -> Outcome<(Cost, u64)> {
    let load = Load::build()?;
    let counted: Counted = ours.run(&["responses", &REQUESTS.to_string()])?;
    let wallet = load.instructions(ours, ["serve", "1"], WALLET, REQUESTS)?;
    let companies = companies.to_string();
    let list = load.instructions(ours, ["serve", &companies], COMPANIES, REQUESTS)?;
    Ok((Cost { instructions: wallet, ..counted.each() }, list))
}

/// Requests per second, for responses of three lengths.
pub(crate) fn print() -> Outcome<()> {
    let servers = Servers::build()?;
    println!(
        "Responses: instructions of one; requests per second on one core, from {CONNECTIONS} connections on the other, \
         beside the floor's of the same round, in the middle of {ROUNDS} rounds of a second in turn, with fresh \
         servers in each; how long the middle one and the slowest of a hundred took; what part of the time the \
         server and the load were at work. {}.\n",
        machine()
    );
    let mut rows = Vec::new();
    for (what, path, companies) in
        [("wallet", WALLET, 1), ("1 company", COMPANIES, 1), ("1,000 companies", COMPANIES, 1_000)]
    {
        let costs = instructions(&servers, path, companies, REQUESTS)?;
        let rounds = servers.rounds(companies, |load, serving| {
            load.ask(serving, path, CONNECTIONS, Count::OneSecond)
        })?;
        for ((server, cost), seen) in servers.all.iter().zip(costs).zip(&rounds) {
            rows.push(vec![
                what.to_owned(),
                server.name.clone(),
                thousands(cost),
                beside(seen, &rounds, Seen::rate, |rate| format!("{:.1} k", rate / 1e3)),
                micros(seen.median(|seen| seen.p50_ns)),
                micros(seen.median(|seen| seen.p99_ns)),
                format!(
                    "{:.2} / {:.2}",
                    seen.median(|seen| seen.server_busy),
                    seen.median(|seen| seen.load_busy)
                ),
            ]);
        }
    }
    let header =
        ["response", "server", "instructions", "requests/s", "p50", "p99", "busy: server / load"];
    table::print(&header, &rows);
    Ok(())
}

/// A list of 100,000 companies, one after the other.
pub(crate) fn print_large() -> Outcome<()> {
    let servers = Servers::build()?;
    let costs = instructions(&servers, COMPANIES, LARGE, LARGE_REQUESTS)?;
    let rounds = servers
        .rounds(LARGE, |load, serving| load.ask(serving, COMPANIES, 1, Count::Requests(IN_TURN)))?;
    println!(
        "A list of 100,000 companies (33 MB), one after the other: instructions of one; the time of one, in the \
         middle of {ROUNDS} rounds of {IN_TURN} in turn, and beside the floor's of the same round; the most \
         memory that the server had. {}.\n",
        machine()
    );
    let rows = servers.all.iter().zip(costs).zip(&rounds).map(|((server, cost), seen)| {
        vec![
            server.name.clone(),
            thousands(cost),
            beside(seen, &rounds, |seen| seen.p50_ns, millis),
            megabytes(seen.peak_bytes),
        ]
    });
    table::print(&["server", "instructions", "time", "peak memory"], &rows.collect::<Vec<_>>());
    Ok(())
}

/// Instructions of one response of each server.
fn instructions(
    servers: &Servers,
    path: &str,
    companies: usize,
    requests: u64,
) -> Outcome<Vec<u64>> {
    let companies = companies.to_string();
    let of =
        |program| servers.load.instructions(program, ["serve", companies.as_str()], path, requests);
    servers.all.iter().map(|server| of(&server.program)).collect()
}

/// A figure's median and, in parentheses, the median of its ratios to the floor's.
fn beside(
    seen: &Rounds,
    all: &[Rounds],
    figure: impl Fn(&Seen) -> f64,
    shown: impl Fn(f64) -> String,
) -> String {
    let beside = all.get(FLOOR).map_or(f64::NAN, |floor| seen.paired(floor, &figure));
    format!("{} ({})", shown(seen.median(figure)), shown_ratio(beside))
}
