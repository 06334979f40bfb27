//! One request as the journal keeps it.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, request};
use jiff::Timestamp;

use super::encoding::{BEFORE_BODY, headers, split_body, write_headers};
use super::response::ResponseRecord;
use super::{Disposition, RecordedRequest};
use crate::api::headers::is_bodyless;
use crate::faults::registry::AppliedFault;
use crate::state::api_key;
use crate::state::store::PartnerId;

/// A request and what became of it, on their way into the journal.
pub(crate) struct Exchange<'a> {
    pub(crate) partner: Option<PartnerId>,
    pub(crate) request: &'a request::Parts,
    /// The body, if it was read.
    pub(crate) body: Option<&'a Bytes>,
    pub(crate) received_at: SystemTime,
    pub(crate) duration: Duration,
    pub(crate) status: StatusCode,
    pub(crate) disposition: Disposition,
    pub(crate) fault: Option<Box<AppliedFault>>,
    pub(crate) answer: ResponseRecord,
}

/// Of the request, the target, the header lines and the body stand in one piece of memory,
/// redacted.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(super) number: u64,
    pub(crate) partner: Option<PartnerId>,
    method: Method,
    status: StatusCode,
    disposition: Disposition,
    /// As the system tells it, since that is cheap; few entries are ever read.
    received_at: SystemTime,
    duration: Duration,
    fault: Option<Box<AppliedFault>>,
    answer: ResponseRecord,
    head: Box<[u8]>,
}

impl Entry {
    /// It has no number before it stands in the journal.
    #[inline]
    pub(crate) fn new(exchange: Exchange<'_>) -> Self {
        let Exchange {
            partner,
            request,
            body,
            received_at,
            duration,
            status,
            disposition,
            fault,
            answer,
        } = exchange;
        let (method, head) = (request.method.clone(), head_of(request, body));
        Self {
            number: 0,
            partner,
            method,
            status,
            disposition,
            received_at,
            duration,
            fault,
            answer,
            head,
        }
    }

    /// How much memory it has for itself.
    pub(super) fn size(&self) -> usize {
        let fault = self.fault.as_deref().map_or(0, size_of_val);
        size_of::<Self>() + fault + self.head.len() + self.answer.size()
    }

    /// How much the body of its response takes beside an entry that may share it.
    pub(super) fn size_beside(&self, other: Option<&Self>) -> usize {
        let body = self.answer.shared();
        let is_shared = other.is_some_and(|other| std::ptr::eq(body, other.answer.shared()));
        if is_shared { 0 } else { body.len() }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// What the log tells of it. Where a fault let no response come, there is no status.
    pub(crate) fn log_record<'a>(&'a self, number: u64, partner: Option<&'a str>) -> LogRecord<'a> {
        let is_answered = !matches!(self.answer, ResponseRecord::Nothing);
        LogRecord {
            number,
            partner,
            method: &self.method,
            target: self.target(),
            status: is_answered.then_some(self.status),
            disposition: self.disposition,
            fault: self.fault.as_deref(),
            duration: self.duration,
        }
    }

    fn target(&self) -> Cow<'_, str> {
        let end = memchr::memchr(b'\n', &self.head).unwrap_or(self.head.len());
        String::from_utf8_lossy(self.head.split_at(end).0)
    }

    /// As a test reads it; of a documented response, the headers are not kept but handed in.
    pub(crate) fn read(
        &self,
        partner: Option<String>,
        documented: impl FnOnce(Disposition) -> HeaderMap,
    ) -> RecordedRequest {
        let (head, body) = split_body(&self.head);
        let target = self.target();
        let (path, query) = path_and_query(&target);
        let mut answer = self.answer.read(|| documented(self.disposition));
        if (self.method == Method::HEAD || is_bodyless(self.status))
            && let Some(answer) = &mut answer
        {
            (answer.body, answer.body_length) = (Some(Bytes::new()), 0);
        }
        RecordedRequest {
            request_id: request_id(self.number),
            received_at: Timestamp::try_from(self.received_at).unwrap_or(Timestamp::MAX),
            duration: self.duration,
            method: self.method.clone(),
            path: path.to_owned(),
            query: query.map(str::to_owned),
            headers: headers(head),
            body: Bytes::copy_from_slice(body.unwrap_or_default()),
            partner,
            status: self.status,
            disposition: self.disposition,
            fault: self.fault.as_deref().cloned(),
            response: answer,
        }
    }
}

/// A request as the log tells of it, redacted like all that is kept.
pub(crate) struct LogRecord<'a> {
    pub(crate) number: u64,
    pub(crate) partner: Option<&'a str>,
    pub(crate) method: &'a Method,
    pub(crate) target: Cow<'a, str>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) disposition: Disposition,
    pub(crate) fault: Option<&'a AppliedFault>,
    pub(crate) duration: Duration,
}

impl LogRecord<'_> {
    pub(crate) fn request_id(&self) -> String {
        request_id(self.number)
    }

    pub(crate) fn path_and_query(&self) -> (&str, Option<&str>) {
        path_and_query(&self.target)
    }
}

fn path_and_query(target: &str) -> (&str, Option<&str>) {
    target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)))
}

fn request_id(number: u64) -> String {
    format!("{ID_PREFIX}{number}")
}

const ID_PREFIX: &str = "req-";

/// The number in a request's id.
pub(crate) fn number_of(request_id: &str) -> Option<u64> {
    request_id.strip_prefix(ID_PREFIX)?.parse().ok()
}

/// The target, then each header as `name:value`, a line each: neither can hold a line's end. After
/// an empty line, the body, if there was one to be read.
fn head_of(request: &request::Parts, body: Option<&Bytes>) -> Box<[u8]> {
    let target =
        request.uri.path_and_query().map_or_else(|| request.uri.path(), |target| target.as_str());
    let mut head = Vec::with_capacity(256);
    head.extend_from_slice(target.as_bytes());
    write_headers(&mut head, &request.headers);
    if let Some(body) = body {
        head.extend_from_slice(BEFORE_BODY);
        head.extend_from_slice(body);
    }
    api_key::redact(head).into_boxed_slice()
}
