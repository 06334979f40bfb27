//! A long list, element by element, in memory that does not grow with it.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::{Uri, response};
use http_body::Body;
use serde_core::de::DeserializeOwned;
use tokio::task::coop::poll_proceed;
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::Span;

use crate::auth::redact::SentKey;
use crate::decode::body_decoder::start_of;
use crate::decode::list_decoder::{Element, ListDecoder, Malformed};
use crate::error::{Attempt, Error, ErrorKind, Fault, Outcome};
use crate::pipeline::Journey;
use crate::pipeline::attempt::{answered, undecodable_fault};
use crate::pipeline::drift_reporter::DriftWatch;
use crate::pipeline::spans;
use crate::transport::{ResponseBody, body_fault};

/// How much is made elements of at once. A socket may give a hundred times more, which takes less room
/// as bytes.
const MAX_PIECE: usize = 16 * 1024;

/// The elements of a list as they arrive. See [`Call::stream`](crate::Call::stream).
///
/// It is a [`Stream`], and has [`next`](Self::next) for those who need no more than that. An
/// element that is malformed is an error for which [`Error::is_element`] is true: it names index
/// and path, keeps the element's text ([`Error::body`]), and the others still come. Any other
/// error is the last item, since the list is not whole, and whoever sees the end without one has
/// seen the whole list.
///
/// Dropping it stops the transfer.
#[must_use = "nothing is sent until it is polled"]
pub struct ListStream<T> {
    state: State<T>,
}

enum State<T> {
    Opening(Opening),
    Open(Box<Transfer<T>>),
    Over,
}

/// What the road gives when a good answer begins.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Result<Opened, Error>> + Send>>;

/// A good answer whose body is to be streamed.
pub(crate) struct Opened {
    pub(crate) journey: Journey<ResponseBody>,
    pub(crate) address: Uri,
    pub(crate) max_element_bytes: usize,
    pub(crate) drift: Option<Arc<DriftWatch>>,
}

struct Transfer<T> {
    body: ResponseBody,
    /// What came and was not looked at: elements are made as they are asked for.
    unread: Bytes,
    decoder: ListDecoder<T>,
    ready: VecDeque<Element<T>>,
    /// What is wrong behind what is ready.
    broken: Option<Fault>,
    max_element_bytes: usize,
    /// What came since the last element, used up or not: blanks, fields beside the list.
    fruitless_bytes: usize,
    deadline: Pin<Box<Sleep>>,
    drift: Option<Arc<DriftWatch>>,
    about: About,
}

/// What every error of a stream tells of its call.
struct About {
    head: response::Parts,
    sent_key: SentKey,
    address: Uri,
    failed_attempts: Vec<Attempt>,
    started: Instant,
    span: Span,
}

impl<T> ListStream<T> {
    pub(crate) fn new(opening: Opening) -> Self {
        Self { state: State::Opening(opening) }
    }
}

impl<T: DeserializeOwned + 'static> ListStream<T> {
    /// The next element, or an error, or `None` at the end of the list.
    ///
    /// It can be dropped and called again; nothing is lost.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

// Nothing in it is pinned in place: the future and the timer have boxes of their own.
impl<T> Unpin for ListStream<T> {}

impl<T: DeserializeOwned + 'static> Stream for ListStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let State::Opening(opening) = &mut self.state {
            let opened = ready!(opening.as_mut().poll(cx));
            match opened {
                Ok(opened) => self.state = State::Open(Box::new(Transfer::new(opened))),
                Err(error) => {
                    self.state = State::Over;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        let State::Open(transfer) = &mut self.state else {
            return Poll::Ready(None);
        };
        let (item, is_last) = ready!(transfer.poll_item(cx));
        if is_last {
            self.state = State::Over;
        }
        Poll::Ready(item)
    }
}

impl<T: DeserializeOwned + 'static> Transfer<T> {
    fn new(opened: Opened) -> Self {
        let Opened { journey, address, max_element_bytes, drift } = opened;
        let Journey { arrived, failed_attempts, started, deadline, span } = journey;
        Self {
            body: arrived.value,
            unread: Bytes::new(),
            decoder: ListDecoder::new(),
            ready: VecDeque::new(),
            broken: None,
            max_element_bytes,
            fruitless_bytes: 0,
            deadline: Box::pin(sleep_until(deadline)),
            drift,
            about: About {
                head: arrived.head,
                sent_key: arrived.sent_key,
                address,
                failed_attempts,
                started,
                span,
            },
        }
    }

    /// What to give next, and whether it is the last.
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<(Option<Result<T, Error>>, bool)> {
        let span = self.about.span.clone();
        let _in_span = span.enter();
        let element = ready!(self.poll_element(cx));
        Poll::Ready(match element {
            Ok(Some(Ok(element))) => {
                if let Some(watch) = &self.drift {
                    watch.look_at(&element, &self.about.sent_key);
                }
                (Some(Ok(element)), false)
            }
            Ok(Some(Err(malformed))) => (Some(Err(self.about.malformed(malformed))), false),
            Ok(None) => {
                if let Some(watch) = &self.drift {
                    watch.look_beside(
                        self.about.address.path(),
                        self.decoder.unknown_fields(),
                        &self.about.sent_key,
                    );
                }
                (None, true)
            }
            Err(fault) => {
                spans::record_failure(&span, &fault.kind);
                let excerpt = start_of(self.decoder.pending());
                (Some(Err(self.about.end(fault, excerpt))), true)
            }
        })
    }

    fn poll_element(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Element<T>>, Fault>> {
        loop {
            if let Some(element) = self.ready.pop_front() {
                return Poll::Ready(Ok(Some(element)));
            }
            if let Some(fault) = self.broken.take() {
                return Poll::Ready(Err(fault));
            }
            if !self.unread.is_empty() {
                let piece = self.unread.split_to(self.unread.len().min(MAX_PIECE));
                self.broken = self.decode(&piece).err();
                continue;
            }
            // A body that is always ready shall leave the timer and other tasks their turn.
            ready!(poll_proceed(cx)).made_progress();
            let is_over = Instant::now() >= self.deadline.deadline();
            if self.deadline.as_mut().poll(cx).is_ready() || is_over {
                return Poll::Ready(Err(Fault::out_of_time(Outcome::Answered)));
            }
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
                let finished = self.decoder.finish().map(|()| None);
                return Poll::Ready(
                    finished.map_err(|wrong| undecodable_fault(&self.about.head, wrong)),
                );
            };
            if let Ok(bytes) = frame.map_err(body_fault)?.into_data() {
                self.unread = bytes;
            }
        }
    }

    /// Makes ready what came whole, and says what is wrong after that.
    fn decode(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Self { decoder, ready, about, max_element_bytes, fruitless_bytes, .. } = self;
        let pushed = decoder.push(bytes, &mut |element| ready.push_back(element));
        pushed.map_err(|wrong| undecodable_fault(&about.head, wrong))?;
        *fruitless_bytes =
            if ready.is_empty() { fruitless_bytes.saturating_add(bytes.len()) } else { 0 };
        if decoder.held_bytes().max(*fruitless_bytes) > *max_element_bytes {
            let kind = ErrorKind::BodyTooLarge { limit: *max_element_bytes };
            return Err(Fault::new(kind, Outcome::Answered));
        }
        Ok(())
    }
}

impl About {
    /// The error of an element, which leaves the attempt as it is.
    fn malformed(&self, Malformed { problem, raw }: Malformed) -> Error {
        let fault = Fault::new(ErrorKind::Element(problem), Outcome::Answered);
        self.error(self.answered(fault, start_of(raw.as_bytes())), self.failed_attempts.clone())
    }

    /// The error that ends the list, and with it the attempt.
    fn end(&self, fault: Fault, excerpt: Bytes) -> Error {
        let fault = self.answered(fault, excerpt);
        let mut attempts = self.failed_attempts.clone();
        attempts.push(fault.attempt(None));
        self.error(fault, attempts)
    }

    fn answered(&self, fault: Fault, excerpt: Bytes) -> Fault {
        answered(fault, self.head.clone(), excerpt, &self.sent_key)
    }

    fn error(&self, fault: Fault, attempts: Vec<Attempt>) -> Error {
        Error::new(fault, attempts, self.started.elapsed(), None)
    }
}

impl<T> fmt::Debug for ListStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Opening(_) => "Opening",
            State::Open(_) => "Open",
            State::Over => "Over",
        };
        f.debug_tuple("ListStream").field(&state).finish()
    }
}
