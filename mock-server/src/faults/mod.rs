//! Faults: what changes a response or a connection, for which requests, and when.

mod applied;
pub(crate) mod apply;
mod delay;
mod fault;
pub(crate) mod outage;
pub(crate) mod registry;
mod rule;
mod sampling;

pub use self::applied::AppliedFault;
pub use self::delay::Delay;
pub(crate) use self::delay::Time;
pub use self::fault::Fault;
pub(crate) use self::rule::{
    CheckedRule, Connection, FaultSpec, Key, Target, WrittenRule, another_partner, unknown_partner,
};
pub use self::rule::{Rule, RuleError};
