//! Code that every measured program shares, so that all measure in the same way.

mod allocations;
mod bodies;
mod decoding;
mod measure;
mod server;
mod wire;

pub use self::bodies::{WALLET, companies};
pub use self::decoding::{Check, decode};
pub use self::measure::{
    Calls, Outcome, Progress, Service, Task, Work, arguments, calls, cold, list, measured,
    partners, runtime,
};
pub use self::server::{Address, Running, print_median, serve, until_input_ends};
pub use self::wire::{Companies, Company, Wallet};
