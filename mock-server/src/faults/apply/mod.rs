//! How a fault changes a response or its connection. Nothing here waits: what takes time, or ends a
//! connection, is put into the extensions of the response, and [`deliver`] does it.

pub(crate) mod body;
mod edit;

use std::io;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use self::body::FaultyBody;
use super::registry::MatchedRule;
use super::{AppliedFault, Connection, FaultSpec};
use crate::api::headers::{BY_THE_MOCK, is_bodyless};
use crate::api::host::RequestSource;
use crate::state::clock::{Clock, Timeline, http_date};
use crate::state::keys::api_key;

/// A fault that was applied, for the journal.
#[derive(Debug, Clone)]
pub(crate) struct Applied {
    pub(crate) fault: AppliedFault,
    /// The length of the body that is sent, and the body if it is short; none if no response is sent.
    pub(crate) sent: Option<(u64, Option<Bytes>)>,
}

/// What is to be done when the response is on its way.
#[derive(Debug, Clone)]
struct Delivery {
    /// All waits of the fault: it begins where the request matched.
    timeline: Timeline,
    delay: Duration,
    fault: Option<ConnectionFault>,
}

/// What happens to the connection in place of a response that HTTP could carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionFault {
    Reset,
    Close,
    Hang,
    Garbage,
    /// The response is written by hand, its head for so long; then the connection is closed. Only with
    /// a socket.
    RawResponse {
        head_time: Duration,
    },
    /// The body of the request broke off, so nobody waits for a response.
    Aborted,
}

/// A response that is not sent as one, and its waits.
pub(crate) struct Undeliverable {
    pub(crate) fault: ConnectionFault,
    pub(crate) response: Response,
    pub(crate) timeline: Timeline,
}

/// Begins like no HTTP, and has no line end.
pub(crate) const GARBAGE: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46 this is \x00 not HTTP \xff";

/// The last step of every response: waits out its delay, and dates it if the clock is paused.
pub(crate) async fn deliver(
    clock: &Clock,
    mut response: Response,
) -> Result<Response, Box<Undeliverable>> {
    if let Some(Delivery { mut timeline, delay, fault }) = response.extensions_mut().remove() {
        timeline.wait(delay).await;
        if let Some(fault) = fault {
            return Err(Box::new(Undeliverable { fault, response, timeline }));
        }
    }
    clock.date(response.headers_mut());
    Ok(response)
}

/// Closes the connection in place of the response.
pub(crate) fn abort(clock: &Clock, response: &mut Response) {
    let (timeline, fault) = (clock.timeline(), Some(ConnectionFault::Aborted));
    response.extensions_mut().insert(Delivery { timeline, delay: Duration::ZERO, fault });
}

/// The response with a fault applied to it.
pub(crate) async fn apply(
    mut matched: MatchedRule,
    source: RequestSource,
    response: Response,
    clock: &Clock,
    most_recorded: usize,
) -> Response {
    let timeline = clock.timeline();
    let mut delay = matched.applied.delay();
    let begins = clock.now().checked_add(delay).unwrap_or(Timestamp::MAX);
    let (head, body) = response.into_parts();
    // Bodies of the mock are in memory, so none can fail.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let edited = edit::edit(matched.spec(), body).map_err(|error| {
        let error =
            api_key::redact_text(&format!("{error}, in a {} response", head.status.as_u16()));
        matched.applied.error = Some(error.as_str().into());
        not_applied(&error)
    });
    let nothing = FaultSpec::default();
    let (spec, response) = match edited {
        Ok(body) => (matched.spec(), Response::from_parts(head, body)),
        Err(error) => (&nothing, error),
    };
    let mut response = change(spec, response, begins);
    let mut fault = connection_fault(spec);
    if fault.is_none() {
        if source == RequestSource::InProcess {
            delay += head_time(spec);
        } else if misframes(spec) || spec.slow_headers.is_some() {
            fault = Some(ConnectionFault::RawResponse { head_time: head_time(spec) });
            if !misframes(spec) {
                // The response is good, so its client must not be led to use the connection again.
                response.headers_mut().insert(CONNECTION, CLOSE);
            }
        }
    }
    let is_sent = matches!(fault, None | Some(ConnectionFault::RawResponse { .. }));
    let body_begins = timeline.after(matched.applied.delay() + head_time(spec));
    let response = response.map(|body| corrupt_body(spec, source, body, body_begins));
    let sent = is_sent.then(|| response.body().content(most_recorded));
    let mut response = response.map(Body::new);
    let extensions = response.extensions_mut();
    extensions.insert(Applied { fault: matched.applied, sent });
    extensions.insert(Delivery { timeline, delay, fault });
    response
}

impl MatchedRule {
    /// Whether the body of the request is read before the fault is applied.
    pub(crate) fn reads_whole_request(&self) -> bool {
        self.spec().connection == Some(Connection::ResetAfterRequest)
    }
}

fn head_time(spec: &FaultSpec) -> Duration {
    spec.slow_headers.map_or(Duration::ZERO, |time| time.0)
}

fn connection_fault(spec: &FaultSpec) -> Option<ConnectionFault> {
    Some(match spec.connection? {
        Connection::Reset | Connection::ResetAfterRequest => ConnectionFault::Reset,
        Connection::Close => ConnectionFault::Close,
        Connection::Hang => ConnectionFault::Hang,
        Connection::Garbage => ConnectionFault::Garbage,
        Connection::MalformedChunk => return None,
    })
}

/// Whether the response is not framed as it says.
fn misframes(spec: &FaultSpec) -> bool {
    spec.truncate.is_some() || spec.content_length.is_some() || spec.connection.is_some()
}

/// Replaces a response that has no such value, so that a test does not pass by mistake.
fn not_applied(error: &str) -> Response<Bytes> {
    let message =
        format!("fault not applied: {error}; limit its rule, as with operation=companies");
    let body = json!({"error": "fault_not_applied", "message": message}).to_string();
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(BY_THE_MOCK, FAULT);
    response
}

/// Another status, body and headers, where the rule has them, for a response that begins then.
fn change(spec: &FaultSpec, mut response: Response<Bytes>, begins: Timestamp) -> Response<Bytes> {
    if let Some(status) = spec.status.and_then(|status| StatusCode::from_u16(status).ok()) {
        *response.status_mut() = status;
        *response.headers_mut() = HeaderMap::new();
        *response.body_mut() = Bytes::new();
        if !is_bodyless(status) {
            let (content_type, body) = if spec.html_error_page {
                (HTML, proxy_page(status))
            } else {
                (JSON, error_body(status))
            };
            *response.body_mut() = body;
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
    }
    if let Some(body) = &spec.body {
        *response.body_mut() = Bytes::from(body.clone());
        response.headers_mut().insert(CONTENT_TYPE, JSON);
    }
    let date = spec.retry_after_date_in.map(|time| begins.checked_add(time.0));
    let date = date.map(|date| http_date(date.unwrap_or(Timestamp::MAX)));
    let retry_after = spec.retry_after.as_ref().or(date.as_ref());
    for (name, value) in [(CONTENT_TYPE, spec.content_type.as_ref()), (RETRY_AFTER, retry_after)] {
        if let Some(Ok(value)) = value.map(|value| HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    for (name, value) in &spec.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

const CLOSE: HeaderValue = HeaderValue::from_static("close");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FAULT: HeaderValue = HeaderValue::from_static("fault");
const HTML: HeaderValue = HeaderValue::from_static("text/html");

/// `{"error":"service_unavailable"}`: the shape of the reference's 401s, with the status' name.
fn error_body(status: StatusCode) -> Bytes {
    let name = status.canonical_reason().unwrap_or("unknown");
    let code = name.to_ascii_lowercase().replace(|char: char| !char.is_ascii_alphanumeric(), "_");
    format!(r#"{{"error":"{code}"}}"#).into()
}

/// What nginx sends (`src/http/ngx_http_special_response.c`), with its own names for two statuses.
fn proxy_page(status: StatusCode) -> Bytes {
    let reason = match status {
        StatusCode::SERVICE_UNAVAILABLE => "Service Temporarily Unavailable",
        StatusCode::GATEWAY_TIMEOUT => "Gateway Time-out",
        status => status.canonical_reason().unwrap_or(""),
    };
    let title = format!("{} {reason}", status.as_u16());
    let title = title.trim_end();
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
         <center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    .into()
}

/// The body with one thing wrong with it, or none, at the pace of the rule.
fn corrupt_body(
    spec: &FaultSpec,
    source: RequestSource,
    body: Bytes,
    begins: Timeline,
) -> FaultyBody {
    let paced = |body: Bytes| match spec.throttle {
        Some(time) => FaultyBody::throttled(&body, time.0, begins),
        None => FaultyBody::whole(body),
    };
    let whole = body.len() as u64;
    if let Some(bytes) = spec.pad_to {
        return FaultyBody::padded(body, bytes);
    }
    if let Some(bytes) = spec.truncate {
        let sent = first(&body, bytes.min(whole.saturating_sub(1)));
        return paced(sent).with_wrong_length(Some(whole), Some(io::ErrorKind::UnexpectedEof));
    }
    if let Some(length) = spec.content_length {
        // A client of the socket stops at the declared length.
        let sent = match source {
            RequestSource::Socket => body,
            RequestSource::InProcess => first(&body, length),
        };
        let end = (length > whole).then_some(io::ErrorKind::UnexpectedEof);
        return paced(sent).with_wrong_length(Some(length), end);
    }
    if spec.connection == Some(Connection::MalformedChunk) {
        let sent = first(&body, whole.div_ceil(2));
        return paced(sent).with_wrong_length(None, Some(io::ErrorKind::InvalidData));
    }
    if spec.malformed_json {
        return paced(first(&body, whole.saturating_sub(1)));
    }
    if spec.invalid_utf8 {
        let at = memchr::memmem::find(&body, b":\"").map_or(body.len(), |colon| colon + 2);
        let (before, after) = body.split_at(at);
        return paced([before, b"\xff", after].concat().into());
    }
    paced(body)
}

fn first(body: &Bytes, count: u64) -> Bytes {
    let count = usize::try_from(count).map_or(body.len(), |count| count.min(body.len()));
    body.slice(..count)
}
