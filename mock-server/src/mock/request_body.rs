//! The body of a request while it is read: bounded in size, in time, and together with all others.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

use crate::api::disposition::Disposition;

/// How large the body of a request to a stub may be in bytes, unless
/// [the builder](crate::MockServerBuilder::max_request_body) says otherwise.
pub const DEFAULT_MAX_REQUEST_BODY: usize = 1024 * 1024;

/// How many bytes all bodies may have together that are being read at the same time, those for the
/// control API included.
pub const MAX_BODIES_BYTES: usize = 256 * 1024 * 1024;

/// Why a body cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is too large")]
    TooLarge,
    #[error("all bodies together are too large")]
    TooMany,
    #[error("the body was not complete in time")]
    TimedOut,
    #[error(transparent)]
    Broken(Box<dyn Error + Send + Sync>),
}

impl BodyError {
    /// The error of a body that was read, whatever it was wrapped in.
    pub(crate) fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut causes = std::iter::successors(Some(error), |error| (**error).source());
        causes.find_map(|cause| cause.downcast_ref())
    }

    pub(crate) fn disposition(&self) -> Disposition {
        match self {
            Self::TooLarge => Disposition::BodyTooLarge,
            Self::TooMany => Disposition::TooManyBodies,
            Self::TimedOut => Disposition::BodyTimedOut,
            Self::Broken(_) => Disposition::BadBody,
        }
    }

    /// Whether the body broke off. One that is malformed did not merely end too soon.
    pub(crate) fn is_aborted(&self) -> bool {
        let Self::Broken(error) = self else { return false };
        let error: &(dyn Error + 'static) = &**error;
        let mut causes = std::iter::successors(Some(error), |error| (**error).source());
        !causes.any(|cause| {
            cause.downcast_ref::<io::Error>().is_some_and(|cause| {
                matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
            })
        })
    }
}

/// The bounds of one body.
#[derive(Debug, Clone)]
pub(crate) struct BodyLimits {
    pub(crate) bytes: usize,
    /// From the end of the head to the end of the body. None without a socket.
    pub(crate) time: Option<Duration>,
    /// A permit for each byte of all bodies that are being read.
    pub(crate) all_bytes: Arc<Semaphore>,
}

impl BodyLimits {
    /// The bounds of the bodies of one mock.
    pub(crate) fn new(bytes: usize) -> Self {
        Self { bytes, time: None, all_bytes: Arc::new(Semaphore::new(MAX_BODIES_BYTES)) }
    }
}

/// A body that ends in a [`BodyError`] where it passes a bound.
pub(crate) struct LimitedBody {
    inner: Body,
    limits: BodyLimits,
    /// For the bytes that were read. They are returned when the body is dropped.
    permit: Option<OwnedSemaphorePermit>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl LimitedBody {
    pub(crate) fn new(inner: Body, limits: BodyLimits) -> Self {
        Self { inner, limits, permit: None, timer: None }
    }

    /// Whether so many more bytes of all bodies may be read.
    fn acquire(&mut self, bytes: usize) -> bool {
        let all = Arc::clone(&self.limits.all_bytes);
        let permit =
            u32::try_from(bytes).ok().and_then(|bytes| all.try_acquire_many_owned(bytes).ok());
        match (&mut self.permit, permit) {
            (_, None) => return false,
            (Some(read), Some(more)) => read.merge(more),
            (read, more) => *read = more,
        }
        true
    }
}

impl http_body::Body for LimitedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        // A declared length is judged before a byte is read, so that nobody sends it in vain.
        let read = this.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let left = this.limits.bytes - read;
        if this.inner.size_hint().lower() > left as u64 {
            return Poll::Ready(Some(Err(BodyError::TooLarge)));
        }
        let frame = match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                let Some(time) = this.limits.time else { return Poll::Pending };
                let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
                ready!(timer.as_mut().poll(context));
                return Poll::Ready(Some(Err(BodyError::TimedOut)));
            }
        };
        let Some(frame) = frame else { return Poll::Ready(None) };
        let frame = frame.map_err(|error| BodyError::Broken(error.into_inner()));
        let bytes = frame.as_ref().ok().and_then(Frame::data_ref).map_or(0, Bytes::len);
        Poll::Ready(Some(if bytes > left {
            Err(BodyError::TooLarge)
        } else if this.acquire(bytes) {
            frame
        } else {
            Err(BodyError::TooMany)
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    fn limited(body: &'static str, limits: &BodyLimits) -> LimitedBody {
        LimitedBody::new(Body::from(body), limits.clone())
    }

    #[tokio::test]
    async fn a_body_may_have_so_many_bytes_and_not_one_more() {
        let read = limited("abc", &BodyLimits::new(3)).collect().await.unwrap().to_bytes();
        assert_eq!(read, "abc");
        let error = limited("abc", &BodyLimits::new(2)).collect().await.unwrap_err();
        assert!(matches!(error, BodyError::TooLarge), "{error:?}");
    }

    #[tokio::test]
    async fn all_bodies_together_are_bounded_and_what_is_read_no_longer_does_not_count() {
        let limits = BodyLimits { all_bytes: Arc::new(Semaphore::new(4)), ..BodyLimits::new(10) };
        let mut first = limited("abc", &limits);
        assert!(first.frame().await.unwrap().is_ok());
        let second = limited("de", &limits).collect().await.unwrap_err();
        assert_eq!(second.disposition(), Disposition::TooManyBodies);
        drop(first);
        limited("de", &limits).collect().await.unwrap();
        assert_eq!(limits.all_bytes.available_permits(), 4);
    }
}
