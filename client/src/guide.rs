//! Guides, each with code that is tested.

#[doc = include_str!("guide/getting_started.md")]
pub mod getting_started {}

#[doc = include_str!("guide/errors.md")]
pub mod errors {}

#[doc = include_str!("guide/retries_and_deadlines.md")]
pub mod retries_and_deadlines {}

#[doc = include_str!("guide/long_lists.md")]
pub mod long_lists {}

#[doc = include_str!("guide/keys.md")]
pub mod keys {}

#[doc = include_str!("guide/observability.md")]
pub mod observability {}

#[doc = include_str!("guide/testing.md")]
pub mod testing {}

#[doc = include_str!("guide/endpoints_not_covered.md")]
pub mod endpoints_not_covered {}
