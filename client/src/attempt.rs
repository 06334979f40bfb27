//! One attempt: a request out, and either a value or the fault that kept it from coming.

use bytes::{Bytes, BytesMut};
use http::{Request, response};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};
use tower::util::ServiceExt;

use crate::answer;
use crate::decode::Undecodable;
use crate::document::UnknownFields;
use crate::error::{Answer, ErrorKind, Fault, MAX_ERROR_BODY_BYTES, Outcome, TimeLimit};
use crate::sink::{NewSink, Sink};
use crate::transport::{
    EndsByClosing, HttpService, RequestBody, ResponseBody, body_fault, send_fault,
};

/// Until when an attempt may take, and which limit that is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLeft {
    pub(crate) until: Instant,
    pub(crate) limit: TimeLimit,
}

impl TimeLeft {
    async fn or_timeout<T>(
        self,
        work: impl Future<Output = T>,
        outcome: Outcome,
    ) -> Result<T, Fault> {
        let timed_out = |_| Fault::new(ErrorKind::Timeout(self.limit), outcome);
        timeout_at(self.until, work).await.map_err(timed_out)
    }
}

/// A good answer: its head, and what became of its body.
pub(crate) struct Arrived<T> {
    pub(crate) head: response::Parts,
    pub(crate) value: T,
    /// What stands beside a list and is not known.
    pub(crate) unknown_fields: UnknownFields,
}

/// Sends the request once and reads the value. No redirect is followed.
pub(crate) async fn attempt<T>(
    http: HttpService,
    request: Request<RequestBody>,
    time_left: TimeLeft,
    max_body_bytes: usize,
    new_sink: NewSink<T>,
) -> Result<Arrived<T>, Fault> {
    let Arrived {
        head,
        value: mut body,
        ..
    } = open(http, request, time_left).await?;
    let mut sink = new_sink();
    let read = time_left.or_timeout(
        read_into(sink.as_mut(), &mut body, max_body_bytes),
        Outcome::Answered,
    );
    let fault = match read.await {
        Ok(Ok(Ok(value))) => {
            return Ok(Arrived {
                head,
                value,
                unknown_fields: sink.unknown_fields(),
            });
        }
        Ok(Ok(Err(undecodable))) => undecodable_fault(&head, undecodable),
        Ok(Err(fault)) | Err(fault) => fault,
    };
    Err(answered(fault, head, sink.excerpt()))
}

/// Sends the request once and gives a good answer, its body unread.
pub(crate) async fn open(
    http: HttpService,
    request: Request<RequestBody>,
    time_left: TimeLeft,
) -> Result<Arrived<ResponseBody>, Fault> {
    let response = time_left
        .or_timeout(http.oneshot(request), Outcome::MaybeProcessed)
        .await?
        .map_err(send_fault)?;
    let (head, mut body) = response.into_parts();
    if let Some(problem) = answer::unreadable(&head) {
        return Err(answered(
            Fault::new(ErrorKind::Protocol(problem), Outcome::Answered),
            head,
            Bytes::new(),
        ));
    }
    if head.status.is_success() {
        return Ok(Arrived {
            head,
            value: body,
            unknown_fields: UnknownFields::default(),
        });
    }
    // What comes within the limits is kept; a body that breaks off leaves the status as it is.
    let mut kept = BytesMut::new();
    let keep = |bytes: &[u8]| {
        kept.extend_from_slice(bytes);
        Ok(())
    };
    let _ = time_left
        .or_timeout(
            read_pieces(&mut body, MAX_ERROR_BODY_BYTES, keep),
            Outcome::Answered,
        )
        .await;
    Err(answered(
        Fault::new(answer::refusal(&head, &kept), Outcome::Answered),
        head,
        kept.freeze(),
    ))
}

async fn read_into<T>(
    sink: &mut dyn Sink<T>,
    body: &mut ResponseBody,
    max_body_bytes: usize,
) -> Result<Result<T, Undecodable>, Fault> {
    match read_pieces(body, max_body_bytes, |bytes| sink.take(bytes)).await? {
        Ok(()) => Ok(sink.finish()),
        Err(undecodable) => Ok(Err(undecodable)),
    }
}

/// Hands on a body piece by piece to its end, or up to the limit, or until a piece is refused.
async fn read_pieces(
    body: &mut ResponseBody,
    limit: usize,
    mut take: impl FnMut(&[u8]) -> Result<(), Undecodable>,
) -> Result<Result<(), Undecodable>, Fault> {
    let too_large = || Fault::new(ErrorKind::BodyTooLarge { limit }, Outcome::Answered);
    let mut room = limit;
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(body_fault)?.into_data() else {
            continue;
        };
        let fits = piece.get(..room).unwrap_or(&piece);
        if let Err(undecodable) = take(fits) {
            return Ok(Err(undecodable));
        }
        room = room.checked_sub(piece.len()).ok_or_else(too_large)?;
    }
    Ok(Ok(()))
}

/// What it means that the body of a good answer is not what was asked for.
pub(crate) fn undecodable_fault(head: &response::Parts, undecodable: Undecodable) -> Fault {
    let kind = if undecodable.cut_short && head.extensions.get::<EndsByClosing>().is_some() {
        ErrorKind::Connection
    } else if let Some(problem) = answer::foreign_content_type(&head.headers) {
        ErrorKind::Protocol(problem)
    } else {
        ErrorKind::Decode(undecodable.problem)
    };
    Fault::new(kind, Outcome::Answered)
}

/// A fault with what is kept of the answer that brought it.
pub(crate) fn answered(fault: Fault, head: response::Parts, body: Bytes) -> Fault {
    fault.answered(Answer {
        status: head.status,
        headers: head.headers,
        body,
    })
}
