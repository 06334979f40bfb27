//! Properties of responses beside the contract: HTTP/2, compression, paging, rate limits. They are
//! reported and never fail a check.

use std::collections::BTreeSet;

use http::header::{HeaderMap, LINK, RETRY_AFTER};
use serde::Serialize;
use serde_json::Value;

use crate::remote::{Received, Redactor};

/// The fields that announce another page: those at which the client refuses a list.
const PAGING_FIELDS: [&str; 10] = [
    "next",
    "nextPage",
    "nextCursor",
    "nextPageToken",
    "next_page",
    "next_cursor",
    "next_page_token",
    "cursor",
    "hasMore",
    "has_more",
];
const PAGING_OBJECTS: [&str; 4] = ["meta", "pagination", "paging", "links"];

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Observed {
    /// Such as `HTTP/2.0`.
    http_versions: BTreeSet<String>,
    /// The content coding of a response that might be compressed.
    compression: Option<String>,
    /// Fields and headers that announce pages.
    paging: BTreeSet<String>,
    rate_limit_headers: BTreeSet<String>,
}

impl Observed {
    pub(crate) fn add(&mut self, response: &Received, redactor: &Redactor) {
        self.http_versions.insert(format!("{:?}", response.version));
        self.rate_limit_headers.extend(rate_limits(&response.headers, redactor));
        let links = response.headers.get_all(LINK).iter().filter_map(|link| link.to_str().ok());
        if links.into_iter().any(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))
        {
            self.paging.insert("header Link".to_owned());
        }
        let body: Option<Value> = serde_json::from_slice(&response.body).ok();
        let Some(Value::Object(body)) = body else { return };
        for name in PAGING_FIELDS.into_iter().filter(|name| body.contains_key(*name)) {
            self.paging.insert(name.to_owned());
        }
        for outer in PAGING_OBJECTS {
            let inner = body.get(outer).and_then(Value::as_object);
            for name in PAGING_FIELDS {
                if inner.is_some_and(|inner| inner.contains_key(name)) {
                    self.paging.insert(format!("{outer}.{name}"));
                }
            }
        }
    }

    pub(crate) fn add_coding(&mut self, response: &Received, redactor: &Redactor) {
        self.compression = response.coding().map(|coding| redactor.shown(coding, 20));
    }

    /// One line for a person.
    pub(crate) fn line(&self) -> String {
        let list = |names: &BTreeSet<String>| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        format!(
            "observed: {}; compression: {}; paging: {}; rate-limit headers: {}",
            list(&self.http_versions),
            self.compression.as_deref().unwrap_or("none"),
            list(&self.paging),
            list(&self.rate_limit_headers)
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.http_versions.is_empty()
    }
}

/// Names only, since a value may tell whose limit it is.
fn rate_limits(headers: &HeaderMap, redactor: &Redactor) -> impl Iterator<Item = String> {
    let names = headers.keys().filter(|name| {
        let name = name.as_str();
        ["ratelimit", "x-ratelimit", "x-rate-limit"].iter().any(|start| name.starts_with(start))
            || name == RETRY_AFTER
    });
    names.map(|name| redactor.shown(name.as_str(), 40))
}
