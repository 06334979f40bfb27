//! The known name that a misspelt one is nearest to.

/// `; did you mean …?`, if one of some names is near enough to have been meant.
pub(crate) fn did_you_mean<'a>(misspelt: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let near = names
        .into_iter()
        .map(|name| (strsim::osa_distance(misspelt, name), name))
        .filter(|(distance, name)| distance * 2 <= name.len())
        .min();
    near.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

/// The same for a message by serde, which gives the misspelt and the known names in its text only:
/// "unknown field `walet`, expected one of `name`, `wallet`".
pub(crate) fn did_you_mean_in(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    names.next().map_or_else(String::new, |misspelt| did_you_mean(misspelt, names))
}
