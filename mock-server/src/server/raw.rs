//! What no HTTP library would do: bytes that are written to a socket by hand, and how it ends.

use std::error::Error as _;
use std::io;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use tokio::io::{AsyncWriteExt as _, copy, sink};

use super::stream::Stream;
use crate::api::headers::is_bodyless;
use crate::faults::apply::body::pieces;
use crate::faults::apply::{ConnectionFault, GARBAGE, Undeliverable};
use crate::state::clock::{Timeline, http_date};

/// How long to listen to a client after the last byte to it. Closed sooner, a socket that still
/// has something to read would take back what was sent.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// Given to hyper as the service's error, which makes it give the connection back with nothing
/// written to it.
#[derive(Debug, thiserror::Error)]
#[error("a fault takes the connection over")]
pub(super) struct ConnectionTakeover(Mutex<Option<RawAction>>);

impl ConnectionTakeover {
    pub(super) fn new(action: RawAction) -> Self {
        Self(Mutex::new(Some(action)))
    }

    #[expect(clippy::boxed_local, reason = "so it is returned")]
    pub(super) fn of(undeliverable: Box<Undeliverable>) -> Self {
        let Undeliverable { fault, response, timeline } = *undeliverable;
        Self::new(match fault {
            ConnectionFault::Reset => RawAction::Reset,
            ConnectionFault::Close | ConnectionFault::Aborted => RawAction::Close,
            ConnectionFault::Hang => RawAction::Hang,
            ConnectionFault::Garbage => RawAction::Garbage,
            ConnectionFault::RawResponse { head_time } => {
                RawAction::Response { response, head_time, timeline }
            }
        })
    }

    /// The action of a connection whose HTTP ended in this error.
    pub(super) fn action(error: &hyper::Error) -> Option<RawAction> {
        let Self(action) = error.source()?.downcast_ref()?;
        action.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What is done with a connection once hyper has given it back.
#[derive(Debug)]
pub(super) enum RawAction {
    Response { response: Response, head_time: Duration, timeline: Timeline },
    Reset,
    Close,
    Hang,
    Garbage,
}

impl RawAction {
    /// Errors are ignored: the client sees the same end of the connection.
    pub(super) async fn run(self, stream: &mut Stream, write_timeout: Duration) {
        let mut wire = RawSocket { stream, write_timeout };
        match self {
            Self::Response { response, head_time, timeline } => {
                let written = write_response(&mut wire, response, head_time, timeline).await;
                wire.end(written).await;
            }
            Self::Reset => {
                let _ = wire.stream.tcp().set_zero_linger();
            }
            Self::Close => wire.end(Ok(())).await,
            Self::Hang => {
                let _ = copy(wire.stream.tcp_mut(), &mut sink()).await;
            }
            Self::Garbage => {
                let written = wire.write(GARBAGE).await;
                wire.end(written).await;
            }
        }
    }
}

/// A socket that is written by hand, to a client that has to read.
struct RawSocket<'a> {
    stream: &'a mut Stream,
    write_timeout: Duration,
}

impl RawSocket<'_> {
    async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let writing = self.stream.write(bytes);
            let count = tokio::time::timeout(self.write_timeout, writing).await??;
            bytes = bytes.get(count..).unwrap_or_default();
        }
        tokio::time::timeout(self.write_timeout, self.stream.flush()).await?
    }

    /// Closes the connection, and resets it if the client did not read.
    async fn end(self, written: io::Result<()>) {
        if written.is_err() {
            let _ = self.stream.tcp().set_zero_linger();
            return;
        }
        let _ = tokio::time::timeout(self.write_timeout, self.stream.shutdown()).await;
        let _ = tokio::time::timeout(LINGER, copy(self.stream.tcp_mut(), &mut sink())).await;
    }
}

async fn write_response(
    wire: &mut RawSocket<'_>,
    response: Response,
    head_time: Duration,
    mut timeline: Timeline,
) -> io::Result<()> {
    let is_chunked = response.body().size_hint().exact().is_none();
    let head = head(&response, is_chunked, timeline.clock().now());
    if head_time.is_zero() {
        wire.write(&head).await?;
    } else {
        let (pieces, pause) = pieces(&head, head_time);
        for piece in pieces {
            timeline.wait(pause).await;
            wire.write(&piece).await?;
        }
    }
    let mut body = pin!(response.into_body());
    // Whether the body ends in an error or not, the fault ends in the closing.
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

fn head(response: &Response, is_chunked: bool, now: Timestamp) -> Bytes {
    let status = response.status();
    let mut head = format!("HTTP/1.1 {} ", status.as_str()).into_bytes();
    head.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    let line = |head: &mut Vec<u8>, name: &str, value: &[u8]| {
        for part in [b"\r\n", name.as_bytes(), b": ", value] {
            head.extend_from_slice(part);
        }
    };
    for (name, value) in response.headers() {
        // RFC 9110, section 8.6.
        if *name != CONTENT_LENGTH || !is_bodyless(status) {
            line(&mut head, name.as_str(), value.as_bytes());
        }
    }
    if is_chunked {
        line(&mut head, TRANSFER_ENCODING.as_str(), b"chunked");
    } else if !response.headers().contains_key(CONTENT_LENGTH) && !is_bodyless(status) {
        let length = response.body().size_hint().lower().to_string();
        line(&mut head, CONTENT_LENGTH.as_str(), length.as_bytes());
    }
    if !response.headers().contains_key(DATE) {
        line(&mut head, DATE.as_str(), http_date(now).as_bytes());
    }
    head.extend_from_slice(b"\r\n\r\n");
    head.into()
}
