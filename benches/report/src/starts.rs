//! The time of start, first response and end of a server: in a process that has others, and as a separate program.

use std::process::Stdio;
use std::time::Instant;

use serde::Deserialize;

use crate::program::{Outcome, Program, Serving, machine, version};
use crate::servers::{Address, Servers};
use crate::table::{self, NONE, as_f64, median, megabytes, micros, millis};

/// The number of concurrent servers, and of rounds.
const AT_ONCE: [(&str, &str); 3] = [("1", "200"), ("10", "50"), ("100", "10")];

/// httpmock starts no more than 25.
const FURTHER: &str = "20";

/// How often the programs are started, in turn.
const SPAWNS: usize = 51;

#[derive(Deserialize)]
struct Started {
    median_ns: f64,
}

#[derive(Deserialize)]
struct Further {
    bytes: u64,
}

/// How many bytes each of several further servers in a process allocates.
pub(crate) fn further(server: &Program) -> Outcome<u64> {
    Ok(server.run::<Further>(&["further", FURTHER])?.bytes)
}

pub(crate) fn print() -> Outcome<()> {
    in_process()?;
    println!();
    programs()
}

fn in_process() -> Outcome<()> {
    let mut rows = Vec::new();
    for server in Servers::build()?.all {
        let mut row = vec![server.name];
        for (at_once, rounds) in AT_ONCE {
            row.push(if server.is_httpmock && at_once == "100" {
                NONE.to_owned()
            } else {
                micros(server.program.run::<Started>(&["starts", at_once, rounds])?.median_ns)
            });
        }
        row.push(format!("{:.1} kB", as_f64(further(&server.program)?) / 1e3));
        rows.push(row);
    }
    println!(
        "In a process, on one thread: the time that a server takes to start, to send its first response and to be \
         dropped, with this many running in parallel, the median of many rounds; and the memory that each of {FURTHER} further ones \
         has allocated after a response. {}.\n\n\
         The port of partner-api-mock is closed when `drop` returns; those of hyper and axum are soon after. \
         wiremock's servers are new ones, by its builder: `MockServer::start()` takes them from a pool. httpmock \
         has only those of its pool, which keep running and are 25 at most, so there is no figure for 100.\n",
        machine()
    );
    let header =
        ["server", "1 in parallel", "10 in parallel", "100 in parallel", "each further one"];
    table::print(&header, &rows);
    Ok(())
}

fn programs() -> Outcome<()> {
    let house = Program::of_the_project("partner-api-cli", "partner-api")?;
    let hyper = Program::build("server-hyper")?;
    let mut took = [Vec::new(), Vec::new()];
    for _ in 0..SPAWNS {
        took[0].push(first_response(|| hyper_serving(&hyper))?);
        took[1].push(first_response(|| mock_serving(&house))?);
    }
    let idle =
        [hyper_serving(&hyper)?.0.memory("VmRSS")?, mock_serving(&house)?.0.memory("VmRSS")?];
    let [hyper_took, house_took] = took;
    let rows = [
        (format!("hyper, ready bytes ({})", version("hyper")?), &hyper, hyper_took, idle[0]),
        (
            format!("partner-api mock ({})", version("partner-api-mock")?),
            &house,
            house_took,
            idle[1],
        ),
    ];
    let rows: Outcome<Vec<_>> = rows
        .into_iter()
        .map(|(name, program, took, idle)| {
            let size = megabytes(program.stripped_size()?);
            Ok(vec![name, millis(median(took.into_iter())), size, megabytes(idle)])
        })
        .collect();
    println!(
        "As a program: from its start to its first response, the median of {SPAWNS} in turn; its size without \
         symbols; its memory before the first response. partner-api is as `cargo install` makes it: with \
         TLS for `verify` and `record`, the control API and its page. {}.\n",
        machine()
    );
    table::print(&["program", "first response", "size", "memory, idle"], &rows?);
    Ok(())
}

/// Nanoseconds from the start of a program to its first response.
fn first_response(start: impl Fn() -> Outcome<(Serving, Address)>) -> Outcome<f64> {
    let began = Instant::now();
    let (_serving, address) = start()?;
    address.ask()?;
    Ok(began.elapsed().as_secs_f64() * 1e9)
}

fn hyper_serving(program: &Program) -> Outcome<(Serving, Address)> {
    let serving = Serving::start(program.command().args(["serve", "1"]))?;
    let address = Address::of(&serving)?;
    Ok((serving, address))
}

/// It prints a line with its URL, and one with its key.
fn mock_serving(program: &Program) -> Outcome<(Serving, Address)> {
    let arguments = ["mock", "--quiet", "--listen", "127.0.0.1:0"];
    let mut command = program.command();
    let serving = Serving::saying(2, command.args(arguments).stderr(Stdio::null()))?;
    let (url, key) = serving.line.split_once('\n').ok_or("it did not say where it is")?;
    let (_, host) = url.split_once("http://").ok_or("it did not say where it is")?;
    let host = host.split('/').next().unwrap_or_default().to_owned();
    let key = key.split_whitespace().last().unwrap_or_default().to_owned();
    Ok((serving, Address { host, key }))
}
