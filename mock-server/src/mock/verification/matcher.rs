//! What requests must have to be counted, and where a request differs from it.

use std::borrow::Cow;

use crate::api::disposition::Disposition;
use crate::api::{self, path};
use crate::journal::{Group, RecordedRequest, is_standard};
use crate::state::keys::api_key;

/// What a request must have. What is not given may be anything.
#[derive(Clone, Default)]
pub(super) struct RequestMatcher {
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) query: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) disposition: Option<Disposition>,
}

impl RequestMatcher {
    pub(super) fn matches(&self, request: &RecordedRequest) -> bool {
        self.diffs(request).is_empty()
    }

    /// Returns true if counters do not tell whether a request matches.
    pub(super) fn needs_entries(&self) -> bool {
        self.query.is_some() || !self.headers.is_empty() || self.body.is_some()
    }

    /// Whether evicted requests match. None if that cannot be known: their headers, queries and
    /// bodies are gone, and not every path and method has a counter.
    pub(super) fn matches_evicted(&self, group: &Group) -> Option<bool> {
        let method = self.method.as_ref().map(|wanted| match &group.method {
            Some(method) => Some(method == wanted.as_str()),
            None => is_standard(wanted).then_some(false),
        });
        let path = self.path.as_ref().map(|wanted| match &group.path {
            Some(path) => Some(path::matches(wanted, path)),
            None => api::is_documented_path(wanted).then_some(false),
        });
        let status = self.status.map(|wanted| Some(group.status == wanted));
        let disposition = self.disposition.map(|wanted| Some(group.disposition == wanted));
        let rest = self.needs_entries().then_some(None);
        let fields = [method, path, status, disposition, rest];
        // One field that differs is enough.
        if fields.contains(&Some(Some(false))) {
            return Some(false);
        }
        fields.into_iter().flatten().all(|field| field.is_some()).then_some(true)
    }

    pub(super) fn diffs(&self, request: &RecordedRequest) -> Vec<FieldDiff> {
        let mut diffs = Vec::new();
        let mut compare = |what: &str, expected: &str, received: Cow<'_, str>| {
            if expected != received {
                // The journal holds no key, but an expected value may.
                let expected = api_key::redact_text(expected);
                diffs.push(FieldDiff { what: what.into(), expected, received: received.into() });
            }
        };
        if let Some(method) = &self.method {
            compare("method", method, request.method.as_str().into());
        }
        if let Some(path) = &self.path
            && !path::matches(path, &request.path)
        {
            compare("path", path, request.path.as_str().into());
        }
        if let Some(query) = &self.query {
            compare("query", query, request.query.as_deref().unwrap_or_default().into());
        }
        if let Some(body) = &self.body {
            compare("body", body, String::from_utf8_lossy(&request.body));
        }
        if let Some(status) = self.status {
            compare("status", &status.to_string(), request.status.as_str().into());
        }
        if let Some(disposition) = self.disposition {
            let received = request.disposition.to_string();
            compare("disposition", &disposition.to_string(), received.into());
        }
        for (name, value) in &self.headers {
            let all = request.headers.get_all(name).iter();
            let all: Vec<_> = all.map(|one| String::from_utf8_lossy(one.as_bytes())).collect();
            if !all.contains(&Cow::Borrowed(value)) {
                compare(&format!("header {name}"), value, all.join(", ").into());
            }
        }
        diffs
    }
}

/// Where a request is not as it should have been.
pub(super) struct FieldDiff {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) received: String,
}
