//! A long list over loopback: how soon the first company is there, how soon all, and at what peak of memory.

use serde::Deserialize;

use crate::program::{Outcome, Program, machine, service};
use crate::table::{self, median, ratio};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Each way has its turn in each round; the median counts.
const ROUNDS: usize = 7;

const WAYS: [(&str, &str, &str); 3] = [
    ("reqwest `.json()`", "peer-reqwest", "kept"),
    ("partner-api, kept: `companies().await`", "peer-partner-api", "kept"),
    ("partner-api, streamed: `companies().stream()`", "peer-partner-api", "streamed"),
];

#[derive(Debug, Clone, Copy, Deserialize)]
struct Read {
    elements: usize,
    first_ns: f64,
    all_ns: f64,
    peak_bytes: f64,
}

pub(crate) fn print() -> Outcome<()> {
    let program = Program::build("service")?;
    let programs = WAYS.map(|(_, package, _)| Program::build(package));
    let mut rows = Vec::new();
    for size in SIZES {
        let serving = service(&program, size)?;
        let mut reads: [Vec<Read>; WAYS.len()] = Default::default();
        for _ in 0..ROUNDS {
            for ((way, (_, _, task)), reads) in programs.iter().zip(WAYS).zip(&mut reads) {
                let way = way.as_ref().map_err(ToString::to_string)?;
                let read: Read = way.run(&[task, &serving.line])?;
                if read.elements != size {
                    return Err(format!("{} of {size} companies came", read.elements).into());
                }
                reads.push(read);
            }
        }
        let medians = reads.map(|reads| {
            (
                median(reads.iter().map(|read| read.first_ns)),
                median(reads.iter().map(|read| read.all_ns)),
                median(reads.iter().map(|read| read.peak_bytes)),
            )
        });
        let base = medians[0];
        for ((name, _, _), (first, all, peak)) in WAYS.into_iter().zip(medians) {
            rows.push(vec![
                size.to_string(),
                name.to_owned(),
                format!("{} ({})", millis(first), ratio(first, base.0)),
                format!("{} ({})", millis(all), ratio(all, base.1)),
                format!("{:.2} MB ({})", peak / 1e6, ratio(peak, base.2)),
            ]);
        }
    }
    println!(
        "A list over loopback, median of {ROUNDS} rounds in turn; in brackets, of reqwest's. {}.\n",
        machine()
    );
    table::print(&["companies", "way", "first company", "all", "peak memory"], &rows);
    Ok(())
}

fn millis(nanos: f64) -> String {
    format!("{:.2} ms", nanos / 1e6)
}
