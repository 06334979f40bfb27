//! The socket as the HTTP library sees it: no client holds it for ever, and the library's own bare
//! refusals do not get through.
//!
//! The library has a limit for heads only, which sets a new timer for each request; here one timer
//! a connection does for all.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use memchr::memmem;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::limits::Limits;

/// How far a connection has come: its service tells, its socket looks. Both are of one task.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    /// Odd while a request is being answered, even while one is waited for.
    turn: AtomicU32,
    leaves_body: AtomicBool,
}

impl ConnectionState {
    /// A request begins, so the one before it was read to its end.
    pub(super) fn begin(&self) {
        self.leaves_body.store(false, Ordering::Relaxed);
        self.next();
    }

    /// The response is there.
    pub(super) fn end(&self) {
        self.next();
    }

    fn next(&self) {
        self.turn.store(self.turn().wrapping_add(1), Ordering::Relaxed);
    }

    fn turn(&self) -> u32 {
        self.turn.load(Ordering::Relaxed)
    }

    /// A body is not read to its end, so more of it may be on its way when the connection ends.
    pub(super) fn leave_body(&self) {
        self.leaves_body.store(true, Ordering::Relaxed);
    }
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeoutKind {
    Idle,
    Head,
    Write,
}

#[derive(Debug)]
pub(super) struct TimeoutStream<'a> {
    stream: TcpStream,
    limits: &'a Limits,
    progress: &'a ConnectionState,
    /// The turn that what follows is about.
    turn: u32,
    /// Whether a byte of the next request has come.
    is_begun: bool,
    reading: LazyTimer,
    writing: LazyTimer,
    lapse: Option<TimeoutKind>,
    held: Vec<u8>,
}

impl<'a> TimeoutStream<'a> {
    pub(super) fn new(
        stream: TcpStream,
        limits: &'a Limits,
        progress: &'a ConnectionState,
    ) -> Self {
        Self {
            stream,
            limits,
            progress,
            turn: progress.turn(),
            is_begun: false,
            reading: LazyTimer::default(),
            writing: LazyTimer::default(),
            lapse: None,
            held: Vec::new(),
        }
    }

    /// The limit that ended the connection, if one did.
    pub(super) fn lapse(&self) -> Option<TimeoutKind> {
        self.lapse
    }

    /// A last response that was held back, since the library might have made it by itself.
    pub(super) fn take_held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// Whether the client may still be sending, so that closing at once would take back what it
    /// was sent: a socket that is closed with something unread resets the connection.
    pub(super) fn is_sending(&self) -> bool {
        self.progress.leaves_body.load(Ordering::Relaxed)
            || matches!(self.stream.try_read(&mut [0]), Ok(1..))
    }

    pub(super) fn into_inner(self) -> TcpStream {
        self.stream
    }

    /// Sends what was held back, now that more follows: a body that comes late has a head that
    /// looks like a refusal.
    fn release(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let result = Pin::new(&mut self.stream).poll_write(context, &self.held);
            let count = match ready!(self.written(context, result)) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => count,
                Err(error) => return Poll::Ready(Err(error)),
            };
            self.held.drain(..count);
        }
        Poll::Ready(Ok(()))
    }

    fn timed_out<T>(&mut self, lapse: TimeoutKind) -> Poll<io::Result<T>> {
        self.lapse = Some(lapse);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn written(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if result.is_ready() {
            self.writing.end();
        } else if self.writing.is_over(context, self.limits.write) {
            return self.timed_out(TimeoutKind::Write);
        }
        result
    }
}

impl AsyncRead for TimeoutStream<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let had = buffer.filled().len();
        let result = Pin::new(&mut this.stream).poll_read(context, buffer);
        let turn = this.progress.turn();
        if this.turn != turn {
            this.turn = turn;
            this.is_begun = false;
            this.reading.end();
        }
        // How long a body may take is the matter of who reads it.
        if turn % 2 == 1 {
            return result;
        }
        if result.is_pending() {
            let (limit, lapse) = if this.is_begun {
                (this.limits.head, TimeoutKind::Head)
            } else {
                (this.limits.idle, TimeoutKind::Idle)
            };
            if this.reading.is_over(context, limit) {
                return this.timed_out(lapse);
            }
        } else if !this.is_begun && buffer.filled().len() > had {
            this.is_begun = true;
            this.reading.end();
        }
        result
    }
}

impl AsyncWrite for TimeoutStream<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Err(ended) = ready!(this.release(context)) {
            return Poll::Ready(Err(ended));
        }
        let (before, last) = bytes.split_at(bytes.len() - last_bare_head(bytes));
        if before.is_empty() && !last.is_empty() {
            this.held.extend_from_slice(last);
            return Poll::Ready(Ok(last.len()));
        }
        let result = Pin::new(&mut this.stream).poll_write(context, before);
        this.written(context, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A head with no body after it.
        if let [bytes] = slices {
            return self.poll_write(context, bytes);
        }
        let this = self.get_mut();
        if let Err(ended) = ready!(this.release(context)) {
            return Poll::Ready(Err(ended));
        }
        let result = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.written(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    /// How the connection is closed is the business of who takes the socket back.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// How many bytes at the end of these are the head of a response that says that it is the last, has
/// a client error, and no body. That is how the HTTP library refuses what it cannot read. Our own
/// answers may look like this too, so it is held until the library says how the connection ended.
fn last_bare_head(bytes: &[u8]) -> usize {
    if !bytes.ends_with(b"\r\n\r\n") {
        return 0;
    }
    let Some(head) = memmem::rfind(bytes, b"HTTP/1.1 4").and_then(|at| bytes.get(at..)) else {
        return 0;
    };
    let has = |line: &[u8]| memmem::find(head, line).is_some();
    if has(b"\r\nconnection: close\r\n") && has(b"\r\ncontent-length: 0\r\n") {
        head.len()
    } else {
        0
    }
}

/// A limit that is set with each request and seldom met: its timer is moved only when it rings.
#[derive(Debug, Default)]
struct LazyTimer {
    until: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl LazyTimer {
    /// Whether it has lasted for so long, counted from the first time that it was asked.
    fn is_over(&mut self, context: &mut Context<'_>, limit: Duration) -> bool {
        let until = *self.until.get_or_insert_with(|| Instant::now() + limit);
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        while timer.as_mut().poll(context).is_ready() {
            if timer.deadline() >= until {
                return true;
            }
            timer.as_mut().reset(until);
        }
        false
    }

    fn end(&mut self) {
        self.until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_head_without_a_body_is_found_behind_what_stands_before_it() {
        let refusal = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\
                       content-length: 0\r\n\r\n";
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        for (bytes, held) in [
            (refusal.to_owned(), refusal.len()),
            (format!("{answer}{refusal}"), refusal.len()),
            (answer.to_owned(), 0),
            (refusal.replace("length: 0", "length: 3"), 0),
            (refusal.replace("close", "keep-alive"), 0),
            (refusal.replace("431", "200"), 0),
            (format!("{refusal}x"), 0),
            (String::new(), 0),
        ] {
            assert_eq!(last_bare_head(bytes.as_bytes()), held, "{bytes}");
        }
    }
}
