//! Faults that no HTTP library would do: what is written to a socket by hand, and how it ends.

use std::error::Error;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use jiff::Timestamp;
use tokio::io::{AsyncWriteExt as _, copy, sink};
use tokio::net::TcpStream;

use super::error_response::{CLOSE, ProtocolError};
use super::io_timeouts::ConnectionState;
use super::limits::Limits;
use crate::api::headers::is_bodyless;
use crate::api::host::{self, RequestSource};
use crate::control::{ControlApi, Unread};
use crate::faults::apply::{ConnectionFault, FaultOutcome, GARBAGE, ResponseAction};
use crate::faults::body::{ResponseBody, pieces};
use crate::mock::handler::{Outcome, Received, RequestHandler};
use crate::state::clock::{Clock, Timeline, http_date};

/// How long to listen to a client after the last byte to it. Closed sooner, a socket that still
/// has something to read would take back what was sent.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// The answer to one request, on its way to the HTTP library.
pub(super) struct ResponseFuture<'a> {
    progress: &'a ConnectionState,
    answer: Answered<'a>,
}

/// There at once unless it has to be waited for.
enum Answered<'a> {
    Ready(Option<Response<ResponseBody>>),
    Late(
        Pin<
            Box<
                dyn Future<Output = Result<Response<ResponseBody>, ConnectionTakeover>> + Send + 'a,
            >,
        >,
    ),
}

impl<'a> ResponseFuture<'a> {
    pub(super) fn new(
        handler: &'a RequestHandler,
        control: Option<&'a Arc<ControlApi>>,
        limits: &Limits,
        progress: &'a ConnectionState,
        request: Request<Incoming>,
    ) -> Self {
        progress.begin();
        let received = handler.receive(RequestSource::Socket);
        let (head, body) = request.into_parts();
        let answer = if let Some(refusal) = refuse(&head, &body) {
            progress.leave_body();
            Answered::Ready(Some(refuse_at_once(refusal, &handler.clock)))
        } else if let Some(control) = control.filter(|_| ControlApi::is_for(head.uri.path())) {
            Answered::Late(Box::pin(answer_of_control(control, limits.body, progress, head, body)))
        } else if handler.wants_body(&head) {
            let asked = Asked { received, head, body };
            Answered::Late(Box::pin(answer_with_body(handler, limits.body, progress, asked)))
        } else {
            if !body.is_end_stream() {
                progress.leave_body();
            }
            match handler.answer(received, &head) {
                Outcome::Response(answer) => Answered::Ready(Some(answer)),
                Outcome::Faulted(injection) => {
                    let unread = Some((body, limits.body));
                    Answered::Late(Box::pin(inject(*injection, head.method, unread)))
                }
            }
        };
        Self { progress, answer }
    }
}

impl Future for ResponseFuture<'_> {
    type Output = Result<Response<ResponseBody>, ConnectionTakeover>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match &mut self.answer {
            Answered::Ready(answer) => {
                answer.take().map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer)))
            }
            Answered::Late(injection) => injection.as_mut().poll(context),
        };
        if answer.is_ready() {
            self.progress.end();
        }
        answer
    }
}

/// What the HTTP library lets through and no server should serve.
#[inline]
fn refuse(head: &Parts, body: &Incoming) -> Option<ProtocolError> {
    if !head.uri.path().starts_with('/') {
        return refuse_target(head);
    }
    if body.is_end_stream() { None } else { refuse_coding(head) }
}

/// `*` is for `OPTIONS`, and a host with a port for `CONNECT` (RFC 9112, sections 3.2.3 and 3.2.4),
/// which only proxies do.
#[cold]
fn refuse_target(head: &Parts) -> Option<ProtocolError> {
    if !host::is_valid_host(head.version, &head.headers) {
        return Some(ProtocolError::BadRequest);
    }
    match (&head.method, head.uri.path()) {
        (&Method::OPTIONS, "*") => None,
        (&Method::CONNECT, _) => Some(ProtocolError::NotImplemented),
        _ => Some(ProtocolError::BadRequest),
    }
}

/// The library undoes `chunked` and looks at no coding before it, nor for a second `chunked`.
#[cold]
fn refuse_coding(head: &Parts) -> Option<ProtocolError> {
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => None,
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => None,
        _ => Some(ProtocolError::NotImplemented),
    }
}

fn refuse_at_once(refusal: ProtocolError, clock: &Clock) -> Response<ResponseBody> {
    let mut answer = refusal.answer();
    clock.date(answer.headers_mut());
    answer
}

struct Asked {
    received: Received,
    head: Parts,
    body: Incoming,
}

/// A body that breaks off is the end of the connection; one that is malformed, or does not come in
/// time, is answered first.
async fn answer_with_body(
    handler: &RequestHandler,
    limit: Duration,
    progress: &ConnectionState,
    Asked { received, head, mut body }: Asked,
) -> Result<Response<ResponseBody>, ConnectionTakeover> {
    let answer = handler.answer_with_body(received, &head, &mut body);
    let answer = tokio::time::timeout(limit, answer).await;
    let is_left = leaves(&body, progress);
    match answer {
        Ok(Ok(Outcome::Response(answer))) => Ok(closing(answer, is_left)),
        Ok(Ok(Outcome::Faulted(injection))) => inject(*injection, head.method, None).await,
        Ok(Err(broken)) if is_malformed(&*broken) => {
            Ok(refuse_at_once(ProtocolError::BadRequest, &handler.clock))
        }
        Ok(Err(_)) => Err(ConnectionTakeover::new(RawAction::Lost(ConnectionFault::Close))),
        Err(_) => Ok(refuse_at_once(ProtocolError::RequestTimeout, &handler.clock)),
    }
}

/// As [`answer_with_body`]; but how long a response may take is the control API's own business.
async fn answer_of_control(
    control: &Arc<ControlApi>,
    limit: Duration,
    progress: &ConnectionState,
    head: Parts,
    mut body: Incoming,
) -> Result<Response<ResponseBody>, ConnectionTakeover> {
    let answer = control.answer(&head, &mut body, limit).await;
    let is_left = leaves(&body, progress);
    match answer {
        Ok(answer) => Ok(closing(answer.map(ResponseBody::whole), is_left)),
        Err(Unread::Broken(broken)) if is_malformed(&*broken) => {
            Ok(ProtocolError::BadRequest.answer())
        }
        Err(Unread::Broken(_)) => {
            Err(ConnectionTakeover::new(RawAction::Lost(ConnectionFault::Close)))
        }
        Err(Unread::Late) => Ok(ProtocolError::RequestTimeout.answer()),
    }
}

/// Whether a body was not read to its end.
fn leaves(body: &Incoming, progress: &ConnectionState) -> bool {
    let is_left = !body.is_end_stream();
    if is_left {
        progress.leave_body();
    }
    is_left
}

/// The last response of a connection, if more of the request may be on its way.
fn closing(mut answer: Response<ResponseBody>, is_left: bool) -> Response<ResponseBody> {
    if is_left {
        answer.headers_mut().insert(CONNECTION, CLOSE);
    }
    answer
}

/// Whether a body is wrong, and did not merely end too soon.
fn is_malformed(error: &(dyn Error + 'static)) -> bool {
    let broken = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    broken.is_some_and(|broken| {
        matches!(broken.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
    })
}

async fn inject(
    FaultOutcome { mut timeline, delay, action }: FaultOutcome,
    method: Method,
    unread: Option<(Incoming, Duration)>,
) -> Result<Response<ResponseBody>, ConnectionTakeover> {
    timeline.wait(delay).await;
    Err(ConnectionTakeover::new(match action {
        ResponseAction::Answer(mut answer) => {
            timeline.clock().date(answer.headers_mut());
            return Ok(answer);
        }
        ResponseAction::RawResponse { answer, head_time } => {
            RawAction::RawResponse { answer, head_time, timeline, has_body: method != Method::HEAD }
        }
        ResponseAction::Lost(loss) => {
            if loss == ConnectionFault::ResetAfterRequest
                && let Some((mut body, limit)) = unread
            {
                let reading = async { while let Some(Ok(_)) = body.frame().await {} };
                // The reset comes either way.
                let _ = tokio::time::timeout(limit, reading).await;
            }
            RawAction::Lost(loss)
        }
    }))
}

/// Given to the HTTP library as the service's error, which makes it let go of the connection with
/// nothing written to it.
#[derive(Debug, thiserror::Error)]
#[error("a fault takes the connection over")]
pub(super) struct ConnectionTakeover(Mutex<Option<RawAction>>);

impl ConnectionTakeover {
    fn new(action: RawAction) -> Self {
        Self(Mutex::new(Some(action)))
    }
}

/// What is to be done with a connection whose HTTP ended in this error.
pub(super) fn taken_over(error: &hyper::Error) -> Option<RawAction> {
    let ConnectionTakeover(action) = error.source()?.downcast_ref()?;
    action.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// What is to be done with a connection once the HTTP library has let go of it.
#[derive(Debug)]
pub(super) enum RawAction {
    RawResponse {
        answer: Response<ResponseBody>,
        head_time: Duration,
        timeline: Timeline,
        has_body: bool,
    },
    Lost(ConnectionFault),
    /// The last of a response, which was held back.
    Send(Vec<u8>),
}

impl RawAction {
    pub(super) fn refuse(refusal: ProtocolError, clock: &Clock) -> Self {
        let (answer, timeline) = (refusal.answer(), clock.timeline());
        Self::RawResponse { answer, head_time: Duration::ZERO, timeline, has_body: true }
    }

    /// Whether nothing comes.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Lost(ConnectionFault::Hang))
    }

    /// How it ended is the client's business: it sees the same end.
    pub(super) async fn run(self, stream: &mut TcpStream, write_timeout: Duration) {
        let mut wire = RawSocket { stream, write_timeout };
        match self {
            Self::RawResponse { answer, head_time, timeline, has_body } => {
                let written = write_answer(&mut wire, answer, head_time, timeline, has_body).await;
                wire.end(written).await;
            }
            Self::Send(bytes) => {
                let written = wire.write(&bytes).await;
                wire.end(written).await;
            }
            Self::Lost(ConnectionFault::Reset | ConnectionFault::ResetAfterRequest) => {
                let _ = wire.stream.set_zero_linger();
            }
            Self::Lost(ConnectionFault::Close) => wire.end(Ok(())).await,
            Self::Lost(ConnectionFault::Hang) => {
                let _ = copy(wire.stream, &mut sink()).await;
            }
            Self::Lost(ConnectionFault::Garbage) => {
                let written = wire.write(GARBAGE).await;
                wire.end(written).await;
            }
        }
    }
}

/// A socket that is written by hand, to a client that has to read.
struct RawSocket<'a> {
    stream: &'a mut TcpStream,
    write_timeout: Duration,
}

impl RawSocket<'_> {
    async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let writing = self.stream.write(bytes);
            let count = tokio::time::timeout(self.write_timeout, writing).await??;
            bytes = bytes.get(count..).unwrap_or_default();
        }
        Ok(())
    }

    /// Closes in good order, but for a client that did not read.
    async fn end(self, written: io::Result<()>) {
        if written.is_err() {
            let _ = self.stream.set_zero_linger();
            return;
        }
        let _ = self.stream.shutdown().await;
        let _ = tokio::time::timeout(LINGER, copy(self.stream, &mut sink())).await;
    }
}

async fn write_answer(
    wire: &mut RawSocket<'_>,
    answer: Response<ResponseBody>,
    head_time: Duration,
    mut timeline: Timeline,
    has_body: bool,
) -> io::Result<()> {
    let head = head(&answer, timeline.clock().now());
    if head_time.is_zero() {
        wire.write(&head).await?;
    } else {
        let (pieces, pause) = pieces(&head, head_time);
        for piece in pieces {
            timeline.wait(pause).await;
            wire.write(&piece).await?;
        }
    }
    if !has_body {
        return Ok(());
    }
    let is_chunked = answer.body().length().is_none();
    let mut body = pin!(answer.into_body());
    // What the body ends in, an error or not, is what the fault ends in: the closing.
    while let Some(Ok(frame)) = body.frame().await {
        let data = frame.into_data().unwrap_or_default();
        if is_chunked {
            let size = format!("{:x}\r\n", data.len());
            wire.write(size.as_bytes()).await?;
        }
        wire.write(&data).await?;
    }
    if is_chunked {
        wire.write(b"\r\nthis is no chunk\r\n").await?;
    }
    Ok(())
}

fn head(answer: &Response<ResponseBody>, now: Timestamp) -> Bytes {
    let status = answer.status();
    let mut head = format!("HTTP/1.1 {} ", status.as_str()).into_bytes();
    head.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    let line = |head: &mut Vec<u8>, name: &str, value: &[u8]| {
        for part in [b"\r\n", name.as_bytes(), b": ", value] {
            head.extend_from_slice(part);
        }
    };
    for (name, value) in answer.headers() {
        line(&mut head, name.as_str(), value.as_bytes());
    }
    match answer.body().length() {
        // RFC 9110, section 8.6.
        Some(_) if is_bodyless(status) => {}
        Some(length) => line(&mut head, CONTENT_LENGTH.as_str(), length.to_string().as_bytes()),
        None => line(&mut head, TRANSFER_ENCODING.as_str(), b"chunked"),
    }
    if !answer.headers().contains_key(DATE) {
        let date = http_date(now);
        line(&mut head, DATE.as_str(), date.as_bytes());
    }
    head.extend_from_slice(b"\r\n\r\n");
    head.into()
}
