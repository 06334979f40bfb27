//! Builds the measured programs, runs them side by side, and prints the tables.

mod check;
mod client;
mod decode;
mod list;
mod mock;
mod program;
mod table;

use std::process::ExitCode;

use crate::program::Outcome;

const HELP: &str = "\
benches/run [TABLE…]    all of them, if none is named

  client    one wallet() call: instructions and allocations, beside other ways to make it
  list      a long list: time to the first company, to all of them, and memory, at three sizes
  decode    decoding alone: instructions a company, beside other JSON libraries
  mock      the mock's answers beside other servers: instructions, requests a second, large lists
  starts    how long the mock takes to start, and its memory, beside other servers
  check     the client's instructions and allocations against benches/baseline.json; says so if
            they are more, which is how CI runs it; `check --write` writes what is measured

Needs valgrind for instructions. Time is compared within one run only.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if words.is_empty() {
        words = vec!["client", "list", "decode", "mock", "starts"];
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
            "list" => list::print()?,
            "decode" => decode::print()?,
            "mock" => mock::print()?,
            "starts" => mock::print_starts()?,
            "help" | "--help" | "-h" => print!("{HELP}"),
            other => return Err(format!("unknown table `{other}`\n\n{HELP}").into()),
        }
    }
    Ok(())
}
