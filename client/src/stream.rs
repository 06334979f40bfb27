//! A long list, element by element, in memory that does not grow with it.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::response;
use http_body::Body;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::attempt::{answered, undecodable_fault};
use crate::decode::Undecodable;
use crate::elements::{Element, ListDecoder, Malformed};
use crate::error::{Attempt, Error, ErrorKind, Fault, Outcome, TimeLimit};
use crate::road::Journey;
use crate::sink::start_of;
use crate::transport::{ResponseBody, body_fault};

/// The elements of a list as they arrive. See [`Call::stream`](crate::Call::stream).
///
/// It is a [`Stream`], and has [`next`](Self::next) for those who need no more than that. An
/// element that is malformed is an error that names its index and path and keeps its text
/// ([`Error::body`]); the others still come. An error of any other kind, such as a body that was
/// cut short, is the last item: whoever sees the end without one has seen the whole list.
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
    pub(crate) max_element_bytes: usize,
}

/// A fault, and what is kept of the body to look at.
type Ending = (Fault, Bytes);

struct Transfer<T> {
    body: ResponseBody,
    decoder: ListDecoder<T>,
    ready: VecDeque<Element<T>>,
    /// What ends the list once the elements before it are given.
    ending: Option<Ending>,
    max_element_bytes: usize,
    deadline: Pin<Box<Sleep>>,
    about: About,
}

/// What every error of a stream tells of its call.
struct About {
    head: response::Parts,
    failed_attempts: Vec<Attempt>,
    started: Instant,
}

impl<T> ListStream<T> {
    pub(crate) fn new(opening: Opening) -> Self {
        Self {
            state: State::Opening(opening),
        }
    }
}

impl<T: DeserializeOwned> ListStream<T> {
    /// The next element, or an error, or `None` at the end of the list.
    ///
    /// It can be dropped and called again; nothing is lost.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

// Nothing in it is pinned in place: the future and the timer have boxes of their own.
impl<T> Unpin for ListStream<T> {}

impl<T: DeserializeOwned> Stream for ListStream<T> {
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
        let item = match ready!(transfer.poll_element(cx)) {
            Ok(Some(Ok(element))) => return Poll::Ready(Some(Ok(element))),
            Ok(Some(Err(malformed))) => {
                return Poll::Ready(Some(Err(transfer.about.malformed(malformed))));
            }
            Ok(None) => None,
            Err((fault, excerpt)) => Some(Err(transfer.about.error(fault, excerpt))),
        };
        self.state = State::Over;
        Poll::Ready(item)
    }
}

impl<T: DeserializeOwned> Transfer<T> {
    fn new(opened: Opened) -> Self {
        let Opened {
            journey,
            max_element_bytes,
        } = opened;
        Self {
            body: journey.arrived.value,
            decoder: ListDecoder::new(),
            ready: VecDeque::new(),
            ending: None,
            max_element_bytes,
            deadline: Box::pin(sleep_until(journey.deadline)),
            about: About {
                head: journey.arrived.head,
                failed_attempts: journey.failed_attempts,
                started: journey.started,
            },
        }
    }

    fn poll_element(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Element<T>>, Ending>> {
        loop {
            if let Some(element) = self.ready.pop_front() {
                return Poll::Ready(Ok(Some(element)));
            }
            if let Some(ending) = self.ending.take() {
                return Poll::Ready(Err(ending));
            }
            if self.deadline.as_mut().poll(cx).is_ready() {
                let kind = ErrorKind::Timeout(TimeLimit::Deadline);
                return Poll::Ready(Err((Fault::new(kind, Outcome::Answered), Bytes::new())));
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.take(&bytes);
                    }
                }
                Some(Err(cause)) => {
                    return Poll::Ready(Err((body_fault(cause), Bytes::new())));
                }
                None => {
                    let end = self.decoder.finish().map(|()| None);
                    return Poll::Ready(end.map_err(|undecodable| self.undecodable(undecodable)));
                }
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let ready = &mut self.ready;
        let pushed = self
            .decoder
            .push(bytes, &mut |element| ready.push_back(element));
        if let Err(undecodable) = pushed {
            self.ending = Some(self.undecodable(undecodable));
        } else if self.decoder.pending().len() > self.max_element_bytes {
            let limit = self.max_element_bytes;
            let fault = Fault::new(ErrorKind::BodyTooLarge { limit }, Outcome::Answered);
            self.ending = Some((fault, start_of(self.decoder.pending())));
        }
    }

    fn undecodable(&self, undecodable: Undecodable) -> Ending {
        (
            undecodable_fault(&self.about.head, undecodable),
            start_of(self.decoder.pending()),
        )
    }
}

impl About {
    fn malformed(&self, Malformed { problem, raw }: Malformed) -> Error {
        self.error(
            Fault::new(ErrorKind::Decode(problem), Outcome::Answered),
            start_of(raw.as_bytes()),
        )
    }

    fn error(&self, fault: Fault, excerpt: Bytes) -> Error {
        let fault = answered(fault, self.head.clone(), excerpt);
        Error::new(
            fault,
            self.failed_attempts.clone(),
            self.started.elapsed(),
            None,
        )
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
