//! What a response carries: in one piece, or in the pieces that it is kept in, so that nothing long
//! is copied to be sent.

use std::sync::Arc;

use bytes::Bytes;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_one_piece_it_is_the_same() {
        let pieces = ["a", "", "bc"].map(Bytes::from);
        let content = Payload::Chunks(pieces.into());
        assert_eq!((content.len(), content.into_bytes()), (3, Bytes::from("abc")));
    }
}
