//! A long list over loopback: the time until the first company and until all, and the peak of memory.

use serde::Deserialize;

use crate::program::{Outcome, Program, machine, service};
use crate::table::{self, median, millis, paired, shown_ratio};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Each way runs once in each round; the median is shown.
const ROUNDS: usize = 7;

const WAYS: [(&str, &str, &str); 3] = [
    ("reqwest `.json()`", "peer-reqwest", "kept"),
    ("partner-api, kept: `companies().await`", "peer-partner-api", "kept"),
    ("partner-api, streamed: `companies().stream()`", "peer-partner-api", "streamed"),
];

#[derive(Debug, Clone, Copy, Deserialize)]
struct Read {
    items: usize,
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
                if read.items != size {
                    return Err(format!("{} of {size} companies were read", read.items).into());
                }
                reads.push(read);
            }
        }
        let [base, ..] = &reads;
        for ((name, _, _), read) in WAYS.into_iter().zip(&reads) {
            let beside = |figure: fn(&Read) -> f64, shown: fn(f64) -> String| {
                let beside = shown_ratio(paired(read, base, figure));
                format!("{} ({beside})", shown(median(read.iter().map(figure))))
            };
            rows.push(vec![
                size.to_string(),
                name.to_owned(),
                beside(|read| read.first_ns, millis),
                beside(|read| read.all_ns, millis),
                beside(|read| read.peak_bytes, |bytes| format!("{:.2} MB", bytes / 1e6)),
            ]);
        }
    }
    println!(
        "A list over loopback, in the middle of {ROUNDS} rounds in turn; in brackets, beside reqwest's of \
         the same round. {}.\n",
        machine()
    );
    table::print(&["companies", "way", "first company", "all", "peak memory"], &rows);
    Ok(())
}
