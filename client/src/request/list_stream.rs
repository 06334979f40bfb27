//! The stream of the items of a list, in memory that does not grow with the list.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::{Uri, response};
use http_body::Body;
use serde_core::de::DeserializeOwned;
use tokio::task::coop::poll_proceed;
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::Span;

use crate::auth::redact::KeyRedactor;
use crate::decode::body_decoder::start_of;
use crate::decode::list_decoder::{InvalidItem, Item, ListDecoder};
use crate::error::{Attempt, AttemptError, Error, ErrorKind, RequestOutcome};
use crate::pipeline::attempt::{decode_error, with_response};
use crate::pipeline::timeouts::AttemptTimeouts;
use crate::pipeline::{CallOutput, ClientInner, spans};
use crate::request::complete_list::CollectedList;
use crate::transport::{PoolId, ResponseBody, body_error};

/// The bytes that are decoded at a time. A socket may deliver a hundred times more, and bytes take
/// less memory than items.
const MAX_PIECE_BYTES: usize = 16 * 1024;

/// The items of a list as they arrive. See [`ListCall::stream`](crate::ListCall::stream).
///
/// It implements [`Stream`], and has [`next`](Self::next) for programs that use no stream
/// combinators. An invalid item is an error for which [`Error::is_list_item`] is true: it names the
/// index and the path, [`Error::body`] is the text of the item, and later items are still
/// delivered. Any other error is the last item, and the list is incomplete. A stream that ends
/// without such an error has delivered the whole list.
///
/// Dropping it stops the transfer.
#[must_use = "nothing is sent until it is polled"]
pub struct ListStream<T> {
    state: State<T>,
}

enum State<T> {
    Connecting(ConnectFuture),
    Open(Box<StreamingBody<T>>),
    Ended,
}

/// Resolves when a successful response begins.
pub(crate) type ConnectFuture = Pin<Box<dyn Future<Output = Result<OpenBody, Error>> + Send>>;

/// A successful response whose body is to be streamed.
pub(crate) struct OpenBody {
    pub(crate) output: CallOutput<ResponseBody>,
    pub(crate) uri: Uri,
    pub(crate) inner: Arc<ClientInner>,
}

struct StreamingBody<T> {
    body: ResponseBody,
    /// Bytes that arrived and are not decoded yet: items are decoded as they are consumed.
    undecoded: Bytes,
    decoder: ListDecoder<T>,
    ready: VecDeque<Item<T>>,
    /// No item was taken yet.
    is_at_start: bool,
    /// The error that follows the items that are ready.
    pending_error: Option<AttemptError>,
    /// Bytes that arrived since the last item: white space, fields beside the list, a part of an
    /// item.
    bytes_since_item: usize,
    deadline: Pin<Box<Sleep>>,
    call: CallContext,
}

/// The parts of the call that the errors of its stream contain.
struct CallContext {
    inner: Arc<ClientInner>,
    head: response::Parts,
    redactor: KeyRedactor,
    pool: PoolId,
    uri: Uri,
    failed_attempts: Vec<Attempt>,
    started: Instant,
    timeouts: AttemptTimeouts,
    span: Span,
}

impl<T> ListStream<T> {
    pub(crate) fn new(connecting: ConnectFuture) -> Self {
        Self { state: State::Connecting(connecting) }
    }

    /// Returns true if no item was taken yet.
    pub(crate) fn is_at_start(&self) -> bool {
        match &self.state {
            State::Connecting(_) => true,
            State::Open(body) => body.is_at_start,
            State::Ended => false,
        }
    }
}

impl<T: DeserializeOwned + 'static> ListStream<T> {
    /// Returns the next item, or an error, or `None` at the end of the list.
    ///
    /// It is cancel safe: if the future is dropped, no item is lost.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Collects the items to the end of the list: the valid ones, the number of invalid ones, and
    /// the error that ended the list early.
    ///
    /// Unlike an awaited [`ListCall`](crate::ListCall) it returns what it received of an incomplete
    /// list. Items that were taken with [`next`](Self::next) before are missing, so that the
    /// collected list is incomplete.
    ///
    /// ```no_run
    /// # async fn run(client: partner_api::Client, old: Vec<partner_api::Company>) {
    /// let new = client.companies().stream().collect_list().await;
    /// if !new.is_complete() {
    ///     eprintln!("{} invalid items, ended by {:?}", new.invalid_items(), new.error());
    /// }
    /// let changes = partner_api::monitor::changes(&old, &new); // removals only if it is complete
    /// # }
    /// ```
    pub async fn collect_list(mut self) -> CollectedList<T> {
        let mut list = CollectedList::new(self.is_at_start());
        while let Some(item) = self.next().await {
            list.push(item);
        }
        list
    }
}

// Nothing in it is pinned in place: the future and the timer are boxed.
impl<T> Unpin for ListStream<T> {}

impl<T: DeserializeOwned + 'static> Stream for ListStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let State::Connecting(connecting) = &mut self.state {
            match ready!(connecting.as_mut().poll(cx)) {
                Ok(open) => self.state = State::Open(Box::new(StreamingBody::new(open))),
                Err(error) => {
                    self.state = State::Ended;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        let State::Open(body) = &mut self.state else {
            return Poll::Ready(None);
        };
        let (item, is_last) = ready!(body.poll_next(cx));
        body.is_at_start = false;
        if is_last {
            self.state = State::Ended;
        }
        Poll::Ready(item)
    }
}

impl<T: DeserializeOwned + 'static> StreamingBody<T> {
    fn new(open: OpenBody) -> Self {
        let OpenBody { output, uri, inner } = open;
        let CallOutput { response, failed_attempts, started, timeouts, span } = output;
        Self {
            body: response.body,
            undecoded: Bytes::new(),
            decoder: ListDecoder::new(),
            ready: VecDeque::new(),
            is_at_start: true,
            pending_error: None,
            bytes_since_item: 0,
            deadline: Box::pin(sleep_until(timeouts.deadline)),
            call: CallContext {
                inner,
                head: response.head,
                redactor: response.redactor,
                pool: response.pool,
                uri,
                failed_attempts,
                started,
                timeouts,
                span,
            },
        }
    }

    /// The next item of the stream, and whether it is the last.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(Option<Result<T, Error>>, bool)> {
        let span = self.call.span.clone();
        let _in_span = span.enter();
        let item = ready!(self.poll_item(cx));
        let CallContext { inner, redactor, uri, pool, .. } = &self.call;
        Poll::Ready(match item {
            Ok(Some(Ok(item))) => {
                if let Some(drift) = &inner.drift {
                    drift.inspect(&item, redactor);
                }
                (Some(Ok(item)), false)
            }
            Ok(Some(Err(invalid))) => (Some(Err(self.call.invalid_item(invalid))), false),
            Ok(None) => {
                if let Some(drift) = &inner.drift {
                    let unknown_fields = self.decoder.unknown_fields();
                    drift.inspect_envelope(uri.path(), unknown_fields, redactor);
                }
                (None, true)
            }
            Err(error) => {
                if let ErrorKind::Timeout(_) = error.kind {
                    inner.http.retire(*pool);
                }
                spans::record_failure(&span, &error.kind);
                let excerpt = start_of(self.decoder.pending());
                (Some(Err(self.call.last_error(error, excerpt))), true)
            }
        })
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Item<T>>, AttemptError>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Ok(Some(item)));
            }
            if let Some(error) = self.pending_error.take() {
                return Poll::Ready(Err(error));
            }
            if !self.undecoded.is_empty() {
                let piece = self.undecoded.split_to(self.undecoded.len().min(MAX_PIECE_BYTES));
                self.pending_error = self.decode(&piece).err();
                continue;
            }
            // Lets the timer and other tasks run, also if the body is always ready.
            ready!(poll_proceed(cx)).made_progress();
            let is_over = Instant::now() >= self.deadline.deadline();
            if self.deadline.as_mut().poll(cx).is_ready() || is_over {
                let timeouts = self.call.timeouts;
                return Poll::Ready(Err(timeouts.deadline_exceeded(RequestOutcome::Responded)));
            }
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
                let finished = self.decoder.finish(&self.call.head.headers).map(|()| None);
                return Poll::Ready(finished.map_err(|error| decode_error(&self.call.head, error)));
            };
            if let Ok(bytes) = frame.map_err(body_error)?.into_data() {
                self.undecoded = bytes;
            }
        }
    }

    /// Decodes the items that are complete, and returns the error that follows them.
    fn decode(&mut self, bytes: &[u8]) -> Result<(), AttemptError> {
        let Self { decoder, ready, call, bytes_since_item, .. } = self;
        let pushed = decoder.push(bytes, &mut |item| ready.push_back(item));
        pushed.map_err(|error| decode_error(&call.head, error))?;
        *bytes_since_item =
            if ready.is_empty() { bytes_since_item.saturating_add(bytes.len()) } else { 0 };
        let limit = call.inner.max_response_bytes;
        if decoder.buffered_bytes().max(*bytes_since_item) > limit {
            let kind = ErrorKind::BodyTooLarge { limit };
            return Err(AttemptError::new(kind, RequestOutcome::Responded));
        }
        Ok(())
    }
}

impl CallContext {
    /// Returns the error of an item. The attempt continues.
    fn invalid_item(&self, InvalidItem { error, raw }: InvalidItem) -> Error {
        let error = AttemptError::new(ErrorKind::ListItem(error), RequestOutcome::Responded);
        let error = self.with_response(error, start_of(raw.as_bytes()));
        self.error(error, self.failed_attempts.clone())
    }

    /// The error that ends the list, and with it the attempt.
    fn last_error(&self, error: AttemptError, excerpt: Bytes) -> Error {
        let error = self.with_response(error, excerpt);
        let mut attempts = self.failed_attempts.clone();
        attempts.push(error.attempt(None));
        self.error(error, attempts)
    }

    fn with_response(&self, error: AttemptError, excerpt: Bytes) -> AttemptError {
        with_response(error, self.head.clone(), excerpt, &self.redactor)
    }

    fn error(&self, error: AttemptError, attempts: Vec<Attempt>) -> Error {
        Error::new(error.at_peer_of(&self.uri), attempts, self.started.elapsed(), None)
    }
}

impl<T> fmt::Debug for ListStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Connecting(_) => "Connecting",
            State::Open(_) => "Open",
            State::Ended => "Ended",
        };
        f.debug_tuple("ListStream").field(&state).finish()
    }
}
