//! The body of a response: whole, or with what a fault makes of it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::state::clock::{Timeline, Wait};
use crate::state::payload::Payload;

/// Blanks are sent in pieces of this many.
static BLANKS: [u8; 64 * 1024] = [b' '; 64 * 1024];

/// More pieces than this would be sent no slower, only at more cost.
const MAX_PIECES: usize = 1000;

#[derive(Debug)]
pub(crate) struct ResponseBody(Kind);

#[derive(Debug)]
enum Kind {
    Single(Bytes),
    Chunks(Box<Chunks>),
}

/// What comes in pieces, and what a fault makes of it.
#[derive(Debug)]
struct Chunks {
    /// What is said of its length, whatever comes.
    length: Option<u64>,
    pieces: VecDeque<Bytes>,
    padding: u64,
    end: Option<io::ErrorKind>,
    /// When each piece comes, if they do not come at once.
    throttle: Option<Throttle>,
}

#[derive(Debug)]
struct Throttle {
    timeline: Timeline,
    pause: Duration,
    pausing: Option<Wait>,
}

impl ResponseBody {
    #[inline]
    pub(crate) fn whole(content: impl Into<Payload>) -> Self {
        match content.into() {
            Payload::Single(bytes) => Self(Kind::Single(bytes)),
            Payload::Chunks(pieces) => Self::in_pieces(&pieces),
        }
    }

    #[cold]
    fn in_pieces(pieces: &[Bytes]) -> Self {
        Self::several(Chunks::of(pieces.iter().cloned()))
    }

    /// These bytes, padded with spaces to this length.
    pub(crate) fn padded(bytes: Bytes, length: u64) -> Self {
        let own = bytes.len() as u64;
        Self::several(Chunks {
            length: Some(length.max(own)),
            padding: length.saturating_sub(own),
            ..Chunks::of([bytes])
        })
    }

    /// These bytes in pieces, for this long.
    pub(crate) fn throttled(bytes: &Bytes, time: Duration, timeline: Timeline) -> Self {
        let (pieces, pause) = pieces(bytes, time);
        let throttle = Some(Throttle { timeline, pause, pausing: None });
        Self::several(Chunks { throttle, ..Chunks::of(pieces) })
    }

    /// Says another length than it has, or none, and may end in an error.
    pub(crate) fn with_wrong_length(self, length: Option<u64>, end: Option<io::ErrorKind>) -> Self {
        let several = match self.0 {
            Kind::Single(bytes) => Chunks::of([bytes]),
            Kind::Chunks(several) => *several,
        };
        Self::several(Chunks { length, end, ..several })
    }

    fn several(several: Chunks) -> Self {
        Self(Kind::Chunks(Box::new(several)))
    }

    /// What is said of its length.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.0 {
            Kind::Single(bytes) => Some(bytes.len() as u64),
            Kind::Chunks(several) => several.length,
        }
    }

    /// How many bytes come, and all that come.
    pub(crate) fn content(&self) -> (u64, impl Iterator<Item = Bytes>) {
        let (pieces, padding) = match &self.0 {
            Kind::Single(bytes) => (vec![bytes.clone()], 0),
            Kind::Chunks(several) => (several.pieces.iter().cloned().collect(), several.padding),
        };
        let length = pieces.iter().map(|piece| piece.len() as u64).sum::<u64>() + padding;
        (length, pieces.into_iter().chain(in_blanks(padding)))
    }
}

/// So many spaces, in chunks.
fn in_blanks(mut count: u64) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || next_blanks(&mut count))
}

fn next_blanks(left: &mut u64) -> Option<Bytes> {
    let size = usize::try_from(*left).map_or(BLANKS.len(), |left| left.min(BLANKS.len()));
    *left -= size as u64;
    (size > 0).then(|| Bytes::from_static(&BLANKS).slice(..size))
}

impl Chunks {
    fn of(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        let pieces = VecDeque::from_iter(pieces);
        Self {
            length: Some(pieces.iter().map(|piece| piece.len() as u64).sum()),
            pieces,
            padding: 0,
            end: None,
            throttle: None,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = match &mut self.0 {
            Kind::Single(bytes) if bytes.is_empty() => None,
            Kind::Single(bytes) => Some(Ok(std::mem::take(bytes))),
            Kind::Chunks(several) => ready!(several.poll_next(context)),
        };
        Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Kind::Single(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

impl Chunks {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(Throttle { timeline, pause, pausing }) = &mut self.throttle
            && !self.pieces.is_empty()
        {
            let wait = pausing.get_or_insert_with(|| timeline.wait(*pause));
            ready!(Pin::new(wait).poll(context));
            *pausing = None;
        }
        Poll::Ready(if let Some(piece) = self.pieces.pop_front() {
            Some(Ok(piece))
        } else if let Some(padding) = next_blanks(&mut self.padding) {
            Some(Ok(padding))
        } else {
            self.end.take().map(|end| Err(end.into()))
        })
    }
}

/// Bytes cut in pieces, and the pause before each, so that all together take this long. A timer
/// counts milliseconds, so no pause is shorter.
pub(crate) fn pieces(bytes: &Bytes, time: Duration) -> (VecDeque<Bytes>, Duration) {
    let most = usize::try_from(time.as_millis()).map_or(MAX_PIECES, |most| most.min(MAX_PIECES));
    let count = bytes.len().min(most).max(1);
    let size = bytes.len().div_ceil(count).max(1);
    let mut rest = bytes.clone();
    let mut pieces = VecDeque::with_capacity(count);
    while rest.len() > size {
        pieces.push_back(rest.split_to(size));
    }
    pieces.push_back(rest);
    let pause = time / u32::try_from(pieces.len()).unwrap_or(u32::MAX);
    (pieces, pause)
}
