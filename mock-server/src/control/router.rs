//! The route table: which route a request is for.

use http::Method;

use super::resources::{
    clock, companies, connections, faults, health, keys, openapi, partners, requests, stubs, wallet,
};
use super::response::ApiError;
use super::route::Route;
use super::{PREFIX, ui};

/// Every route, noun by noun.
const TABLE: &[&[Route]] = &[
    health::ROUTES,
    ui::ROUTES,
    openapi::ROUTES,
    partners::ROUTES,
    wallet::ROUTES,
    companies::ROUTES,
    connections::ROUTES,
    keys::ROUTES,
    faults::ROUTES,
    stubs::ROUTES,
    requests::ROUTES,
    clock::ROUTES,
];

pub(super) fn all() -> impl Iterator<Item = &'static Route> {
    TABLE.iter().copied().flatten()
}

/// The route of a request, and the names in its path.
pub(super) fn find(method: &Method, path: &str) -> Result<(&'static Route, Vec<String>), ApiError> {
    let path_below = path.strip_prefix(PREFIX).unwrap_or(path);
    let here: Vec<_> = all().filter_map(|route| Some((route, route.names(path_below)?))).collect();
    if here.is_empty() {
        return Err(ApiError::not_found("there is no such path in the control API"));
    }
    let methods: Vec<_> = here.iter().map(|(route, _)| route.method).collect();
    here.into_iter()
        .find(|(route, _)| route.answers(method))
        .ok_or_else(|| ApiError::wrong_method(&methods))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_stands_twice_and_each_is_found_by_its_own_path() {
        for route in all() {
            let method: Method = route.method.parse().unwrap();
            let (found, _) = find(&method, &format!("{PREFIX}{}", route.path)).ok().unwrap();
            assert!(std::ptr::eq(found, route), "{} {}", route.method, route.path);
        }
    }

    #[test]
    fn a_name_is_decoded_after_the_path_was_cut() {
        let names = |path| find(&Method::GET, path).ok().map(|(_, names)| names);
        let company = "/_mock/partners/p-1/companies/a%2Fb%20%C3%A9";
        assert_eq!(names(company), Some(vec!["p-1".to_owned(), "a/b \u{e9}".to_owned()]));
        for path in ["/_mock/partners/", "/_mock/partners/%ff", "/_mock/partners/p-1/", "/_mock//"]
        {
            assert_eq!(names(path), None, "{path}");
        }
    }
}
