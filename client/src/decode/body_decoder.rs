//! Where the body of a good answer goes, piece by piece, to become a value.

use bytes::Bytes;
use serde_core::de::DeserializeOwned;

use crate::decode::json::{self, Nature, Undecodable};
use crate::decode::list_decoder::{ListDecoder, Malformed};
use crate::error::MAX_ERROR_BODY_BYTES;
use crate::models::object::UnknownFields;

/// Takes a body and gives a value.
pub(crate) trait Sink<T>: Send {
    /// Takes the bytes that come next.
    fn take(&mut self, bytes: Bytes) -> Result<(), Undecodable>;

    /// Says that the body is whole.
    fn finish(&mut self) -> Result<T, Undecodable>;

    /// What came beside the value and is not known.
    fn unknown_fields(&self) -> UnknownFields {
        UnknownFields::default()
    }

    /// The part of the body to look at when something is wrong with it.
    fn excerpt(&self) -> Bytes;
}

/// A sink for each attempt.
pub(crate) type NewSink<T> = fn() -> Box<dyn Sink<T>>;

/// A JSON document, read when it is whole.
pub(crate) fn document<T: DeserializeOwned + 'static>() -> Box<dyn Sink<T>> {
    Box::new(Document::default())
}

/// The elements of a list in its envelope, read as they come: all of them, or none.
pub(crate) fn list<T: DeserializeOwned + Send + 'static>() -> Box<dyn Sink<Vec<T>>> {
    Box::new(List { decoder: ListDecoder::new(), elements: Vec::new(), malformed: None })
}

/// A body that does not matter.
pub(crate) fn nothing() -> Box<dyn Sink<()>> {
    Box::new(Nothing)
}

struct Nothing;

impl Sink<()> for Nothing {
    fn take(&mut self, _: Bytes) -> Result<(), Undecodable> {
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Undecodable> {
        Ok(())
    }

    fn excerpt(&self) -> Bytes {
        Bytes::new()
    }
}

/// Most documents come in one piece, which is read where it is.
#[derive(Default)]
struct Document {
    first: Bytes,
    /// All of it, where there is more than one.
    all: Vec<u8>,
}

impl Document {
    fn bytes(&self) -> &[u8] {
        if self.all.is_empty() { &self.first } else { &self.all }
    }
}

impl<T: DeserializeOwned> Sink<T> for Document {
    fn take(&mut self, bytes: Bytes) -> Result<(), Undecodable> {
        if self.bytes().is_empty() {
            self.first = bytes;
        } else {
            self.all.append(&mut std::mem::take(&mut self.first).into());
            self.all.extend_from_slice(&bytes);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<T, Undecodable> {
        json::document(self.bytes())
    }

    fn excerpt(&self) -> Bytes {
        start_of(self.bytes())
    }
}

struct List<T> {
    decoder: ListDecoder<T>,
    elements: Vec<T>,
    malformed: Option<Malformed>,
}

impl<T: DeserializeOwned + Send> Sink<Vec<T>> for List<T> {
    fn take(&mut self, bytes: Bytes) -> Result<(), Undecodable> {
        let Self { decoder, elements, malformed } = self;
        let pushed = decoder.push(&bytes, &mut |element| match element {
            Ok(element) => elements.push(element),
            Err(problem) => *malformed = malformed.take().or(Some(problem)),
        });
        match malformed {
            // It comes before what may be wrong behind it, however the body is cut up.
            Some(Malformed { problem, .. }) => {
                Err(Undecodable { problem: problem.clone(), nature: Nature::Wrong })
            }
            None => pushed,
        }
    }

    fn finish(&mut self) -> Result<Vec<T>, Undecodable> {
        self.decoder.finish()?;
        Ok(std::mem::take(&mut self.elements))
    }

    fn unknown_fields(&self) -> UnknownFields {
        self.decoder.unknown_fields().clone()
    }

    fn excerpt(&self) -> Bytes {
        let element = self.malformed.as_ref().map(|malformed| malformed.raw.as_bytes());
        start_of(element.unwrap_or_else(|| self.decoder.pending()))
    }
}

/// The part of a body that an error keeps.
pub(crate) fn start_of(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes.get(..MAX_ERROR_BODY_BYTES).unwrap_or(bytes))
}
