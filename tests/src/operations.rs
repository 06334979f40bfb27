//! The same operations on every side.

use std::collections::BTreeSet;

use crate::Checked;
use crate::contract::Contract;

/// Checks that a side has the contract's operations, each by method and path below the base path,
/// and no other.
pub fn check<'a>(
    contract: &Contract,
    side: &str,
    has: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Checked {
    let has: BTreeSet<_> = has.into_iter().collect();
    let operations = contract.operations()?;
    let wanted: BTreeSet<_> = operations.iter().map(|one| (one.method, one.path)).collect();
    if has == wanted {
        return Ok(());
    }
    let lacks: Vec<_> = wanted.difference(&has).collect();
    let adds: Vec<_> = has.difference(&wanted).collect();
    Err(format!("{side} lacks {lacks:?} and has {adds:?} beyond the contract").into())
}
