//! Decoding alone: instructions and allocations of one company, which repeat exactly.
//!
//! Making the body costs the same in each program. It is measured separately and subtracted.

use crate::client::{Cost, Counted};
use crate::program::{Outcome, Program, machine, version};
use crate::table::{self, as_f64, ratio, thousands};

const SIZES: [u64; 3] = [100, 1_000, 10_000];

pub(crate) const OURS: &str = "decode-partner-api";

const DECODERS: [(&str, &str, &str); 4] = [
    ("serde_json, `from_slice` of the whole body", "decode-serde-json", "serde_json"),
    ("partner-api, from pieces as they come", OURS, "partner-api"),
    ("sonic-rs, of the whole body", "decode-sonic-rs", "sonic-rs"),
    ("simd-json, of the whole body", "decode-simd-json", "simd-json"),
];

pub(crate) fn print() -> Outcome<()> {
    let nothing = Program::build("decode-nothing")?;
    let mut programs = Vec::new();
    for (name, package, library) in DECODERS {
        let name = format!("{name} ({})", version(library)?);
        programs.push((name, Program::build(package)?));
    }
    let mut rows = Vec::new();
    for size in SIZES {
        let making = slope(&nothing, size)?;
        let mut base = None;
        for (name, program) in &programs {
            let each = slope(program, size)?.saturating_sub(making);
            let base = *base.get_or_insert(each);
            let allocations = as_f64(allocations(program, size, "kept")?.allocations);
            rows.push(vec![
                size.to_string(),
                name.clone(),
                thousands(each),
                ratio(as_f64(each), as_f64(base)),
                format!("{:.1}", allocations / as_f64(size)),
            ]);
        }
    }
    println!(
        "Decoding a list of companies of about 330 bytes each, typed and kept: instructions and allocations a company, the \
         former by the slope from so many companies to twice as many. {}.\n",
        machine()
    );
    let header = ["companies", "way", "instructions", "of serde_json's", "allocations"];
    table::print(&header, &rows);
    Ok(())
}

/// The allocations of a list with this many companies, `kept` or `streamed`.
pub(crate) fn allocations(program: &Program, companies: u64, way: &str) -> Outcome<Cost> {
    Ok(program.run::<Counted>(&[&companies.to_string(), way])?.each())
}

/// Instructions of the client's decoder for one company, in a list of this many.
pub(crate) fn ours(companies: u64) -> Outcome<u64> {
    let making = slope(&Program::build("decode-nothing")?, companies)?;
    Ok(slope(&Program::build(OURS)?, companies)?.saturating_sub(making))
}

fn slope(program: &Program, companies: u64) -> Outcome<u64> {
    let count_of = |companies: u64| program.instructions(&[&companies.to_string()]);
    Ok(count_of(2 * companies)?.saturating_sub(count_of(companies)?) / companies)
}
