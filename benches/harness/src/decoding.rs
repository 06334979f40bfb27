//! The task of every measured decoder: decode one list, once.

use std::error::Error;
use std::future::Future;

use crate::allocations::counts;
use crate::bodies::companies;
use crate::measure::{Outcome, runtime};

/// The expected number of companies.
pub struct Check(usize);

/// Reads the argument `COMPANIES`, and makes the body to decode.
///
/// # Errors
///
/// If the argument is missing or wrong.
pub fn decode() -> Result<(Vec<u8>, Check), Box<dyn Error>> {
    let count = std::env::args().nth(1).ok_or("expected: COMPANIES")?.parse()?;
    Ok((companies(count).into_bytes(), Check(count)))
}

impl Check {
    /// Decodes the body, checks the number of companies, and prints the allocations.
    ///
    /// # Errors
    ///
    /// If decoding fails, or returns another number of companies.
    pub fn decode_all(
        &self,
        decoding: impl Future<Output = Result<usize, Box<dyn Error>>>,
    ) -> Outcome {
        let runtime = runtime()?;
        let before = counts();
        let came = runtime.block_on(decoding)?;
        before.print_since(1);
        if came == self.0 { Ok(()) } else { Err(format!("{came} of {} came", self.0).into()) }
    }
}
