//! Spans by OpenTelemetry's conventions for HTTP clients: one for each call and each attempt.
//!
//! Names and meanings: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>. No query, no
//! header and no body is recorded.

use std::fmt;

use http::{Method, Request, StatusCode, Uri};
use tracing::field::{Empty, display};
use tracing::{Span, info, info_span};

use crate::error::escape::Escaped;
use crate::error::{Attempt, AttemptError, ErrorKind, server_port};
use crate::pipeline::retry_budget::RetryTokens;
use crate::transport::path::API_PATH;

/// The target of all spans and events, for filters. It does not depend on the names of modules.
const TARGET: &str = "partner_api";

/// The span of a whole call, around the spans of its attempts.
pub(crate) fn call_span(sent: &Method, template: Option<&str>, tokens: &RetryTokens) -> Span {
    let path = UrlTemplate(template);
    info_span!(
        target: TARGET,
        "partner_api.call",
        otel.name = %format_args!("{}{}{path}", method(sent), if template.is_some() { " " } else { "" }),
        otel.kind = "internal",
        otel.status_code = Empty,
        url.template = template.map(|_| display(&path)),
        partner_api.retry_tokens = tokens.left(),
        error.type = Empty,
    )
}

/// A path with its variable parts as names, if there is one.
struct UrlTemplate<'a>(Option<&'a str>);

impl fmt::Display for UrlTemplate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(template) => write!(f, "{API_PATH}/{:.200}", Escaped(template)),
            None => Ok(()),
        }
    }
}

/// The span of one attempt. The first has no resend count.
pub(crate) fn attempt_span<B>(request: &Request<B>, resend_count: usize) -> Span {
    let uri = request.uri();
    let span = info_span!(
        target: TARGET,
        "partner_api.attempt",
        otel.name = method(request.method()),
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = method(request.method()),
        http.request.method_original = original(request.method()),
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        server.address = uri.host().unwrap_or_default(),
        server.port = server_port(uri),
        url.full = %format_args!("{:.2000}", Escaped(&without_query(uri))),
        error.type = Empty,
    );
    if resend_count > 0 {
        span.record("http.request.resend_count", resend_count);
    }
    span
}

/// Records the status of an attempt's response.
pub(crate) fn record_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
}

/// Records how an attempt failed.
pub(crate) fn record_error(span: &Span, error: &AttemptError) {
    if let Some(status) = error.status() {
        record_status(span, status);
    }
    record_failure(span, &error.kind);
}

/// Records that an attempt, or a call, failed.
pub(crate) fn record_failure(span: &Span, kind: &ErrorKind) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", display(error_type(kind)));
}

/// Reports that a retry follows, at the level that is seen by default.
pub(crate) fn retrying(failed: &Attempt) {
    let backoff_ms = failed.backoff.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    info!(
        target: TARGET,
        { error.type = %error_type(&failed.kind), backoff_ms },
        "retrying request"
    );
}

/// The low-cardinality name of an error: the status if one is the cause, else the kind.
fn error_type(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::Config(_) => "config".into(),
        ErrorKind::Request(_) => "request".into(),
        ErrorKind::Credentials => "credentials".into(),
        ErrorKind::Unauthorized(_) => "401".into(),
        ErrorKind::Status(status) => status.as_str().into(),
        ErrorKind::Redirect { .. } => "redirect".into(),
        ErrorKind::Connect => "connect".into(),
        ErrorKind::Proxy => "proxy".into(),
        ErrorKind::Tls => "tls".into(),
        ErrorKind::Interrupted => "interrupted".into(),
        ErrorKind::Timeout(_) => "timeout".into(),
        ErrorKind::Protocol(_) => "protocol".into(),
        ErrorKind::Decode(_) | ErrorKind::ListItem(_) => "decode".into(),
        ErrorKind::IncompleteList { .. } => "incomplete_list".into(),
        ErrorKind::BodyTooLarge { .. } => "body_too_large".into(),
    }
}

/// The method as it was sent, where the conventions have no name for it.
fn original(request_method: &Method) -> Option<&str> {
    (method(request_method) == "_OTHER").then(|| request_method.as_str())
}

/// The conventions have `_OTHER` for a method that is not registered.
fn method(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "_OTHER",
    }
}

fn without_query(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    format!("{scheme}://{authority}{}", uri.path())
}
