//! The known name that a misspelt one is nearest to.

/// The nearest of some names, if one is near enough to have been meant.
pub(crate) fn nearest<'a>(
    misspelt: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(misspelt, name), name))
        .filter(|(distance, name)| distance * 2 <= name.len())
        .min()
        .map(|(_, name)| name)
}

/// The nearest name of a message by serde, which gives the misspelt and the known names in its
/// text only: "unknown field `walet`, expected one of `name`, `wallet`".
pub(crate) fn nearest_in(message: &str) -> Option<&str> {
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return None;
    }
    let mut names = message.split('`').skip(1).step_by(2);
    nearest(names.next()?, names)
}
