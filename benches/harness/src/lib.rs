//! What every measured program shares, so that no two of them measure differently.

mod allocations;
mod measure;
mod wire;

pub use self::allocations::Counting;
pub use self::measure::{Outcome, Progress, Service, Task, arguments, calls, list};
pub use self::wire::{Companies, Company, Wallet};
