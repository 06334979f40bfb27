//! A fault, as it is built in Rust.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::{Connection, Delay, FaultSpec, Time};
use crate::state::clock::http_date;

/// A fault: what changes a response or a connection.
///
/// It changes what the client sees, never what the service did: the request is authorized and
/// recorded in the journal as if nothing were wrong. [The guide](crate::guide::faults) lists all.
///
/// ```
/// use std::time::Duration;
/// use partner_api_mock::{Delay, Fault};
///
/// Fault::status(429).retry_after(2);
/// Fault::html_error_page(502);                                //  the HTML that a proxy sends
/// Fault::passthrough().delay(Duration::from_millis(300));     // the real response, late
/// Fault::passthrough().delay(Delay::log_normal(Duration::from_millis(90), 0.5)).truncate(40);
/// Fault::reset();
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "a fault does nothing until a rule with it is added"]
pub struct Fault(pub(super) FaultSpec);

impl Fault {
    /// Passes the real response through, changed by the options that follow.
    pub fn passthrough() -> Self {
        Self(FaultSpec::default())
    }

    /// This status, from 200 to 599, with a body of the documented shape: `{"error":"…"}`, the
    /// status' name in it, unless [`body`](Self::body) says another.
    pub fn status(status: u16) -> Self {
        Self::passthrough().with(|spec| spec.status = Some(status))
    }

    /// This status with the HTML page that nginx sends with it, as a proxy in front of the service
    /// does with 502, 503 and 504.
    pub fn html_error_page(status: u16) -> Self {
        Self::status(status).with(|spec| spec.html_error_page = true)
    }

    fn with(mut self, change: impl FnOnce(&mut FaultSpec)) -> Self {
        change(&mut self.0);
        self
    }

    fn connection(connection: Connection) -> Self {
        Self::passthrough().with(|spec| spec.connection = Some(connection))
    }

    /// The connection is reset as soon as the head of the request was read; a body is not.
    pub fn reset() -> Self {
        Self::connection(Connection::Reset)
    }

    /// The whole request is read, its body included; then the connection is reset.
    pub fn reset_after_request() -> Self {
        Self::connection(Connection::ResetAfterRequest)
    }

    /// The connection is closed without a response.
    pub fn close() -> Self {
        Self::connection(Connection::Close)
    }

    /// Accepts the request and never responds. The connection stays open until the client or the mock
    /// ends.
    pub fn hang() -> Self {
        Self::connection(Connection::Hang)
    }

    /// Bytes that are not HTTP; then the connection is closed.
    pub fn garbage() -> Self {
        Self::connection(Connection::Garbage)
    }

    /// The head of the response, half of its body as a chunk, and then what is no chunk.
    pub fn malformed_chunk() -> Self {
        Self::connection(Connection::MalformedChunk)
    }

    /// Another body, as `application/json` unless [`content_type`](Self::content_type) says
    /// otherwise.
    pub fn body(self, body: impl Into<String>) -> Self {
        self.with(|spec| spec.body = Some(body.into()))
    }

    /// Sets one value of the real body, at a JSON pointer (RFC 6901): `/data/0/name` is the name of
    /// the first company. The rest of the body stays as it is, byte for byte.
    ///
    /// A member that an object does not have is added, and `/data/-` adds an item. Where the
    /// response has no such place, the client gets a 500 whose body says what is missing, and
    /// [`AppliedFault::error`](crate::AppliedFault::error) has it in the journal.
    ///
    /// ```
    /// use partner_api_mock::{Fault, Rule};
    ///
    /// let no_name = Fault::passthrough().set("/data/1/name", ());
    /// let rule = Rule::new(no_name).operation("companies");
    /// assert_eq!(rule.to_string(), r#"set={"/data/1/name":null} operation=companies"#);
    /// ```
    pub fn set(mut self, pointer: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.0.set.insert(pointer.into(), value.into());
        self
    }

    /// Removes one value of the real body, at a JSON pointer, as [`set`](Self::set) otherwise. After
    /// all that is set, in the order in which they are given.
    pub fn remove(mut self, pointer: impl Into<String>) -> Self {
        self.0.remove.push(pointer.into());
        self
    }

    /// Cuts the list of the response, `data`, to so many items, and adds `"nextCursor": "page-2"`: a
    /// first page. Before anything is [`set`](Self::set).
    ///
    /// The mock has no second page; a [`Stub`](crate::Stub) can respond with it.
    pub fn first_page(self, items: u64) -> Self {
        self.with(|spec| spec.first_page = Some(items))
    }

    /// Another `Content-Type`.
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        self.with(|spec| spec.content_type = Some(content_type.into()))
    }

    /// A header that replaces those of this name in the response.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.headers.insert(name.into(), value.into());
        self
    }

    /// `Retry-After` in seconds.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with(|spec| spec.retry_after = Some(seconds.to_string()))
    }

    /// `Retry-After` as a date.
    pub fn retry_after_date(self, date: Timestamp) -> Self {
        self.with(|spec| spec.retry_after = Some(http_date(date)))
    }

    /// `Retry-After` as a date that is so far away when the response begins, after its
    /// [`delay`](Self::delay): by the mock's [`Clock`](crate::Clock), a day at most. HTTP dates
    /// have no fractions of a second; what is over a whole one is cut off.
    pub fn retry_after_date_in(self, time: Duration) -> Self {
        self.with(|spec| spec.retry_after_date_in = Some(Time::capped(time)))
    }

    /// A delay before the response, or what replaces it, begins.
    pub fn delay(self, delay: impl Into<Delay>) -> Self {
        self.with(|spec| spec.delay = Some(delay.into()))
    }

    /// The head of the response comes byte by byte, for this long; then the connection is closed.
    pub fn slow_headers(self, time: Duration) -> Self {
        self.with(|spec| spec.slow_headers = Some(Time::capped(time)))
    }

    /// Sends the body in many small chunks over this time.
    pub fn throttle(self, time: Duration) -> Self {
        self.with(|spec| spec.throttle = Some(Time::capped(time)))
    }

    /// Truncates the body to this many bytes, at most all but one; then the connection is closed.
    pub fn truncate(self, bytes: u64) -> Self {
        self.with(|spec| spec.truncate = Some(bytes))
    }

    /// Sets `Content-Length` to this value, whatever the length of the body; then the connection is
    /// closed.
    pub fn content_length(self, length: u64) -> Self {
        self.with(|spec| spec.content_length = Some(length))
    }

    /// The body without its last byte, in good order but for that.
    pub fn malformed_json(self) -> Self {
        self.with(|spec| spec.malformed_json = true)
    }

    /// A byte that UTF-8 does not have, in the first string value of the body.
    pub fn invalid_utf8(self) -> Self {
        self.with(|spec| spec.invalid_utf8 = true)
    }

    /// Pads the body with spaces to this many bytes.
    pub fn pad_to(self, bytes: u64) -> Self {
        self.with(|spec| spec.pad_to = Some(bytes))
    }
}

/// The text form.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({})", self.0)
    }
}
