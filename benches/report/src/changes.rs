//! Two lists of companies compared, beside decoding one of them.

use serde::Deserialize;

use crate::program::{Outcome, Program, machine};
use crate::table::{self, median, millis, shown_ratio};

const SIZES: [usize; 2] = [10_000, 100_000];

const ROUNDS: usize = 7;

const CASES: [(&str, &str); 5] = [
    ("equal", "no change"),
    ("ten", "six renamed, one added in front, one removed"),
    ("percent", "one in a hundred renamed"),
    ("reversed", "the same companies in reverse order"),
    ("removed", "all removed"),
];

#[derive(Debug, Deserialize)]
struct Compared {
    changes: usize,
    decode_ns: f64,
    decode_peak: f64,
    compare_ns: f64,
    compare_peak: f64,
}

pub(crate) fn print() -> Outcome<()> {
    let program = Program::build("changes")?;
    let mut rows = Vec::new();
    for size in SIZES {
        for (case, description) in CASES {
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                rounds.push(program.run::<Compared>(&[&size.to_string(), case])?);
            }
            let beside = |of: fn(&Compared) -> f64, by: fn(&Compared) -> f64| {
                shown_ratio(median(rounds.iter().map(|round| of(round) / by(round))))
            };
            rows.push(vec![
                size.to_string(),
                description.to_owned(),
                rounds.first().map_or(0, |round| round.changes).to_string(),
                millis(median(rounds.iter().map(|round| round.decode_ns))),
                format!(
                    "{} ({})",
                    millis(median(rounds.iter().map(|round| round.compare_ns))),
                    beside(|round| round.compare_ns, |round| round.decode_ns)
                ),
                format!(
                    "{:.2} MB ({})",
                    median(rounds.iter().map(|round| round.compare_peak)) / 1e6,
                    beside(|round| round.compare_peak, |round| round.decode_peak)
                ),
            ]);
        }
    }
    println!(
        "Two lists of companies compared with `monitor::changes`, in the middle of {ROUNDS} rounds; in brackets, \
         beside decoding one of them with `companies().await` in the same process. The memory is the peak while \
         comparing, the result included. {}.\n",
        machine()
    );
    table::print(&["companies", "change", "changes", "decode", "compare", "memory"], &rows);
    Ok(())
}
