//! The endpoints of the reference: a file for each, with its route and its handler, and a line in
//! [`ROUTES`].

mod companies;
mod wallet;

use super::Route;

/// Every route of the mock: the endpoints that the reference lists, and no other.
///
/// Requests are matched against this table. `HEAD` works wherever `GET` does (RFC 9110, section
/// 9.3.2).
pub const ROUTES: &[Route] = &[companies::ROUTE, wallet::ROUTE];
