//! The path of a request below the base URL, segment by segment.

/// The path of the API below the app's origin. Source: the reference, "Base URL".
pub const API_PATH: &str = "/api/v1";

/// The path of a request below the base URL.
///
/// A text is split at its slashes: `"templates/7"`. `"/templates/7"` and `"/api/v1/templates/7"`, as
/// the reference writes paths, mean the same. Identifiers and other values are best given as a list,
/// `["templates", id]`, so that a slash in a value does not split it. Each segment is escaped, and no
/// path can leave the base URL.
///
/// ```
/// use partner_api::ApiPath;
///
/// assert_eq!(ApiPath::from("templates/7"), ApiPath::from(["templates", "7"]));
/// assert_eq!(ApiPath::from("/api/v1/templates/7"), ApiPath::from("templates/7"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiPath(Result<Vec<String>, &'static str>);

impl ApiPath {
    /// Returns the segments, or why they are not a path below the base URL.
    pub(crate) fn segments(&self) -> Result<&[String], String> {
        let segments = self.0.as_deref().map_err(|problem| (*problem).to_owned())?;
        if segments.is_empty() {
            return Err("the path is empty; give at least one segment".into());
        }
        match segments.iter().find_map(|segment| segment_problem(segment)) {
            Some(problem) => Err(problem.into()),
            None => Ok(segments),
        }
    }
}

fn segment_problem(segment: &str) -> Option<&'static str> {
    let unescaped = segment.to_ascii_lowercase().replace("%2e", ".");
    match unescaped.as_str() {
        "" => Some("the path contains an empty segment"),
        "." | ".." => Some("the path contains the segment . or .., which could leave the base URL"),
        // URL parsers skip these characters, so they could hide a `..` from the check above.
        segment if segment.contains(['\t', '\n', '\r']) => {
            Some("the path contains a tab or a line break")
        }
        _ => None,
    }
}

impl From<&str> for ApiPath {
    /// Splits the text at its slashes; a slash at the start is optional. `?` and `#` are errors:
    /// set a query with [`RequestBuilder::query`](crate::RequestBuilder::query).
    fn from(path: &str) -> Self {
        if path.contains(['?', '#']) {
            return Self(Err(
                "the path contains ? or #; set a query with query(), or give the segments as a list",
            ));
        }
        Self(Ok(relative_path(path).split('/').map(str::to_owned).collect()))
    }
}

/// Returns the path below the base URL: `stats` for `stats`, `/stats` and `/api/v1/stats`.
pub(crate) fn relative_path(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.strip_prefix(API_PATH.trim_start_matches('/')) {
        Some("") => "",
        Some(below) => below.strip_prefix('/').unwrap_or(path),
        None => path,
    }
}

impl From<&String> for ApiPath {
    fn from(path: &String) -> Self {
        path.as_str().into()
    }
}

impl From<String> for ApiPath {
    fn from(path: String) -> Self {
        path.as_str().into()
    }
}

impl<S: AsRef<str>, const N: usize> From<[S; N]> for ApiPath {
    fn from(segments: [S; N]) -> Self {
        segments.as_slice().into()
    }
}

impl<S: AsRef<str>> From<Vec<S>> for ApiPath {
    fn from(segments: Vec<S>) -> Self {
        segments.as_slice().into()
    }
}

impl<S: AsRef<str>> From<&[S]> for ApiPath {
    fn from(segments: &[S]) -> Self {
        Self(Ok(segments.iter().map(|segment| segment.as_ref().to_owned()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_empty_or_could_leave_the_base_url_is_an_error() {
        for path in
            ["", "/", "a//b", "a/", "//a", ".", "a/../b", "%2e%2E", "a/.%2e", "%2e", "a?b=c", "a#b"]
        {
            assert!(ApiPath::from(path).segments().is_err(), "{path}");
        }
        for segment in [".\t.", "\n..", "..\r", "\t", "%2\ne%2e", "a\tb"] {
            assert!(ApiPath::from(["a", segment]).segments().is_err());
        }
        assert!(ApiPath::from([""; 0]).segments().is_err());
        for path in ["a", "/a", "a/b", "...", "a.b", "%2f"] {
            assert!(ApiPath::from(path).segments().is_ok(), "{path}");
        }
        assert!(ApiPath::from(["a?b#c/d"]).segments().is_ok());
    }

    #[test]
    fn a_path_means_the_same_with_and_without_the_path_of_the_api() {
        for path in ["stats", "/stats", "/api/v1/stats", "api/v1/stats"] {
            assert_eq!(ApiPath::from(path), ApiPath::from(["stats"]), "{path}");
        }
        for (path, segments) in [
            ("api/v2/stats", &["api", "v2", "stats"][..]),
            ("/api/v1beta/stats", &["api", "v1beta", "stats"]),
            ("stats/api/v1", &["stats", "api", "v1"]),
        ] {
            assert_eq!(ApiPath::from(path), ApiPath::from(segments), "{path}");
        }
        for path in ["/api/v1", "/api/v1/", "/api/v1//stats"] {
            assert!(ApiPath::from(path).segments().is_err(), "{path}");
        }
    }
}
