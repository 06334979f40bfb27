//! A route: one method on one path, and what answers it.

use std::pin::Pin;

use http::{Method, Response};
use percent_encoding::percent_decode_str;

use super::request::Asked;
use super::response::Answer;
use crate::state::payload::Content;

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

/// An answer that may be waited for.
pub(super) type Waiting = Pin<Box<dyn Future<Output = Answer> + Send>>;

#[derive(Debug, Clone, Copy)]
pub(super) enum Handler {
    /// It cannot be refused.
    Always(fn(&Asked) -> Response<Content>),
    Now(fn(&Asked) -> Answer),
    /// It may wait.
    Later(fn(Asked) -> Waiting),
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
        answer: fn(&Asked) -> Response<Content>,
    ) -> Self {
        Self { method, path, handler: Handler::Always(answer), is_open: false }
    }

    pub(super) const fn waiting(
        method: &'static str,
        path: &'static str,
        answer: fn(Asked) -> Waiting,
    ) -> Self {
        Self { method, path, handler: Handler::Later(answer), is_open: false }
    }

    pub(super) const fn open(self) -> Self {
        Self { is_open: true, ..self }
    }

    pub(super) fn answers(&self, method: &Method) -> bool {
        self.method == method.as_str() || (self.method == "GET" && method == Method::HEAD)
    }

    /// The names in a path, if it is one of this route's.
    pub(super) fn names(&self, path: &str) -> Option<Vec<String>> {
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
