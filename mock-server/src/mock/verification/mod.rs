//! Verification of received requests: counted immediately or waited for, and explained if the count
//! is not as expected; and reports of what a test set up and never used.

mod count;
mod matcher;
mod mismatch;
mod received_requests;
mod report;

pub(crate) use self::count::Count;
pub use self::mismatch::VerificationError;
pub(crate) use self::received_requests::Matched;
pub use self::received_requests::ReceivedRequests;
pub use self::report::{Report, UnknownPath};
