//! A route: one method on one path, and what answers it.

use std::pin::Pin;

use http::{Method, Response};
use percent_encoding::percent_decode_str;

use super::request::ControlRequest;
use super::response::ControlResult;
use crate::state::payload::Payload;

/// One method on one path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) method: &'static str,
    /// Below `/_mock`; a segment in braces is any one segment, percent-decoded.
    pub(super) path: &'static str,
    pub(super) handler: Handler,
    /// Whether it is answered without the token.
    pub(super) is_public: bool,
}

/// A response that may be waited for.
pub(super) type Waiting = Pin<Box<dyn Future<Output = ControlResult> + Send>>;

#[derive(Debug, Clone, Copy)]
pub(super) enum Handler {
    /// It cannot be refused.
    Infallible(fn(&ControlRequest) -> Response<Payload>),
    Sync(fn(&ControlRequest) -> ControlResult),
    /// It may wait.
    Async(fn(ControlRequest) -> Waiting),
}

impl Route {
    pub(super) const fn new(
        method: &'static str,
        path: &'static str,
        answer: fn(&ControlRequest) -> ControlResult,
    ) -> Self {
        Self { method, path, handler: Handler::Sync(answer), is_public: false }
    }

    pub(super) const fn infallible(
        method: &'static str,
        path: &'static str,
        answer: fn(&ControlRequest) -> Response<Payload>,
    ) -> Self {
        Self { method, path, handler: Handler::Infallible(answer), is_public: false }
    }

    pub(super) const fn waiting(
        method: &'static str,
        path: &'static str,
        answer: fn(ControlRequest) -> Waiting,
    ) -> Self {
        Self { method, path, handler: Handler::Async(answer), is_public: false }
    }

    pub(super) const fn public(self) -> Self {
        Self { is_public: true, ..self }
    }

    pub(super) fn answers(&self, method: &Method) -> bool {
        self.method == method.as_str() || (self.method == "GET" && method == Method::HEAD)
    }

    /// The names in a path, if it is one of this route's.
    pub(super) fn names(&self, path: &str) -> Option<Vec<String>> {
        let (mut mine, mut request) = (self.path.split('/'), path.split('/'));
        let mut names = Vec::new();
        loop {
            match (mine.next(), request.next()) {
                (None, None) => return Some(names),
                (Some(mine), Some(request)) if mine == request => {}
                (Some(mine), Some(request)) if mine.starts_with('{') && !request.is_empty() => {
                    names.push(percent_decode_str(request).decode_utf8().ok()?.into_owned());
                }
                _ => return None,
            }
        }
    }
}
