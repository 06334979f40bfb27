//! Faults that no HTTP library would do: what is written to a socket by hand, and how it ends.

use std::error::Error as _;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use http::request::Parts;
use http::{Method, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use jiff::Timestamp;
use tokio::io::{AsyncWriteExt as _, copy, sink};
use tokio::net::TcpStream;

use crate::body::{AnswerBody, pieces};
use crate::clock::{Timeline, http_date};
use crate::control::ControlApi;
use crate::fault::is_bodyless;
use crate::host::Arrival;
use crate::inject::{Act, GARBAGE, Injection, Loss};
use crate::routes::{Answer, Api, Received};

/// How long to listen to a client after the last byte to it. Closed sooner, a socket that still
/// has something to read would take back what was sent.
const LINGER: Duration = Duration::from_secs(1);

/// How long a client may take to send the body that a stub wants.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The answer to one request, on its way to the HTTP library: there at once unless it
/// has to be waited for.
pub(super) enum Answering {
    Ready(Option<Response<AnswerBody>>),
    Late(Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, TakeOver>> + Send>>),
}

impl Answering {
    pub(super) fn new(api: &Arc<Api>, head: Parts, body: Incoming) -> Self {
        let received = api.receive(Arrival::Socket);
        if api.wants_body(&head) {
            return Self::Late(Box::pin(answer_with_body(Arc::clone(api), received, head, body)));
        }
        match api.answer(received, &head) {
            Answer::Ready(answer) => Self::Ready(Some(answer)),
            Answer::Injected(injection) => {
                Self::Late(Box::pin(inject(*injection, head.method, Some(body))))
            }
        }
    }
}

impl Answering {
    pub(super) fn control(control: &Arc<ControlApi>, head: Parts, body: Incoming) -> Self {
        Self::Late(Box::pin(answer_of_control(Arc::clone(control), head, body)))
    }
}

/// As [`answer_with_body`]; but to wait for what is asked for is the control API's own business.
async fn answer_of_control(
    control: Arc<ControlApi>,
    head: Parts,
    body: Incoming,
) -> Result<Response<AnswerBody>, TakeOver> {
    match control.answer(head, body).await {
        Some(answer) => Ok(answer.map(AnswerBody::whole)),
        None => Err(TakeOver::new(WireAct::Lost(Loss::Close))),
    }
}

impl Future for Answering {
    type Output = Result<Response<AnswerBody>, TakeOver>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(answer) => {
                answer.take().map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer)))
            }
            Self::Late(injection) => injection.as_mut().poll(context),
        }
    }
}

/// A body that breaks off, or does not come in time, is the end of the connection.
async fn answer_with_body(
    api: Arc<Api>,
    received: Received,
    head: Parts,
    body: Incoming,
) -> Result<Response<AnswerBody>, TakeOver> {
    let answer = api.answer_with_body(received, &head, body);
    match tokio::time::timeout(BODY_READ_TIMEOUT, answer).await {
        Ok(Some(Answer::Ready(answer))) => Ok(answer),
        Ok(Some(Answer::Injected(injection))) => inject(*injection, head.method, None).await,
        Ok(None) | Err(_) => Err(TakeOver::new(WireAct::Lost(Loss::Close))),
    }
}

async fn inject(
    Injection { mut timeline, delay, act }: Injection,
    method: Method,
    unread: Option<Incoming>,
) -> Result<Response<AnswerBody>, TakeOver> {
    timeline.wait(delay).await;
    Err(TakeOver::new(match act {
        Act::Answer(mut answer) => {
            timeline.clock().date(answer.headers_mut());
            return Ok(answer);
        }
        Act::ByHand { answer, head_time } => {
            WireAct::ByHand { answer, head_time, timeline, has_body: method != Method::HEAD }
        }
        Act::Lost(loss) => {
            if loss == Loss::ResetAfterRequest
                && let Some(mut body) = unread
            {
                while let Some(Ok(_)) = body.frame().await {}
            }
            WireAct::Lost(loss)
        }
    }))
}

/// Given to the HTTP library as the service's error, which makes it let go of the connection with
/// nothing written to it.
#[derive(Debug, thiserror::Error)]
#[error("a fault takes the connection over")]
pub(super) struct TakeOver(Mutex<Option<WireAct>>);

impl TakeOver {
    fn new(act: WireAct) -> Self {
        Self(Mutex::new(Some(act)))
    }
}

/// What is to be done with a connection whose HTTP ended in this error.
pub(super) fn taken_over(error: &hyper::Error) -> Option<WireAct> {
    let TakeOver(act) = error.source()?.downcast_ref()?;
    act.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// What is to be done with a connection once the HTTP library has let go of it.
#[derive(Debug)]
pub(super) enum WireAct {
    ByHand { answer: Response<AnswerBody>, head_time: Duration, timeline: Timeline, has_body: bool },
    Lost(Loss),
}

impl WireAct {
    /// There is nothing that a client could still wait for.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Lost(Loss::Silent))
    }

    /// How it ended is the client's business: it sees the same end.
    pub(super) async fn perform(self, mut stream: TcpStream) {
        match self {
            Self::ByHand { answer, head_time, timeline, has_body } => {
                let _ = write_answer(&mut stream, answer, head_time, timeline, has_body).await;
                close(stream).await;
            }
            Self::Lost(Loss::Reset | Loss::ResetAfterRequest) => {
                let _ = stream.set_zero_linger();
            }
            Self::Lost(Loss::Close) => close(stream).await,
            Self::Lost(Loss::Silent) => {
                let _ = copy(&mut stream, &mut sink()).await;
            }
            Self::Lost(Loss::Garbage) => {
                let _ = stream.write_all(GARBAGE).await;
                close(stream).await;
            }
        }
    }
}

async fn close(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let _ = tokio::time::timeout(LINGER, copy(&mut stream, &mut sink())).await;
}

async fn write_answer(
    stream: &mut TcpStream,
    answer: Response<AnswerBody>,
    head_time: Duration,
    mut timeline: Timeline,
    has_body: bool,
) -> io::Result<()> {
    let head = head(&answer, timeline.clock().now());
    if head_time.is_zero() {
        stream.write_all(&head).await?;
    } else {
        let (pieces, pause) = pieces(&head, head_time);
        for piece in pieces {
            timeline.wait(pause).await;
            stream.write_all(&piece).await?;
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
            stream.write_all(size.as_bytes()).await?;
        }
        stream.write_all(&data).await?;
    }
    if is_chunked {
        stream.write_all(b"\r\nthis is no chunk\r\n").await?;
    }
    Ok(())
}

fn head(answer: &Response<AnswerBody>, now: Timestamp) -> Bytes {
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
