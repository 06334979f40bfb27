//! Builds the measured programs, runs them side by side, and prints the tables.

mod changes;
mod check;
mod client;
mod cold;
mod connections;
mod decode;
mod list;
mod memory;
mod mock;
mod program;
mod servers;
mod starts;
mod state;
mod table;

use std::process::{Command, ExitCode};

use crate::program::{Outcome, machine, workspace};

const HELP: &str = "\
benches/run [TABLE…]    all of them, if none is named

  client    one wallet() call: instructions and allocations, beside other ways to make it
  cold      a new process: the client is made, the first call over TLS, beside reqwest
  list      a long list: time to the first company, to all of them, and memory, at three sizes
  decode    decoding alone: instructions a company, beside other JSON libraries, at three sizes
  changes   two lists compared: time and memory, beside decoding one of them, at two sizes

  The mock, beside hyper, axum, wiremock and httpmock:

  mock         responses of three lengths: instructions, requests a second
  large        a list of 100,000 companies: instructions, time, memory
  starts       how long it takes to start, and what each further server takes
  memory       what is kept after 10,000, 100,000 and a million requests
  connections  what an idle connection takes, with 50, 500 and 5,000 of them
  state        alone: many partners, and a change among many companies

  Not among all of them, since they install what they compare with:

  cost      what depending on the client costs, beside other clients: benches/cost
  others    the mock's program beside those of another ecosystem: benches/others

  check     what repeats exactly, against benches/baseline.json; says so if it is more, which is
            how CI runs it; `check --write` writes what is measured

Needs valgrind for instructions, and taskset for servers and load to have a core each. Time is
compared within one run only.
";

const TABLES: [&str; 11] = [
    "client",
    "cold",
    "list",
    "decode",
    "changes",
    "mock",
    "large",
    "starts",
    "memory",
    "connections",
    "state",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if words.is_empty() {
        words = TABLES.to_vec();
    }
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Outcome<()> {
    if let ["check", rest @ ..] = words {
        return check::run(rest == ["--write"]);
    }
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            println!();
        }
        match *word {
            "client" => client::print()?,
            "cold" => cold::print()?,
            "list" => list::print()?,
            "decode" => decode::print()?,
            "changes" => changes::print()?,
            "mock" => mock::print()?,
            "large" => mock::print_large()?,
            "starts" => starts::print()?,
            "memory" => memory::print()?,
            "connections" => connections::print()?,
            "state" => state::print()?,
            "cost" | "others" => script(word)?,
            "help" | "--help" | "-h" => print!("{HELP}"),
            other => return Err(format!("unknown table `{other}`\n\n{HELP}").into()),
        }
    }
    Ok(())
}

/// A table that a script in this directory prints.
fn script(name: &str) -> Outcome<()> {
    println!("{}.\n", machine());
    let ended = Command::new(workspace().join(name)).status()?;
    if ended.success() { Ok(()) } else { Err(format!("benches/{name} failed").into()) }
}
