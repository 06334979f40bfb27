//! One `wallet()` call: instructions and allocations, which repeat exactly, beside other ways to make it.

use serde::Deserialize;

use crate::program::{Outcome, Program, Serving, machine, service, version};
use crate::table::{self, as_f64, ratio, thousands};

/// Calls between the two points of the slope: a multiple of each number that is under way at once.
const CALLS: usize = 1024;

/// How many calls are under way at once, to see how the cost grows.
const AT_ONCE: [usize; 3] = [1, 16, 256];

/// By what all others are measured.
const BASE: &str = "peer-reqwest";
const OURS: &str = "peer-partner-api";

/// What is shown, the package that it is, and the libraries whose versions are named.
const ROWS: [(&str, &str, &[&str]); 6] = [
    ("reqwest by hand", BASE, &["reqwest"]),
    ("partner-api, everything on", OURS, &["partner-api"]),
    ("progenitor", "peer-progenitor", &["progenitor"]),
    ("reqwest-middleware + reqwest-retry", "peer-reqwest-middleware", &["reqwest-middleware"]),
    ("hyper-util + serde_json: no TLS, limit, retry", "peer-hyper-util", &["hyper-util"]),
    (
        "partner-api over hyper-util, everything on",
        "peer-partner-api-over-hyper-util",
        &["hyper-util"],
    ),
];

/// What one call costs.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) instructions: u64,
    pub(crate) allocations: u64,
    pub(crate) reallocations: u64,
}

/// What so many calls, or answers, allocated.
#[derive(Deserialize)]
pub(crate) struct Counted {
    calls: u64,
    allocations: u64,
    reallocations: u64,
}

impl Counted {
    /// What one allocated. Its instructions are not known.
    pub(crate) fn each(&self) -> Cost {
        let each = |count: u64| (count + self.calls / 2) / self.calls;
        Cost {
            instructions: 0,
            allocations: each(self.allocations),
            reallocations: each(self.reallocations),
        }
    }
}

pub(crate) fn print() -> Outcome<()> {
    let service = service(&Program::build("service")?, 1)?;
    let base = measure(&Program::build(BASE)?, &service)?;
    let mut rows = Vec::new();
    for (name, package, libraries) in ROWS {
        let cost =
            if package == BASE { base } else { measure(&Program::build(package)?, &service)? };
        let versions: Outcome<Vec<_>> = libraries.iter().map(|library| version(library)).collect();
        rows.push(vec![
            format!("{name} ({})", versions?.join(", ")),
            thousands(cost.instructions),
            ratio(as_f64(cost.instructions), as_f64(base.instructions)),
            format!("{} + {}", cost.allocations, cost.reallocations),
        ]);
    }
    println!("One `wallet()` call on a kept-alive loopback connection. {}.\n", machine());
    let header = ["way", "instructions", "of reqwest's", "allocations + reallocations"];
    table::print(&header, &rows);
    println!();
    print_growth(&service)
}

/// The same call while others are under way, each on a connection of its own.
fn print_growth(service: &Serving) -> Outcome<()> {
    let (base, ours) = (Program::build(BASE)?, Program::build(OURS)?);
    let mut rows = Vec::new();
    for at_once in AT_ONCE {
        let base = measure_at_once(&base, service, at_once)?;
        let ours = measure_at_once(&ours, service, at_once)?;
        rows.push(vec![
            at_once.to_string(),
            thousands(base.instructions),
            thousands(ours.instructions),
            ratio(as_f64(ours.instructions), as_f64(base.instructions)),
            format!("{} + {}", base.allocations, base.reallocations),
            format!("{} + {}", ours.allocations, ours.reallocations),
        ]);
    }
    println!(
        "A call of so many that are under way at once: instructions, and allocations + reallocations.\n"
    );
    let header = [
        "at once",
        "reqwest by hand",
        "partner-api",
        "of reqwest's",
        "reqwest by hand",
        "partner-api",
    ];
    table::print(&header, &rows);
    Ok(())
}

/// What a call costs, one after the other.
pub(crate) fn measure(program: &Program, service: &Serving) -> Outcome<Cost> {
    measure_at_once(program, service, 1)
}

/// The slope from so many calls to twice as many, so that start and end do not count.
fn measure_at_once(program: &Program, service: &Serving, at_once: usize) -> Outcome<Cost> {
    let (once, twice, at_once) = (CALLS.to_string(), (2 * CALLS).to_string(), at_once.to_string());
    let few = program.instructions(&["wallet", &once, &at_once, &service.line])?;
    let many = program.instructions(&["wallet", &twice, &at_once, &service.line])?;
    let counted: Counted = program.run(&["wallet", &once, &at_once, &service.line])?;
    Ok(Cost { instructions: many.saturating_sub(few) / CALLS as u64, ..counted.each() })
}
