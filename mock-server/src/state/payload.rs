//! What a response carries: in one piece, or in the pieces that it is kept in, so that nothing long
//! is copied to be sent.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Single(Bytes),
    Chunks(Arc<[Bytes]>),
}

impl Payload {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Single(piece) => piece.len(),
            Self::Chunks(pieces) => pieces.iter().map(Bytes::len).sum(),
        }
    }

    /// In one piece. Chunks are copied for it.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Single(piece) => piece,
            Self::Chunks(pieces) => pieces.concat().into(),
        }
    }
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(piece: T) -> Self {
        Self::Single(piece.into())
    }
}

/// A company, a connection or a wallet, as the service sends it.
#[expect(clippy::expect_used, reason = "only strings and integers, into memory: nothing can fail")]
pub(crate) fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("serializes").into()
}
