//! What the journal keeps of an answer.

use bytes::Bytes;
use http::HeaderMap;

use super::encoding::{self, BEFORE_BODY, split_body, write_headers};
use super::{JOURNAL_ANSWER_BODY, RecordedAnswer};
use crate::state::api_key;
use crate::state::payload::Content;

/// An answer, as small as it can be kept.
#[derive(Clone)]
pub(crate) enum Answered {
    /// A fault let none come.
    Nothing,
    /// A documented one. Its headers follow from why it was sent, and its body is shared with
    /// whatever else is answered with it.
    Documented(Kept),
    /// Any other: its header lines and its body in one piece of memory, redacted.
    Other { text: Box<[u8]>, length: u64 },
}

/// A body that is short enough to be kept, or how long it was.
#[derive(Clone)]
pub(crate) enum Kept {
    Whole(Bytes),
    Long(u64),
}

impl Answered {
    #[inline]
    pub(crate) fn documented(body: &Content) -> Self {
        Self::Documented(match body {
            Content::One(body) if body.len() <= JOURNAL_ANSWER_BODY => Kept::Whole(body.clone()),
            body => Kept::Long(body.len() as u64),
        })
    }

    /// The body is copied: it may be a small part of something large.
    #[cold]
    pub(crate) fn other(
        headers: &HeaderMap,
        (length, pieces): (u64, impl Iterator<Item = Bytes>),
    ) -> Self {
        let mut text = Vec::new();
        write_headers(&mut text, headers);
        if length <= JOURNAL_ANSWER_BODY as u64 {
            text.extend_from_slice(BEFORE_BODY);
            pieces.for_each(|piece| text.extend_from_slice(&piece));
        }
        Self::Other { text: api_key::redact(text).into_boxed_slice(), length }
    }

    /// How much memory it has for itself.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Other { text, .. } => text.len(),
            Self::Nothing | Self::Documented(_) => 0,
        }
    }

    /// The body that it may share with others.
    pub(super) fn shared(&self) -> &[u8] {
        match self {
            Self::Documented(Kept::Whole(body)) => body,
            Self::Documented(Kept::Long(_)) | Self::Nothing | Self::Other { .. } => &[],
        }
    }

    /// The headers are those of the documented answer.
    pub(super) fn read(&self, headers: impl FnOnce() -> HeaderMap) -> Option<RecordedAnswer> {
        Some(match self {
            Self::Nothing => return None,
            Self::Documented(Kept::Whole(body)) => RecordedAnswer {
                headers: headers(),
                body: Some(api_key::redact(body.to_vec()).into()),
                body_length: body.len() as u64,
            },
            Self::Documented(Kept::Long(length)) => {
                RecordedAnswer { headers: headers(), body: None, body_length: *length }
            }
            Self::Other { text, length } => {
                let (lines, body) = split_body(text);
                RecordedAnswer {
                    headers: encoding::headers(lines),
                    body: body.map(Bytes::copy_from_slice),
                    body_length: *length,
                }
            }
        })
    }
}
