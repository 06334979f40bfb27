//! A request to the control API, past the guard: what its path names, its query and its body.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::ControlApi;
use super::query::Query;
use super::response::ApiError;
use crate::input::json::{self, Expected};
use crate::mock::{Mock, Partner};

#[derive(Debug)]
pub(super) struct ControlRequest {
    pub(super) api: Arc<ControlApi>,
    names: Vec<String>,
    pub(super) query: Query,
    body: Bytes,
}

impl ControlRequest {
    pub(super) fn new(
        api: Arc<ControlApi>,
        names: Vec<String>,
        query: &str,
        body: Bytes,
    ) -> Result<Self, ApiError> {
        Ok(Self { api, names, query: Query::read(query)?, body })
    }

    pub(super) fn mock(&self) -> &Mock {
        &self.api.mock
    }

    /// A name in the path, counted from 0.
    pub(super) fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }

    /// The partner that the path names first.
    pub(super) fn partner(&self) -> Result<Partner, ApiError> {
        let id = self.name(0);
        self.mock().partner_with_id(id).ok_or_else(|| {
            ApiError::not_found(format!("there is no partner `{}`", id.escape_debug()))
        })
    }

    /// The partner, if the path is one below a partner's.
    pub(super) fn partner_if_named(&self) -> Result<Option<Partner>, ApiError> {
        if self.names.is_empty() { Ok(None) } else { self.partner().map(Some) }
    }

    /// Takes back what was added to a partner that was removed meanwhile, so that nothing of it is
    /// left behind.
    pub(super) fn undo_if_removed(&self, undo: impl FnOnce()) -> Result<(), ApiError> {
        self.partner_if_named().map(drop).inspect_err(|_| undo())
    }

    pub(super) fn text(&self) -> Result<&str, ApiError> {
        std::str::from_utf8(&self.body).map_err(|error| {
            let at = error.valid_up_to();
            ApiError::invalid(
                "",
                format!("byte {at} of the body is not UTF-8: expected JSON in UTF-8"),
            )
        })
    }

    /// The body as a JSON object.
    pub(super) fn body<T: DeserializeOwned + Expected>(&self) -> Result<T, ApiError> {
        Ok(json::object(self.text()?)?)
    }

    /// As [`body`](Self::body), where nothing is as good as `{}`.
    pub(super) fn body_or_default<T>(&self) -> Result<T, ApiError>
    where
        T: DeserializeOwned + Expected + Default,
    {
        if self.body.is_empty() { Ok(T::default()) } else { self.body() }
    }
}
