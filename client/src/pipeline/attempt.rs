//! One attempt: a request out, and either a value or the fault that kept it from coming.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::response;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, timeout_at};

use crate::auth::redact::SentKey;
use crate::decode::body_decoder::{NewSink, Sink};
use crate::decode::json::{Nature, Undecodable};
use crate::decode::response_check;
use crate::error::{Answer, ErrorKind, Fault, MAX_ERROR_BODY_BYTES, Outcome, TimeLimit};
use crate::models::object::UnknownFields;
use crate::transport::{EndsByClosing, Exchanging, ResponseBody, body_fault, send_fault};

/// How long the body of an error is waited for: it explains, and the status says what counts.
const ERROR_BODY_PATIENCE: Duration = Duration::from_secs(1);

/// How long an attempt may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Until the answer begins, and for each pause in its body.
    pub(crate) pause: Duration,
    /// For everything.
    pub(crate) deadline: Instant,
}

impl Patience {
    /// Waits for the next thing to happen.
    async fn wait_for<T>(
        self,
        next: impl Future<Output = T>,
        outcome: Outcome,
    ) -> Result<T, Fault> {
        let pause_ends = Instant::now() + self.pause;
        let (until, limit) = if pause_ends < self.deadline {
            (pause_ends, TimeLimit::Attempt)
        } else {
            (self.deadline, TimeLimit::Deadline)
        };
        timeout_at(until, next).await.map_err(|_| Fault::new(ErrorKind::Timeout(limit), outcome))
    }
}

/// A good answer: its head, and what became of its body.
pub(crate) struct Arrived<T> {
    pub(crate) head: response::Parts,
    pub(crate) value: T,
    /// What it was asked for with, and must not show.
    pub(crate) sent_key: SentKey,
    /// What stands beside a list and is not known.
    pub(crate) unknown_fields: UnknownFields,
}

/// Waits for the answer to a request and reads the value. No redirect is followed.
pub(crate) async fn attempt<T>(
    exchanging: Exchanging,
    sent_key: SentKey,
    patience: Patience,
    max_body_bytes: usize,
    new_sink: NewSink<T>,
) -> Result<Arrived<T>, Fault> {
    let Arrived { head, value: mut body, sent_key, .. } =
        open(exchanging, sent_key, patience).await?;
    let mut sink = new_sink();
    let fault = match read_into(sink.as_mut(), &mut body, max_body_bytes, patience).await {
        Ok(Ok(value)) => {
            let unknown_fields = sink.unknown_fields();
            return Ok(Arrived { head, value, sent_key, unknown_fields });
        }
        Ok(Err(undecodable)) => undecodable_fault(&head, undecodable),
        Err(fault) => fault,
    };
    Err(answered(fault, head, sink.excerpt(), &sent_key))
}

/// Waits for the answer to a request and gives a good one, its body unread.
pub(crate) async fn open(
    exchanging: Exchanging,
    sent_key: SentKey,
    patience: Patience,
) -> Result<Arrived<ResponseBody>, Fault> {
    let response =
        patience.wait_for(exchanging, Outcome::MaybeProcessed).await?.map_err(send_fault)?;
    let (mut head, mut body) = response.into_parts();
    sent_key.hide_in(&mut head.headers);
    if !head.status.is_success() {
        let kept = start_of_error(&mut body, patience).await;
        let fault = Fault::new(response_check::refusal(&head, &kept), Outcome::Answered);
        return Err(answered(fault, head, kept, &sent_key));
    }
    if let Some(problem) = response_check::unreadable(&head) {
        let fault = Fault::new(ErrorKind::Protocol(problem), Outcome::Answered);
        return Err(answered(fault, head, Bytes::new(), &sent_key));
    }
    Ok(Arrived { head, value: body, sent_key, unknown_fields: UnknownFields::default() })
}

async fn read_into<T>(
    sink: &mut dyn Sink<T>,
    body: &mut ResponseBody,
    max_body_bytes: usize,
    patience: Patience,
) -> Result<Result<T, Undecodable>, Fault> {
    let too_large =
        || Fault::new(ErrorKind::BodyTooLarge { limit: max_body_bytes }, Outcome::Answered);
    if body.size_hint().lower() > max_body_bytes as u64 {
        return Err(too_large());
    }
    let mut room = max_body_bytes;
    while let Some(piece) = next_piece(body, patience).await? {
        let fits = piece.slice(..piece.len().min(room));
        if let Err(undecodable) = sink.take(fits) {
            return Ok(Err(undecodable));
        }
        room = room.checked_sub(piece.len()).ok_or_else(too_large)?;
    }
    Ok(sink.finish())
}

/// What comes of the body of an error within its limits; one that breaks off leaves it as it is.
async fn start_of_error(body: &mut ResponseBody, patience: Patience) -> Bytes {
    let pause = patience.pause.min(ERROR_BODY_PATIENCE);
    let deadline = patience.deadline.min(Instant::now() + ERROR_BODY_PATIENCE);
    let mut kept = BytesMut::new();
    while kept.len() < MAX_ERROR_BODY_BYTES
        && let Ok(Some(piece)) = next_piece(body, Patience { pause, deadline }).await
    {
        let room = MAX_ERROR_BODY_BYTES - kept.len();
        kept.extend_from_slice(piece.get(..room).unwrap_or(&piece));
    }
    kept.freeze()
}

async fn next_piece(body: &mut ResponseBody, patience: Patience) -> Result<Option<Bytes>, Fault> {
    // Of a body with a length the end is known with its last piece, and need not be waited for.
    while !body.is_end_stream() {
        // A body that is always ready shall let the clock and other tasks have their turn.
        consume_budget().await;
        if Instant::now() >= patience.deadline {
            return Err(Fault::out_of_time(Outcome::Answered));
        }
        match patience.wait_for(body.frame(), Outcome::Answered).await? {
            None => return Ok(None),
            Some(frame) => {
                if let Ok(piece) = frame.map_err(body_fault)?.into_data() {
                    return Ok(Some(piece));
                }
            }
        }
    }
    Ok(None)
}

/// What it means that the body of a good answer is not what was asked for.
pub(crate) fn undecodable_fault(head: &response::Parts, undecodable: Undecodable) -> Fault {
    let Undecodable { problem, nature } = undecodable;
    let ends_by_closing = head.extensions.get::<EndsByClosing>().is_some();
    let kind = match (nature, response_check::foreign_content_type(&head.headers)) {
        (Nature::CutShort, _) if ends_by_closing => ErrorKind::Connection,
        (_, Some(foreign)) => ErrorKind::Protocol(foreign),
        (Nature::Markup, None) => ErrorKind::Protocol(problem.problem),
        (Nature::CutShort | Nature::Wrong, None) => ErrorKind::Decode(problem),
    };
    Fault::new(kind, Outcome::Answered)
}

/// A fault with what is kept of the answer that brought it.
pub(crate) fn answered(
    fault: Fault,
    head: response::Parts,
    body: Bytes,
    sent_key: &SentKey,
) -> Fault {
    let kind = sent_key.hide_in_kind(fault.kind);
    Fault { kind, ..fault }.answered(Answer { status: head.status, headers: head.headers, body })
}
