//! The body of a response that a fault changed.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::state::clock::{Timeline, Wait};

/// Padding is sent in pieces of this many spaces.
static SPACES: [u8; 64 * 1024] = [b' '; 64 * 1024];

/// More pieces than this would be sent no slower, only at more cost.
const MAX_PIECES: usize = 1000;

/// A body in pieces, and what a fault makes of it.
#[derive(Debug)]
pub(crate) struct FaultyBody {
    /// The length that the response declares, whatever is sent.
    length: Option<u64>,
    pieces: VecDeque<Bytes>,
    padding: u64,
    end: Option<io::ErrorKind>,
    /// When each piece is sent, if they are not sent immediately.
    throttle: Option<Throttle>,
}

#[derive(Debug)]
struct Throttle {
    timeline: Timeline,
    pause: Duration,
    pausing: Option<Wait>,
}

impl FaultyBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::of([bytes])
    }

    /// These bytes, padded with spaces to this length.
    pub(crate) fn padded(bytes: Bytes, length: u64) -> Self {
        let own = bytes.len() as u64;
        Self {
            length: Some(length.max(own)),
            padding: length.saturating_sub(own),
            ..Self::whole(bytes)
        }
    }

    /// These bytes in pieces, for this long.
    pub(crate) fn throttled(bytes: &Bytes, time: Duration, timeline: Timeline) -> Self {
        let (pieces, pause) = pieces(bytes, time);
        Self { throttle: Some(Throttle { timeline, pause, pausing: None }), ..Self::of(pieces) }
    }

    /// Declares another length than it has, or none, and may end in an error.
    pub(crate) fn with_wrong_length(self, length: Option<u64>, end: Option<io::ErrorKind>) -> Self {
        Self { length, end, ..self }
    }

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

    /// How many bytes are sent, and the bytes if there are no more than this.
    pub(crate) fn content(&self, most: usize) -> (u64, Option<Bytes>) {
        let length = self.pieces.iter().map(|piece| piece.len() as u64).sum::<u64>() + self.padding;
        let mut padding = self.padding;
        let content = (length <= most as u64).then(|| {
            let padding = std::iter::from_fn(|| next_padding(&mut padding));
            self.pieces.iter().cloned().chain(padding).flatten().collect()
        });
        (length, content)
    }
}

fn next_padding(left: &mut u64) -> Option<Bytes> {
    let size = usize::try_from(*left).map_or(SPACES.len(), |left| left.min(SPACES.len()));
    *left -= size as u64;
    (size > 0).then(|| Bytes::from_static(&SPACES).slice(..size))
}

impl Body for FaultyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        if let Some(Throttle { timeline, pause, pausing }) = &mut this.throttle
            && !this.pieces.is_empty()
        {
            let wait = pausing.get_or_insert_with(|| timeline.wait(*pause));
            ready!(Pin::new(wait).poll(context));
            *pausing = None;
        }
        let next = this.pieces.pop_front().or_else(|| next_padding(&mut this.padding));
        Poll::Ready(match next {
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None => this.end.take().map(|end| Err(end.into())),
        })
    }

    /// An error is still to come after the last byte.
    fn is_end_stream(&self) -> bool {
        self.length == Some(0)
            && self.pieces.iter().all(Bytes::is_empty)
            && self.padding == 0
            && self.end.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
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
