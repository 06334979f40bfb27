//! What an answer carries: in one piece, or in the pieces that it is kept in, so that nothing long
//! is copied to be sent.

use std::sync::Arc;

use bytes::Bytes;

#[derive(Debug, Clone)]
pub(crate) enum Content {
    One(Bytes),
    Several(Arc<[Bytes]>),
}

impl Content {
    pub(crate) fn pieces(&self) -> &[Bytes] {
        match self {
            Self::One(piece) => std::slice::from_ref(piece),
            Self::Several(pieces) => pieces,
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(piece) => piece.len(),
            Self::Several(pieces) => pieces.iter().map(Bytes::len).sum(),
        }
    }

    /// In one piece. Several are copied for it.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::One(piece) => piece,
            Self::Several(pieces) => pieces.concat().into(),
        }
    }
}

impl<T: Into<Bytes>> From<T> for Content {
    fn from(piece: T) -> Self {
        Self::One(piece.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_one_piece_it_is_the_same() {
        let pieces = ["a", "", "bc"].map(Bytes::from);
        let content = Content::Several(pieces.into());
        assert_eq!((content.len(), content.into_bytes()), (3, Bytes::from("abc")));
    }
}
