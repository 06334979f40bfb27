//! The first call of a process, over TLS, beside reqwest's; and the cost of a client for a further partner.

use std::time::Instant;

use serde::Deserialize;

use crate::program::{Outcome, Program, Serving, machine, version};
use crate::table::{self, as_f64, median, millis, paired, shown_ratio};

/// How often each program is started, in turn.
const ROUNDS: usize = 31;

const PARTNERS: usize = 10_000;

/// The environment variable that builds aws-lc without CPU jitter entropy.
const NO_JITTER: &str = "AWS_LC_SYS_NO_JITTER_ENTROPY";

/// One process.
struct Process {
    whole: f64,
    build: f64,
    call: f64,
}

#[derive(Deserialize)]
struct Timed {
    build_ns: f64,
    call_ns: f64,
}

#[derive(Deserialize)]
struct Kept {
    all_ns: f64,
    bytes: u64,
}

pub(crate) fn print() -> Outcome<()> {
    let authority = std::env::temp_dir().join(format!("cold-{}.pem", std::process::id()));
    let file = authority.to_str().ok_or("the temporary folder has no name in UTF-8")?;
    let service = Serving::start(Program::build("tls-service")?.command().arg(file))?;
    let programs = [
        ("reqwest by hand", "reqwest", Program::build("peer-reqwest")?),
        ("partner-api", "partner-api", Program::build("peer-partner-api")?),
        ("reqwest by hand, no jitter", "reqwest", Program::build_with(NO_JITTER, "peer-reqwest")?),
        (
            "partner-api, no jitter",
            "partner-api",
            Program::build_with(NO_JITTER, "peer-partner-api")?,
        ),
    ];
    let mut processes = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        for ((_, _, program), processes) in programs.iter().zip(&mut processes) {
            let started = Instant::now();
            let timed: Timed = program.run(&["cold", file, &service.line])?;
            let whole = started.elapsed().as_secs_f64() * 1e9;
            processes.push(Process { whole, build: timed.build_ns, call: timed.call_ns });
        }
    }
    std::fs::remove_file(&authority)?;
    let base: [&[Process]; 4] = [&processes[0], &processes[0], &processes[2], &processes[2]];
    let mut rows = Vec::new();
    for (((name, package, _), processes), base) in programs.iter().zip(&processes).zip(base) {
        let middle = |figure: fn(&Process) -> f64| millis(median(processes.iter().map(figure)));
        rows.push(vec![
            format!("{name} ({})", version(package)?),
            middle(|process| process.build),
            middle(|process| process.call),
            middle(|process| process.whole),
            shown_ratio(paired(processes, base, |process| process.whole)),
        ]);
    }
    println!(
        "A new process that makes a client and one `wallet()` call over HTTP/2 and TLS on loopback: the middle of \
         {ROUNDS} processes in turn. `no jitter`: aws-lc built with {NO_JITTER}=1. {}.\n",
        machine()
    );
    let header = ["program", "client made", "first call", "whole process", "of reqwest's"];
    table::print(&header, &rows);
    println!();
    print_partners(&programs[1].2, &service)
}

fn print_partners(program: &Program, service: &Serving) -> Outcome<()> {
    let Kept { all_ns, bytes } =
        program.run(&["partners", &PARTNERS.to_string(), &service.line])?;
    println!(
        "`with_api_key` for {PARTNERS} partners: {}, {} bytes each.",
        millis(all_ns),
        (as_f64(bytes) / as_f64(PARTNERS as u64)).round()
    );
    Ok(())
}
