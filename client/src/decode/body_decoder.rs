//! The body of a successful response, piece by piece, becomes a value.

use bytes::Bytes;
use http::HeaderMap;
use serde_core::de::DeserializeOwned;

use crate::decode::json::{self, BodyError, BodyErrorKind};
use crate::decode::list_decoder::{InvalidItem, ListDecoder};
use crate::error::MAX_ERROR_BODY_BYTES;
use crate::models::object::UnknownFields;

/// Decodes one body.
pub(crate) trait BodyDecoder: Send {
    type Value: Send;

    /// Takes the bytes that arrive next.
    fn push(&mut self, bytes: Bytes) -> Result<(), BodyError>;

    /// Ends the body of a response with these headers.
    fn finish(&mut self, headers: &HeaderMap) -> Result<Decoded<Self::Value>, BodyError>;

    /// The part of the body to look at when something is wrong with it.
    fn excerpt(&self) -> Bytes;
}

/// A value, and the fields beside it that are not known.
pub(crate) struct Decoded<T> {
    pub(crate) value: T,
    pub(crate) unknown_fields: UnknownFields,
}

impl<T> From<T> for Decoded<T> {
    fn from(value: T) -> Self {
        Self { value, unknown_fields: UnknownFields::default() }
    }
}

/// Decodes the body of a [`Call`](crate::Call).
pub(crate) enum DocumentDecoder<T> {
    /// One JSON document.
    Json {
        decode: fn(&[u8]) -> Result<T, BodyError>,
        /// Most documents arrive in one piece, which is decoded where it is.
        first: Bytes,
        /// All pieces, where there is more than one.
        all: Vec<u8>,
    },
    /// A body that does not matter.
    Ignored(fn() -> T),
}

impl<T: DeserializeOwned> DocumentDecoder<T> {
    pub(crate) fn json() -> Self {
        Self::Json { decode: json::document, first: Bytes::new(), all: Vec::new() }
    }
}

impl DocumentDecoder<()> {
    pub(crate) fn ignored() -> Self {
        Self::Ignored(|| ())
    }
}

impl<T: Send> BodyDecoder for DocumentDecoder<T> {
    type Value = T;

    fn push(&mut self, bytes: Bytes) -> Result<(), BodyError> {
        if let Self::Json { first, all, .. } = self {
            if first.is_empty() && all.is_empty() {
                *first = bytes;
            } else {
                all.append(&mut std::mem::take(first).into());
                all.extend_from_slice(&bytes);
            }
        }
        Ok(())
    }

    fn finish(&mut self, _: &HeaderMap) -> Result<Decoded<T>, BodyError> {
        match self {
            Self::Json { decode, first, all } => {
                decode(if all.is_empty() { first } else { all }).map(Decoded::from)
            }
            Self::Ignored(value) => Ok(value().into()),
        }
    }

    fn excerpt(&self) -> Bytes {
        match self {
            Self::Json { first, all, .. } => start_of(if all.is_empty() { first } else { all }),
            Self::Ignored(_) => Bytes::new(),
        }
    }
}

/// Decodes the body of a [`ListCall`](crate::ListCall): all items of the list, or an error.
pub(crate) struct ListCollector<T> {
    decoder: ListDecoder<T>,
    items: Vec<T>,
    invalid_item: Option<InvalidItem>,
}

impl<T: DeserializeOwned> ListCollector<T> {
    pub(crate) fn new() -> Self {
        Self { decoder: ListDecoder::new(), items: Vec::new(), invalid_item: None }
    }
}

impl<T: DeserializeOwned + Send> BodyDecoder for ListCollector<T> {
    type Value = Vec<T>;

    fn push(&mut self, bytes: Bytes) -> Result<(), BodyError> {
        let Self { decoder, items, invalid_item } = self;
        let pushed = decoder.push(&bytes, &mut |item| match item {
            Ok(item) => items.push(item),
            Err(invalid) => *invalid_item = invalid_item.take().or(Some(invalid)),
        });
        match invalid_item {
            // It comes before anything that is wrong after it, however the body is cut up.
            Some(InvalidItem { error, .. }) => {
                Err(BodyError { error: error.clone(), kind: BodyErrorKind::Invalid })
            }
            None => pushed,
        }
    }

    fn finish(&mut self, headers: &HeaderMap) -> Result<Decoded<Vec<T>>, BodyError> {
        self.decoder.finish(headers)?;
        Ok(Decoded {
            value: std::mem::take(&mut self.items),
            unknown_fields: self.decoder.unknown_fields().clone(),
        })
    }

    fn excerpt(&self) -> Bytes {
        let item = self.invalid_item.as_ref().map(|invalid| invalid.raw.as_bytes());
        start_of(item.unwrap_or_else(|| self.decoder.pending()))
    }
}

/// The part of a body that an error keeps.
pub(crate) fn start_of(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes.get(..MAX_ERROR_BODY_BYTES).unwrap_or(bytes))
}
