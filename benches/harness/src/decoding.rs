//! What every measured decoder does: one list, once.

use std::error::Error;
use std::future::Future;

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
    /// Decodes, and looks at how many came.
    ///
    /// # Errors
    ///
    /// If it fails, or gives another number.
    pub fn that_all_came(
        &self,
        decoding: impl Future<Output = Result<usize, Box<dyn Error>>>,
    ) -> Outcome {
        let came = runtime()?.block_on(decoding)?;
        if came == self.0 { Ok(()) } else { Err(format!("{came} of {} came", self.0).into()) }
    }
}
