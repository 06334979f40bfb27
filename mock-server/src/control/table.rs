//! The route table: which method on which path is answered by what.

use std::pin::Pin;

use bytes::Bytes;
use http::{Method, Response};
use percent_encoding::percent_decode_str;

use super::asked::Asked;
use super::reply::Failure;
use super::{
    PREFIX, clock, companies, connections, documents, faults, info, keys, page, partners, requests,
    stubs, wallet,
};

/// Every route, noun by noun.
const TABLE: &[&[Route]] = &[
    info::ROUTES,
    page::ROUTES,
    documents::ROUTES,
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

/// One method on one path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) method: &'static str,
    /// Below `/_mock`; a segment in braces is any one segment, percent-decoded.
    pub(super) path: &'static str,
    pub(super) handler: Handler,
    /// Whether it is answered without the token.
    pub(super) is_open: bool,
}

type Answer = Result<Response<Bytes>, Failure>;

#[derive(Debug, Clone, Copy)]
pub(super) enum Handler {
    /// It cannot be refused.
    Always(fn(&Asked) -> Response<Bytes>),
    Now(fn(&Asked) -> Answer),
    /// It may wait.
    Later(fn(Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>>),
}

impl Route {
    pub(super) const fn new(
        method: &'static str,
        path: &'static str,
        answer: fn(&Asked) -> Answer,
    ) -> Self {
        Self { method, path, handler: Handler::Now(answer), is_open: false }
    }

    pub(super) const fn always(
        method: &'static str,
        path: &'static str,
        answer: fn(&Asked) -> Response<Bytes>,
    ) -> Self {
        Self { method, path, handler: Handler::Always(answer), is_open: false }
    }

    pub(super) const fn waiting(
        method: &'static str,
        path: &'static str,
        answer: fn(Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>>,
    ) -> Self {
        Self { method, path, handler: Handler::Later(answer), is_open: false }
    }

    pub(super) const fn open(self) -> Self {
        Self { is_open: true, ..self }
    }

    fn answers(&self, method: &Method) -> bool {
        self.method == method.as_str() || (self.method == "GET" && method == Method::HEAD)
    }

    /// The names in a path, if it is one of this route's.
    fn names(&self, path: &str) -> Option<Vec<String>> {
        let (mut mine, mut asked) = (self.path.split('/'), path.split('/'));
        let mut names = Vec::new();
        loop {
            match (mine.next(), asked.next()) {
                (None, None) => return Some(names),
                (Some(mine), Some(asked)) if mine == asked => {}
                (Some(mine), Some(asked)) if mine.starts_with('{') && !asked.is_empty() => {
                    names.push(percent_decode_str(asked).decode_utf8().ok()?.into_owned());
                }
                _ => return None,
            }
        }
    }
}

pub(super) fn all() -> impl Iterator<Item = &'static Route> {
    TABLE.iter().copied().flatten()
}

/// The route of a request, and the names in its path.
pub(super) fn find(method: &Method, path: &str) -> Result<(&'static Route, Vec<String>), Failure> {
    let path_below = path.strip_prefix(PREFIX).unwrap_or(path);
    let here: Vec<_> = all().filter_map(|route| Some((route, route.names(path_below)?))).collect();
    if here.is_empty() {
        return Err(Failure::not_found("there is no such path in the control API"));
    }
    let methods: Vec<_> = here.iter().map(|(route, _)| route.method).collect();
    here.into_iter()
        .find(|(route, _)| route.answers(method))
        .ok_or_else(|| Failure::wrong_method(&methods))
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
