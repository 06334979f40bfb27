//! The cost of the size of the mock's state: many partners beside the one that is called, and a change of one company
//! among many.

use serde::Deserialize;

use crate::program::{Outcome, Program, Serving, machine};
use crate::servers::{Load, OURS, WALLET};
use crate::table::{self, megabytes, thousands, time};

const SIZES: [&str; 3] = ["1", "1000", "100000"];

/// Requests, and changes, between the two points of a slope.
const REQUESTS: u64 = 2_000;
const CHANGES: u64 = 10;

/// Changes whose time is measured.
const TIMED: &str = "51";

#[derive(Deserialize)]
struct Changed {
    median_ns: f64,
}

pub(crate) fn print() -> Outcome<()> {
    let (load, mock) = (Load::build()?, Program::build(OURS)?);
    println!(
        "The wallet of one of so many partners of one partner-api-mock: instructions of a response, and the memory of \
         the server (resident) before it is asked. {}.\n",
        machine()
    );
    let mut rows = Vec::new();
    for size in SIZES {
        let cost = load.instructions(&mock, ["partners", size], WALLET, REQUESTS)?;
        let serving = Serving::start(mock.command().args(["partners", size]))?;
        rows.push(vec![size.to_owned(), thousands(cost), megabytes(serving.memory("VmRSS")?)]);
    }
    table::print(&["partners", "instructions", "memory, idle"], &rows);

    println!(
        "\nA change of one connection of one of so many companies of partner-api-mock, and the list after it, without \
         a socket: instructions, by the slope from {CHANGES} changes to {}, and time, in the middle of {TIMED}. {}.\n",
        2 * CHANGES,
        machine()
    );
    let mut rows = Vec::new();
    for size in SIZES {
        let count_of = |changes: u64| mock.instructions(&["changes", size, &changes.to_string()]);
        let cost = count_of(2 * CHANGES)?.saturating_sub(count_of(CHANGES)?) / CHANGES;
        let changed: Changed = mock.run(&["changes", size, TIMED])?;
        rows.push(vec![size.to_owned(), thousands(cost), time(changed.median_ns)]);
    }
    table::print(&["companies", "instructions", "time"], &rows);
    Ok(())
}
