//! What the journal keeps of a response.

use bytes::Bytes;
use http::HeaderMap;

use super::encoding::{self, BEFORE_BODY, split_body, write_headers};
use super::{MAX_RECORDED_BODY, RecordedResponse};
use crate::state::api_key;
use crate::state::payload::Payload;

/// A response, as small as it can be kept.
#[derive(Clone)]
pub(crate) enum ResponseRecord {
    /// A fault let none come.
    Nothing,
    /// A documented one. Its headers follow from why it was sent, and its body is shared with
    /// whatever else is answered with it.
    Documented(RecordedBody),
    /// Any other: its header lines and its body in one piece of memory, redacted.
    Other { text: Box<[u8]>, length: u64 },
}

/// A body that is short enough to be kept, or how long it was.
#[derive(Clone)]
pub(crate) enum RecordedBody {
    Whole(Bytes),
    Long(u64),
}

impl ResponseRecord {
    #[inline]
    pub(crate) fn documented(body: &Payload) -> Self {
        Self::Documented(match body {
            Payload::Single(body) if body.len() <= MAX_RECORDED_BODY => {
                RecordedBody::Whole(body.clone())
            }
            body => RecordedBody::Long(body.len() as u64),
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
        if length <= MAX_RECORDED_BODY as u64 {
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
            Self::Documented(RecordedBody::Whole(body)) => body,
            Self::Documented(RecordedBody::Long(_)) | Self::Nothing | Self::Other { .. } => &[],
        }
    }

    /// The headers are those of the documented response.
    pub(super) fn read(&self, headers: impl FnOnce() -> HeaderMap) -> Option<RecordedResponse> {
        Some(match self {
            Self::Nothing => return None,
            Self::Documented(RecordedBody::Whole(body)) => RecordedResponse {
                headers: headers(),
                body: Some(api_key::redact(body.to_vec()).into()),
                body_length: body.len() as u64,
            },
            Self::Documented(RecordedBody::Long(length)) => {
                RecordedResponse { headers: headers(), body: None, body_length: *length }
            }
            Self::Other { text, length } => {
                let (lines, body) = split_body(text);
                RecordedResponse {
                    headers: encoding::headers(lines),
                    body: body.map(Bytes::copy_from_slice),
                    body_length: *length,
                }
            }
        })
    }
}
