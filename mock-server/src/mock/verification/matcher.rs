//! What requests must have to be counted, and where a request differs from it.

use crate::api::disposition::Disposition;
use crate::api::{self, path};
use crate::journal::{EvictedGroup, RecordedRequest, is_standard};
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
    pub(super) fn matches_evicted(&self, group: EvictedGroup<'_>) -> Option<bool> {
        let method = self.method.as_ref().map(|wanted| match group.method {
            Some(method) => Some(method == wanted.as_str()),
            None => is_standard(wanted).then_some(false),
        });
        let path = self.path.as_ref().map(|wanted| match group.path {
            Some(path) => Some(path::matches(wanted, path)),
            None => api::is_documented_path(wanted).then_some(false),
        });
        let status = self.status.map(|wanted| Some(group.status == wanted));
        let disposition = self.disposition.map(|wanted| Some(group.disposition == wanted));
        let rest = self.needs_entries().then_some(None);
        let fields = [method, path, status, disposition, rest].into_iter().flatten();
        // One field that differs is enough.
        fields
            .reduce(|one, other| match (one, other) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            })
            .unwrap_or(Some(true))
    }

    pub(super) fn diffs(&self, request: &RecordedRequest) -> Vec<FieldDiff> {
        let status = self.status.map(|status| status.to_string());
        let disposition = self.disposition.map(|disposition| disposition.to_string());
        let path = self.path.as_ref().filter(|path| !path::matches(path, &request.path));
        let headers = self.headers.iter().map(|(name, value)| {
            let all = request.headers.get_all(name).iter();
            let all = all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            let all: Vec<_> = all.collect();
            let received = if all.contains(value) { value.clone() } else { all.join(", ") };
            (format!("header {name}"), Some(value), received)
        });
        let line = [
            ("method", self.method.as_ref(), request.method.to_string()),
            ("path", path, request.path.clone()),
            ("query", self.query.as_ref(), request.query.clone().unwrap_or_default()),
            ("body", self.body.as_ref(), String::from_utf8_lossy(&request.body).into_owned()),
            ("status", status.as_ref(), request.status.as_str().to_owned()),
            ("disposition", disposition.as_ref(), request.disposition.to_string()),
        ];
        let line = line.map(|(what, matcher, received)| (what.to_owned(), matcher, received));
        line.into_iter()
            .chain(headers)
            .filter_map(|(what, expected, received)| {
                let expected = expected.filter(|expected| **expected != received)?;
                // The journal holds no key, but an expected value may.
                Some(FieldDiff { what, expected: api_key::redact_text(expected), received })
            })
            .collect()
    }
}

/// Where a request is not as it should have been.
pub(super) struct FieldDiff {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) received: String,
}
