//! Text that others wrote: JSON and YAML read strictly, mistakes described with their place, and
//! control characters escaped wherever it is shown.

pub(crate) mod escape;
pub(crate) mod json;
#[cfg(feature = "schema")]
pub(crate) mod schema;
pub(crate) mod suggest;
#[cfg(feature = "yaml")]
pub(crate) mod yaml;
