//! What every measured decoder does: one list, once.

use std::error::Error;
use std::future::Future;

use crate::allocations::counts;
use crate::bodies::companies;
use crate::measure::{Outcome, runtime};

/// How many companies there were.
pub struct Check(usize);

/// `COMPANIES`: the body to be decoded, made for it.
///
/// # Errors
///
/// If that is not what was said.
pub fn decode() -> Result<(Vec<u8>, Check), Box<dyn Error>> {
    let count = std::env::args().nth(1).ok_or("expected: COMPANIES")?.parse()?;
    Ok((companies(count).into_bytes(), Check(count)))
}

impl Check {
    /// Decodes, looks at how many came, and prints what was allocated for all of them.
    ///
    /// # Errors
    ///
    /// If it fails, or gives another number.
    pub fn that_all_came(
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
