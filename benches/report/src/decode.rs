//! Decoding alone: instructions of one company, which repeat exactly.
//!
//! Making the body costs the same in each of the programs, and is measured apart to be taken off.

use crate::program::{Outcome, Program, machine, version};
use crate::table::{self, as_f64, ratio, thousands};

const COMPANIES: u64 = 2_000;

const DECODERS: [(&str, &str, &str); 4] = [
    ("serde_json, `from_slice` of the whole body", "decode-serde-json", "serde_json"),
    ("partner-api, from pieces as they come", "decode-partner-api", "partner-api"),
    ("sonic-rs, of the whole body", "decode-sonic-rs", "sonic-rs"),
    ("simd-json, of the whole body", "decode-simd-json", "simd-json"),
];

pub(crate) fn print() -> Outcome<()> {
    let nothing = slope(&Program::build("decode-nothing")?)?;
    let mut base = None;
    let mut rows = Vec::new();
    for (name, package, library) in DECODERS {
        let each = slope(&Program::build(package)?)?.saturating_sub(nothing);
        let base = *base.get_or_insert(each);
        let name = format!("{name} ({})", version(library)?);
        rows.push(vec![name, thousands(each), ratio(as_f64(each), as_f64(base))]);
    }
    println!(
        "Decoding a list of companies of 368 bytes each, typed and kept: instructions a company, by the slope from \
         {COMPANIES} to {} companies. {}.\n",
        2 * COMPANIES,
        machine()
    );
    table::print(&["way", "instructions", "of serde_json's"], &rows);
    Ok(())
}

fn slope(program: &Program) -> Outcome<u64> {
    let count_of = |companies: u64| program.instructions(&[&companies.to_string()]);
    Ok(count_of(2 * COMPANIES)?.saturating_sub(count_of(COMPANIES)?) / COMPANIES)
}
