//! One `wallet()` call: instructions and allocations, which repeat exactly, beside other ways to make it.

use serde::Deserialize;

use crate::program::{Outcome, Program, Serving, machine, service, version};
use crate::table::{self, as_f64, ratio, thousands};

/// Calls between the two points of the slope.
const CALLS: usize = 1000;

/// By what all others are measured.
const BASE: &str = "peer-reqwest";

/// What is shown, the package that it is, and the libraries whose versions are named.
const ROWS: [(&str, &str, &[&str]); 6] = [
    ("reqwest by hand", BASE, &["reqwest"]),
    ("partner-api, everything on", "peer-partner-api", &["partner-api"]),
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
    Ok(())
}

/// The slope from so many calls to twice as many, so that start and end do not count.
pub(crate) fn measure(program: &Program, service: &Serving) -> Outcome<Cost> {
    let (once, twice) = (CALLS.to_string(), (2 * CALLS).to_string());
    let few = program.instructions(&["wallet", &once, &service.line])?;
    let many = program.instructions(&["wallet", &twice, &service.line])?;
    let counted: Counted = program.run(&["wallet", &once, &service.line])?;
    Ok(Cost { instructions: many.saturating_sub(few) / CALLS as u64, ..counted.each() })
}
