//! How much the control API lets there be.

use super::response::ApiError;

/// How many partners, and rules, and stubs there may be before the control API adds no more. A
/// suite that never cleans up is told so, before it has eaten the machine's memory.
const MAX_RESOURCES: usize = 10_000;

/// Refuses what would be one more of a kind than there may be.
pub(super) fn check(count: usize, what: &str) -> Result<(), ApiError> {
    if count < MAX_RESOURCES {
        return Ok(());
    }
    let message = format!("there are {count} {what}, and no more are added: remove some first");
    Err(ApiError::conflict(message))
}
