//! One attempt: a request out, and either a value or the fault that kept it from coming.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode, response};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};
use tower::util::ServiceExt;

use crate::answer;
use crate::decode::{Decode, Undecodable};
use crate::error::{Answer, ErrorKind, Fault, Outcome, TimeLimit};
use crate::transport::{
    EndsByClosing, HttpService, RequestBody, ResponseBody, body_fault, send_fault,
};

/// How much of the body of an error is kept, in bytes.
pub const MAX_ERROR_BODY_BYTES: usize = 16 * 1024;

/// Until when an attempt may take, and which limit that is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLeft {
    pub(crate) until: Instant,
    pub(crate) limit: TimeLimit,
}

/// A good answer.
pub(crate) struct Arrived<T> {
    pub(crate) value: T,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

/// Sends the request once. No redirect is followed.
pub(crate) async fn attempt<T>(
    http: HttpService,
    request: Request<RequestBody>,
    time_left: TimeLeft,
    max_body_bytes: usize,
    decode: Decode<T>,
) -> Result<Arrived<T>, Fault> {
    let timed_out = || Fault::new(ErrorKind::Timeout(time_left.limit), Outcome::MaybeProcessed);
    let response = timeout_at(time_left.until, http.oneshot(request))
        .await
        .map_err(|_| timed_out())?
        .map_err(send_fault)?;
    let (head, mut body) = response.into_parts();

    if let Some(problem) = answer::unreadable(&head) {
        return Err(answered(
            head,
            Bytes::new(),
            Fault::new(ErrorKind::Protocol(problem), Outcome::Answered),
        ));
    }
    if !head.status.is_success() {
        // What comes within the limits is kept; a body that breaks leaves the status as it is.
        let mut kept = BytesMut::new();
        let _ = timeout_at(
            time_left.until,
            collect(&mut body, MAX_ERROR_BODY_BYTES, &mut kept),
        )
        .await;
        let fault = Fault::new(answer::refusal(&head, &kept), Outcome::Answered);
        return Err(answered(head, kept.freeze(), fault));
    }

    let mut bytes = BytesMut::with_capacity(announced_length(&body).min(max_body_bytes));
    let read = timeout_at(
        time_left.until,
        collect(&mut body, max_body_bytes, &mut bytes),
    )
    .await;
    let bytes = bytes.freeze();
    let fault = match read {
        Ok(Ok(())) => match decode(&bytes) {
            Ok(value) => {
                return Ok(Arrived {
                    value,
                    status: head.status,
                    headers: head.headers,
                });
            }
            Err(undecodable) => Fault::new(undecodable_kind(&head, undecodable), Outcome::Answered),
        },
        Ok(Err(fault)) => fault,
        Err(_) => timed_out(),
    };
    Err(answered(head, bytes, fault))
}

/// Reads a body to its end, or up to the limit.
async fn collect(body: &mut ResponseBody, limit: usize, bytes: &mut BytesMut) -> Result<(), Fault> {
    let too_large = || Fault::new(ErrorKind::BodyTooLarge { limit }, Outcome::Answered);
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(body_fault)?.into_data() else {
            continue;
        };
        let room = limit - bytes.len();
        bytes.extend_from_slice(data.get(..room).unwrap_or(&data));
        if data.len() > room {
            return Err(too_large());
        }
    }
    Ok(())
}

/// How long the body says it will be, which may be a lie: a hint for the first allocation only.
fn announced_length(body: &ResponseBody) -> usize {
    const LARGEST_GUESS: usize = 64 * 1024;
    usize::try_from(body.size_hint().lower())
        .unwrap_or(usize::MAX)
        .min(LARGEST_GUESS)
}

fn undecodable_kind(head: &response::Parts, undecodable: Undecodable) -> ErrorKind {
    if undecodable.cut_short && head.extensions.get::<EndsByClosing>().is_some() {
        return ErrorKind::Connection;
    }
    match answer::foreign_content_type(&head.headers) {
        Some(problem) => ErrorKind::Protocol(problem),
        None => ErrorKind::Decode(undecodable.problem),
    }
}

fn answered(head: response::Parts, mut body: Bytes, fault: Fault) -> Fault {
    body.truncate(MAX_ERROR_BODY_BYTES);
    fault.answered(Answer {
        status: head.status,
        headers: head.headers,
        body,
    })
}
