//! The body of an answer: whole, or with what a fault makes of it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::state::clock::{Timeline, Wait};
use crate::state::payload::Content;

/// Blanks are sent in pieces of this many.
static BLANKS: [u8; 64 * 1024] = [b' '; 64 * 1024];

/// More pieces than this would be sent no slower, only at more cost.
const MOST_PIECES: usize = 1000;

#[derive(Debug)]
pub(crate) struct AnswerBody(Kind);

#[derive(Debug)]
enum Kind {
    One(Bytes),
    Several(Box<Several>),
}

/// What comes in pieces, and what a fault makes of it.
#[derive(Debug)]
struct Several {
    /// What is said of its length, whatever comes.
    length: Option<u64>,
    pieces: VecDeque<Bytes>,
    blanks: u64,
    end: Option<io::ErrorKind>,
    /// When each piece comes, if they do not come at once.
    pace: Option<Pace>,
}

#[derive(Debug)]
struct Pace {
    timeline: Timeline,
    pause: Duration,
    pausing: Option<Wait>,
}

impl AnswerBody {
    #[inline]
    pub(crate) fn whole(content: impl Into<Content>) -> Self {
        match content.into() {
            Content::One(bytes) => Self(Kind::One(bytes)),
            Content::Several(pieces) => Self::in_pieces(&pieces),
        }
    }

    #[cold]
    fn in_pieces(pieces: &[Bytes]) -> Self {
        Self::several(Several::of(pieces.iter().cloned()))
    }

    /// These bytes, and as many blanks as make them this long.
    pub(crate) fn padded(bytes: Bytes, length: u64) -> Self {
        let own = bytes.len() as u64;
        Self::several(Several {
            length: Some(length.max(own)),
            blanks: length.saturating_sub(own),
            ..Several::of([bytes])
        })
    }

    /// These bytes in pieces, for this long.
    pub(crate) fn dripping(bytes: &Bytes, time: Duration, timeline: Timeline) -> Self {
        let (pieces, pause) = pieces(bytes, time);
        let pace = Some(Pace { timeline, pause, pausing: None });
        Self::several(Several { pace, ..Several::of(pieces) })
    }

    /// Says another length than it has, or none, and may end in an error.
    pub(crate) fn lying(self, length: Option<u64>, end: Option<io::ErrorKind>) -> Self {
        let several = match self.0 {
            Kind::One(bytes) => Several::of([bytes]),
            Kind::Several(several) => *several,
        };
        Self::several(Several { length, end, ..several })
    }

    fn several(several: Several) -> Self {
        Self(Kind::Several(Box::new(several)))
    }

    /// What is said of its length.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.0 {
            Kind::One(bytes) => Some(bytes.len() as u64),
            Kind::Several(several) => several.length,
        }
    }

    /// How many bytes come, and all that come.
    pub(crate) fn content(&self) -> (u64, impl Iterator<Item = Bytes>) {
        let (pieces, blanks) = match &self.0 {
            Kind::One(bytes) => (vec![bytes.clone()], 0),
            Kind::Several(several) => (several.pieces.iter().cloned().collect(), several.blanks),
        };
        let length = pieces.iter().map(|piece| piece.len() as u64).sum::<u64>() + blanks;
        (length, pieces.into_iter().chain(in_blanks(blanks)))
    }
}

/// So many blanks, in pieces.
fn in_blanks(mut count: u64) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || next_blanks(&mut count))
}

fn next_blanks(left: &mut u64) -> Option<Bytes> {
    let size = usize::try_from(*left).map_or(BLANKS.len(), |left| left.min(BLANKS.len()));
    *left -= size as u64;
    (size > 0).then(|| Bytes::from_static(&BLANKS).slice(..size))
}

impl Several {
    fn of(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        let pieces = VecDeque::from_iter(pieces);
        Self {
            length: Some(pieces.iter().map(|piece| piece.len() as u64).sum()),
            pieces,
            blanks: 0,
            end: None,
            pace: None,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = match &mut self.0 {
            Kind::One(bytes) if bytes.is_empty() => None,
            Kind::One(bytes) => Some(Ok(std::mem::take(bytes))),
            Kind::Several(several) => ready!(several.poll_next(context)),
        };
        Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Kind::One(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

impl Several {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(Pace { timeline, pause, pausing }) = &mut self.pace
            && !self.pieces.is_empty()
        {
            let wait = pausing.get_or_insert_with(|| timeline.wait(*pause));
            ready!(Pin::new(wait).poll(context));
            *pausing = None;
        }
        Poll::Ready(if let Some(piece) = self.pieces.pop_front() {
            Some(Ok(piece))
        } else if let Some(blanks) = next_blanks(&mut self.blanks) {
            Some(Ok(blanks))
        } else {
            self.end.take().map(|end| Err(end.into()))
        })
    }
}

/// Bytes cut in pieces, and the pause before each, so that all together take this long. A timer
/// counts milliseconds, so no pause is shorter.
pub(crate) fn pieces(bytes: &Bytes, time: Duration) -> (VecDeque<Bytes>, Duration) {
    let most = usize::try_from(time.as_millis()).map_or(MOST_PIECES, |most| most.min(MOST_PIECES));
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
