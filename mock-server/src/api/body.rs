//! The body of a response with data. Nothing long is copied to be sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::state::payload::Payload;

impl From<Payload> for Body {
    fn from(payload: Payload) -> Self {
        match payload {
            Payload::Single(bytes) => Self::from(bytes),
            Payload::Chunks(chunks) => {
                let left = chunks.iter().map(|chunk| chunk.len() as u64).sum();
                Self::new(Chunks { pieces: chunks, next: 0, left })
            }
        }
    }
}

struct Chunks {
    pieces: Arc<[Bytes]>,
    next: usize,
    left: u64,
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(chunk) = self.pieces.get(self.next).cloned() else {
            return Poll::Ready(None);
        };
        self.next += 1;
        self.left -= chunk.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
