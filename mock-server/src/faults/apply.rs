//! What a fault makes of a response. Pure: where something has to wait or to end, it says so.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use jiff::Timestamp;

use super::body::ResponseBody;
use super::registry::MatchedRule;
use super::{Connection, FaultSpec};
use crate::api::headers::is_bodyless;
use crate::api::host::RequestSource;
use crate::state::clock::{Clock, Timeline, http_date};
use crate::state::payload::Payload;

/// What is to be done in place of sending the response.
#[derive(Debug)]
pub(crate) struct FaultOutcome {
    /// All waits of the fault: it begins where the request met it.
    pub(crate) timeline: Timeline,
    pub(crate) delay: Duration,
    pub(crate) action: ResponseAction,
}

#[derive(Debug)]
pub(crate) enum ResponseAction {
    /// This answer is sent as any other.
    Answer(Response<ResponseBody>),
    /// This answer is written by hand, since no HTTP library would write it; then the connection
    /// is closed. There is none of these without a socket.
    RawResponse { answer: Response<ResponseBody>, head_time: Duration },
    /// No response comes.
    Lost(ConnectionFault),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionFault {
    Reset,
    ResetAfterRequest,
    Close,
    Hang,
    Garbage,
}

impl FaultOutcome {
    /// The response, if one comes.
    pub(crate) fn answer(&self) -> Option<&Response<ResponseBody>> {
        match &self.action {
            ResponseAction::Answer(answer) | ResponseAction::RawResponse { answer, .. } => {
                Some(answer)
            }
            ResponseAction::Lost(_) => None,
        }
    }
}

/// No answer to any protocol: it begins like no HTTP, and has no line end.
pub(crate) const GARBAGE: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46 this is \x00 not HTTP \xff";

/// The response's status as the journal shows it, and what is to be done.
pub(crate) fn apply(
    decided: &MatchedRule,
    source: RequestSource,
    answer: Response<Payload>,
    clock: &Clock,
) -> (StatusCode, FaultOutcome) {
    let spec = decided.spec();
    let timeline = clock.timeline();
    let mut delay = decided.applied.delay();
    let begins = clock.now().checked_add(delay).unwrap_or(Timestamp::MAX);
    let answer = change(spec, answer, begins);
    let status = answer.status();
    let body_begins = timeline.after(delay + head_time(spec));
    let corrupt = |payload| corrupt_body(spec, source, payload, body_begins);
    let action = match connection_fault(spec) {
        Some(fault) => ResponseAction::Lost(fault),
        None if source == RequestSource::InProcess => {
            delay += head_time(spec);
            ResponseAction::Answer(answer.map(corrupt))
        }
        None if misframes(spec) || spec.slow_headers.is_some() => {
            let mut answer = answer.map(corrupt);
            if !misframes(spec) {
                // The response is good, so its client must not be led to use the connection again.
                answer.headers_mut().insert(CONNECTION, CLOSE);
            }
            ResponseAction::RawResponse { answer, head_time: head_time(spec) }
        }
        None => ResponseAction::Answer(answer.map(corrupt)),
    };
    (status, FaultOutcome { timeline, delay, action })
}

fn head_time(spec: &FaultSpec) -> Duration {
    spec.slow_headers.map_or(Duration::ZERO, |time| time.0)
}

fn connection_fault(spec: &FaultSpec) -> Option<ConnectionFault> {
    Some(match spec.connection? {
        Connection::Reset => ConnectionFault::Reset,
        Connection::ResetAfterRequest => ConnectionFault::ResetAfterRequest,
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

/// Another status, body and headers, where they are said, for a response that begins then.
fn change(spec: &FaultSpec, mut answer: Response<Payload>, begins: Timestamp) -> Response<Payload> {
    if let Some(status) = spec.status.and_then(|status| StatusCode::from_u16(status).ok()) {
        let (content_type, body) = if spec.html_error_page {
            (HTML, proxy_page(status))
        } else if is_bodyless(status) {
            (JSON, Bytes::new())
        } else {
            (JSON, error_body(status))
        };
        answer = Response::new(body.into());
        *answer.status_mut() = status;
        if !is_bodyless(status) {
            answer.headers_mut().insert(CONTENT_TYPE, content_type);
        }
    }
    if let Some(body) = &spec.body {
        *answer.body_mut() = body.clone().into();
        answer.headers_mut().insert(CONTENT_TYPE, JSON);
    }
    let date = spec.retry_after_date_in.map(|time| begins.checked_add(time.0));
    let date = date.map(|date| http_date(date.unwrap_or(Timestamp::MAX)));
    let retry_after = spec.retry_after.as_ref().or(date.as_ref());
    for (name, value) in [(CONTENT_TYPE, spec.content_type.as_ref()), (RETRY_AFTER, retry_after)] {
        if let Some(Ok(value)) = value.map(|value| HeaderValue::from_str(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    for (name, value) in &spec.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

const CLOSE: HeaderValue = HeaderValue::from_static("close");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html");

/// `{"error":"service_unavailable"}`: the shape of the reference's 401s, with the status' name.
fn error_body(status: StatusCode) -> Bytes {
    let name = status.canonical_reason().unwrap_or("unknown");
    let code: String = name
        .chars()
        .map(|char| match char {
            'a'..='z' | '0'..='9' => char,
            'A'..='Z' => char.to_ascii_lowercase(),
            _ => '_',
        })
        .collect();
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

/// The body with one thing wrong with it, or none, at the pace that is said.
fn corrupt_body(
    spec: &FaultSpec,
    source: RequestSource,
    content: Payload,
    begins: Timeline,
) -> ResponseBody {
    let paced = |content: Payload| match spec.throttle {
        Some(time) => ResponseBody::throttled(&content.into_bytes(), time.0, begins),
        None => ResponseBody::whole(content),
    };
    let whole = content.len() as u64;
    if let Some(bytes) = spec.pad_to {
        return ResponseBody::padded(content.into_bytes(), bytes);
    }
    if let Some(bytes) = spec.truncate {
        let sent = first(content, bytes.min(whole.saturating_sub(1)));
        return paced(sent).with_wrong_length(Some(whole), Some(io::ErrorKind::UnexpectedEof));
    }
    if let Some(length) = spec.content_length {
        // A client of the wire stops at the length that it was told.
        let sent = match source {
            RequestSource::Socket => content,
            RequestSource::InProcess => first(content, length),
        };
        let end = (length > whole).then_some(io::ErrorKind::UnexpectedEof);
        return paced(sent).with_wrong_length(Some(length), end);
    }
    if spec.connection == Some(Connection::MalformedChunk) {
        let sent = first(content, whole.div_ceil(2));
        return paced(sent).with_wrong_length(None, Some(io::ErrorKind::InvalidData));
    }
    if spec.malformed_json {
        return paced(first(content, whole.saturating_sub(1)));
    }
    if spec.invalid_utf8 {
        let body = content.into_bytes();
        let at = memchr::memmem::find(&body, b":\"").map_or(body.len(), |colon| colon + 2);
        let (before, after) = body.split_at(at);
        return paced([before, b"\xff", after].concat().into());
    }
    paced(content)
}

fn first(content: Payload, count: u64) -> Payload {
    let body = content.into_bytes();
    let count = usize::try_from(count).map_or(body.len(), |count| count.min(body.len()));
    body.slice(..count).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_without_a_body_has_the_documented_shape() {
        for (status, body) in [
            (503, r#"{"error":"service_unavailable"}"#),
            (418, r#"{"error":"i_m_a_teapot"}"#),
            (599, r#"{"error":"unknown"}"#),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(error_body(status), body);
        }
    }

    #[test]
    fn the_pages_are_those_of_nginx() {
        let page = proxy_page(StatusCode::GATEWAY_TIMEOUT);
        let expected = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n\
                        <center><h1>504 Gateway Time-out</h1></center>\r\n\
                        <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
        assert_eq!(page, expected);
    }
}
