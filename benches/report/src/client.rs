//! One `wallet()` call: instructions and allocations, which repeat exactly, beside other ways to make it.

use serde::Deserialize;

use crate::program::{Outcome, Program, Serving, machine, service, version};
use crate::table::{self, as_f64, ratio, thousands};

/// Calls between the two points of the slope: a multiple of each number of concurrent calls.
const CALLS: usize = 1024;

/// Numbers of concurrent calls, to see how the cost grows.
const CONCURRENT: [usize; 3] = [1, 16, 256];

/// The way that all others are compared with.
const BASE: &str = "peer-reqwest";
const OURS: &str = "peer-partner-api";

/// The shown name, the package, and the libraries whose versions are shown.
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

/// The cost of one call.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) instructions: u64,
    pub(crate) allocations: u64,
    pub(crate) reallocations: u64,
}

/// The allocations of this many calls or responses.
#[derive(Deserialize)]
pub(crate) struct Counted {
    calls: u64,
    allocations: u64,
    reallocations: u64,
}

impl Counted {
    /// The allocations of one. Its instructions are not known.
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

/// The same call while others are in progress, each on a separate connection.
fn print_growth(service: &Serving) -> Outcome<()> {
    let (base, ours) = (Program::build(BASE)?, Program::build(OURS)?);
    let mut rows = Vec::new();
    for concurrent in CONCURRENT {
        let base = measure_concurrent(&base, service, concurrent)?;
        let ours = measure_concurrent(&ours, service, concurrent)?;
        rows.push(vec![
            concurrent.to_string(),
            thousands(base.instructions),
            thousands(ours.instructions),
            ratio(as_f64(ours.instructions), as_f64(base.instructions)),
            format!("{} + {}", base.allocations, base.reallocations),
            format!("{} + {}", ours.allocations, ours.reallocations),
        ]);
    }
    println!("One of this many concurrent calls: instructions, and allocations + reallocations.\n");
    let header = [
        "concurrent",
        "reqwest by hand",
        "partner-api",
        "of reqwest's",
        "reqwest by hand",
        "partner-api",
    ];
    table::print(&header, &rows);
    Ok(())
}

/// The cost of one call after the other.
pub(crate) fn measure(program: &Program, service: &Serving) -> Outcome<Cost> {
    measure_concurrent(program, service, 1)
}

/// The slope between a number of calls and twice that number, so that start and end do not count.
fn measure_concurrent(program: &Program, service: &Serving, concurrent: usize) -> Outcome<Cost> {
    let (once, twice, concurrent) =
        (CALLS.to_string(), (2 * CALLS).to_string(), concurrent.to_string());
    let few = program.instructions(&["wallet", &once, &concurrent, &service.line])?;
    let many = program.instructions(&["wallet", &twice, &concurrent, &service.line])?;
    let counted: Counted = program.run(&["wallet", &once, &concurrent, &service.line])?;
    Ok(Cost { instructions: many.saturating_sub(few) / CALLS as u64, ..counted.each() })
}
