//! The content coding gzip (RFC 9110, section 8.4.1.3), decompressed piece by piece.

use std::io::{self, BufRead, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame};

use super::ResponseBody;
use crate::error::BoxError;

/// The largest piece of decompressed data, so that the size limit is checked before much memory is
/// used.
const MAX_PIECE_BYTES: usize = 16 * 1024;

pub(super) fn set_accept_encoding(headers: &mut HeaderMap) {
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
}

/// Decompresses the body of a response whose coding is gzip.
pub(super) fn decompress(response: Response<ResponseBody>) -> Response<ResponseBody> {
    if !is_gzip(response.headers()) || response.body().is_end_stream() {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers.remove(CONTENT_ENCODING);
    head.headers.remove(CONTENT_LENGTH);
    let decoder = MultiGzDecoder::new(Input::default());
    let body = Gunzip { body, decoder, has_begun: false };
    Response::from_parts(head, ResponseBody::new(body))
}

/// `x-gzip` is an alias of `gzip` (RFC 9110, section 8.4.1.3).
fn is_gzip(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_some_and(|coding| {
        ["gzip", "x-gzip"]
            .iter()
            .any(|name| coding.as_bytes().eq_ignore_ascii_case(name.as_bytes()))
    })
}

struct Gunzip {
    body: ResponseBody,
    decoder: MultiGzDecoder<Input>,
    /// Whether there was a byte.
    has_begun: bool,
}

/// Compressed bytes that are not decoded yet. While more may arrive, reading returns `WouldBlock`,
/// and the decoder can continue later.
#[derive(Default)]
struct Input {
    bytes: Bytes,
    is_complete: bool,
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty() && !self.is_complete {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(&self.bytes)
    }

    fn consume(&mut self, count: usize) {
        self.bytes.advance(count.min(self.bytes.len()));
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl Body for Gunzip {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { body, decoder, has_begun } = &mut *self;
        let mut piece = [0; MAX_PIECE_BYTES];
        loop {
            match decoder.read(&mut piece) {
                Ok(0) => return Poll::Ready(None),
                Ok(count) => {
                    let bytes = Bytes::copy_from_slice(piece.get(..count).unwrap_or(&piece));
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match ready!(Pin::new(&mut *body).poll_frame(context)) {
                        // An empty body is no gzip, and no error.
                        None if !*has_begun => return Poll::Ready(None),
                        None => decoder.get_mut().is_complete = true,
                        Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                        Some(Ok(frame)) => {
                            let bytes = frame.into_data().unwrap_or_default();
                            *has_begun |= !bytes.is_empty();
                            decoder.get_mut().bytes = bytes;
                        }
                    }
                }
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }
}
