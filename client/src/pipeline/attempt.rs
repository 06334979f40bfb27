//! One attempt: sends a request, and returns its successful response or the error of the attempt.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::response;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::task::coop::consume_budget;
use tokio::time::Instant;

use crate::auth::redact::KeyRedactor;
use crate::decode::body_decoder::{BodyDecoder, Decoded};
use crate::decode::json::{BodyError, BodyErrorKind};
use crate::decode::response_check;
use crate::error::{AttemptError, ErrorKind, ErrorResponse, MAX_ERROR_BODY_BYTES, RequestOutcome};
use crate::pipeline::timeouts::AttemptTimeouts;
use crate::transport::{
    self, CloseDelimited, PoolId, ResponseBody, SentRequest, body_error, send_error,
};

/// How long the body of an error response is read. The status is known already.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// A successful response: its head, and its body as it was read.
pub(crate) struct AttemptResponse<T> {
    pub(crate) head: response::Parts,
    pub(crate) body: T,
    /// Redacts the key in the rest of the response.
    pub(crate) redactor: KeyRedactor,
    pub(crate) pool: PoolId,
}

/// How the body of a successful response is read.
pub(crate) trait ReadBody: Sync {
    type Output: Send;

    /// Reads the body, or returns the error and the start of the invalid part.
    fn read(
        &self,
        head: &response::Parts,
        body: ResponseBody,
        timeouts: AttemptTimeouts,
    ) -> impl Future<Output = Result<Self::Output, (AttemptError, Bytes)>> + Send;
}

/// Leaves the body unread, for a stream.
pub(crate) struct LeaveOpen;

impl ReadBody for LeaveOpen {
    type Output = ResponseBody;

    async fn read(
        &self,
        _: &response::Parts,
        body: ResponseBody,
        _: AttemptTimeouts,
    ) -> Result<ResponseBody, (AttemptError, Bytes)> {
        Ok(body)
    }
}

/// Reads the whole body, up to a size, and decodes it.
pub(crate) struct Decode<D> {
    /// Makes a decoder for each attempt.
    pub(crate) new_decoder: fn() -> D,
    pub(crate) max_response_bytes: usize,
}

impl<D: BodyDecoder> ReadBody for Decode<D> {
    type Output = Decoded<D::Value>;

    async fn read(
        &self,
        head: &response::Parts,
        mut body: ResponseBody,
        timeouts: AttemptTimeouts,
    ) -> Result<Self::Output, (AttemptError, Bytes)> {
        let mut decoder = (self.new_decoder)();
        let read = self.read_into(&mut decoder, head, &mut body, timeouts).await;
        read.map_err(|error| (error, decoder.excerpt()))
    }
}

impl<D: BodyDecoder> Decode<D> {
    async fn read_into(
        &self,
        decoder: &mut D,
        head: &response::Parts,
        body: &mut ResponseBody,
        timeouts: AttemptTimeouts,
    ) -> Result<Decoded<D::Value>, AttemptError> {
        let limit = self.max_response_bytes;
        let too_large =
            || AttemptError::new(ErrorKind::BodyTooLarge { limit }, RequestOutcome::Responded);
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large());
        }
        let mut remaining = limit;
        while let Some(piece) = next_piece(body, timeouts).await? {
            let fits = piece.slice(..piece.len().min(remaining));
            decoder.push(fits).map_err(|error| decode_error(head, error))?;
            remaining = remaining.checked_sub(piece.len()).ok_or_else(too_large)?;
        }
        decoder.finish(&head.headers).map_err(|error| decode_error(head, error))
    }
}

/// Waits for the response of a request that is sent, and reads it. No redirect is followed.
pub(crate) async fn attempt<R: ReadBody>(
    SentRequest { response, pool }: SentRequest,
    redactor: KeyRedactor,
    timeouts: AttemptTimeouts,
    reader: &R,
) -> Result<AttemptResponse<R::Output>, AttemptError> {
    let response = timeouts.limit(response, RequestOutcome::Unknown).await?.map_err(send_error)?;
    let (mut head, mut body) = transport::decompress(response).into_parts();
    redactor.redact_headers(&mut head.headers);
    if !head.status.is_success() {
        let excerpt = read_error_body(&mut body, timeouts).await;
        let kind = response_check::classify_error(&head, &excerpt);
        let error = AttemptError::new(kind, RequestOutcome::Responded);
        return Err(with_response(error, head, excerpt, &redactor));
    }
    if let Some(problem) = response_check::unsupported_encoding(&head) {
        // An empty body has no encoding, whatever its headers say.
        let error = match has_content(&mut body, timeouts).await {
            Ok(false) => None,
            Ok(true) => {
                Some(AttemptError::new(ErrorKind::Protocol(problem), RequestOutcome::Responded))
            }
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            return Err(with_response(error, head, Bytes::new(), &redactor));
        }
        body = ResponseBody::default(); // a body that has ended must not be polled again
    }
    match reader.read(&head, body, timeouts).await {
        Ok(body) => Ok(AttemptResponse { head, body, redactor, pool }),
        Err((error, excerpt)) => Err(with_response(error, head, excerpt, &redactor)),
    }
}

/// Reads a body up to its first byte. Returns whether it has one.
async fn has_content(
    body: &mut ResponseBody,
    timeouts: AttemptTimeouts,
) -> Result<bool, AttemptError> {
    while let Some(piece) = next_piece(body, timeouts).await? {
        if !piece.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads the start of the body of an error response. Errors and timeouts end the read early.
async fn read_error_body(body: &mut ResponseBody, timeouts: AttemptTimeouts) -> Bytes {
    let timeouts = AttemptTimeouts {
        idle: timeouts.idle.min(ERROR_BODY_TIMEOUT),
        deadline: timeouts.deadline.min(Instant::now() + ERROR_BODY_TIMEOUT),
        ..timeouts
    };
    let mut start = BytesMut::new();
    while start.len() < MAX_ERROR_BODY_BYTES
        && let Ok(Some(piece)) = next_piece(body, timeouts).await
    {
        let remaining = MAX_ERROR_BODY_BYTES - start.len();
        start.extend_from_slice(piece.get(..remaining).unwrap_or(&piece));
    }
    start.freeze()
}

async fn next_piece(
    body: &mut ResponseBody,
    timeouts: AttemptTimeouts,
) -> Result<Option<Bytes>, AttemptError> {
    // The end of a body with a known length is known with its last piece.
    while !body.is_end_stream() {
        // Lets the timer and other tasks run, also if the body is always ready.
        consume_budget().await;
        if Instant::now() >= timeouts.deadline {
            return Err(timeouts.deadline_exceeded(RequestOutcome::Responded));
        }
        match timeouts.limit(body.frame(), RequestOutcome::Responded).await? {
            None => return Ok(None),
            Some(frame) => {
                if let Ok(piece) = frame.map_err(body_error)?.into_data() {
                    return Ok(Some(piece));
                }
            }
        }
    }
    Ok(None)
}

/// The error of a successful response whose body could not be decoded.
pub(crate) fn decode_error(head: &response::Parts, error: BodyError) -> AttemptError {
    let BodyError { error, kind } = error;
    let is_close_delimited = head.extensions.get::<CloseDelimited>().is_some();
    let kind = match (kind, response_check::non_json_content_type(&head.headers)) {
        (BodyErrorKind::Incomplete, _) => ErrorKind::IncompleteList { field: error.path },
        (BodyErrorKind::Truncated, _) if is_close_delimited => ErrorKind::Interrupted,
        (_, Some(content_type)) => ErrorKind::Protocol(content_type),
        (BodyErrorKind::Markup, None) => ErrorKind::Protocol(error.message),
        (BodyErrorKind::Truncated | BodyErrorKind::Invalid, None) => ErrorKind::Decode(error),
    };
    AttemptError::new(kind, RequestOutcome::Responded)
}

/// Adds the response to an error: the only place that does.
pub(crate) fn with_response(
    error: AttemptError,
    head: response::Parts,
    body: Bytes,
    redactor: &KeyRedactor,
) -> AttemptError {
    let kind = redactor.redact_kind(error.kind);
    let response = ErrorResponse { status: head.status, headers: head.headers, body };
    AttemptError { kind, ..error }.with_response(response)
}
