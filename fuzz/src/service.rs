//! A service in memory that sends scripted responses, piece by piece.

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, Version};
use http_body::{Body, Frame};
use partner_api::{BoxError, Client, ClientBuilder, RequestBody};
use tokio::time::{Instant, sleep};
use tower::util::BoxCloneSyncService;

use crate::error::KEY;

/// How a body is divided.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pieces {
    Whole,
    Bytes,
    /// Any pieces, always the same for the same body.
    Any,
}

/// The scripted reply to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// No response: the request fails.
    pub(crate) fails: Option<io::ErrorKind>,
    /// The body breaks off instead of ending.
    pub(crate) breaks: bool,
    /// The body never ends.
    pub(crate) hangs: bool,
    /// The wait before the head and before each piece.
    pub(crate) delay: Duration,
    pub(crate) http2: bool,
}

impl Reply {
    pub(crate) fn ok(body: &[u8]) -> Self {
        Self { status: 200, body: body.to_vec(), ..Self::default() }
    }

    fn response(&self, pieces: Pieces) -> Result<Response<Pieced>, BoxError> {
        if let Some(kind) = self.fails {
            return Err(io::Error::from(kind).into());
        }
        let mut response = Response::new(Pieced {
            pieces: split(&self.body, pieces),
            yielded: false,
            breaks: self.breaks,
            hangs: self.hangs,
            delay: self.delay,
            waiting: None,
        });
        *response.status_mut() = self.status.try_into()?;
        if self.http2 {
            *response.version_mut() = Version::HTTP_2;
        }
        for (name, value) in &self.headers {
            // Invalid headers never reach the client.
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
            {
                response.headers_mut().append(name, value);
            }
        }
        Ok(response)
    }
}

/// The received requests, each with its time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Noted>>>);

type Noted = (Instant, Request<()>);

impl Seen {
    pub(crate) fn requests(&self) -> Vec<Noted> {
        self.0.lock().expect("no panic while noting").clone()
    }
}

pub(crate) type Service = BoxCloneSyncService<Request<RequestBody>, Response<Pieced>, BoxError>;

/// Sends the n-th reply to the n-th request, and the last one to all further requests.
pub(crate) fn service(replies: Vec<Reply>, pieces: Pieces) -> (Service, Seen) {
    let seen = Seen::default();
    let service = tower::service_fn({
        let seen = seen.clone();
        move |request: Request<RequestBody>| {
            let mut noted = seen.0.lock().expect("no panic while noting");
            let reply = replies.get(noted.len()).or(replies.last()).cloned();
            noted.push((Instant::now(), request.map(drop)));
            async move {
                let reply = reply.unwrap_or_default();
                if !reply.delay.is_zero() {
                    sleep(reply.delay).await;
                }
                reply.response(pieces)
            }
        }
    });
    (BoxCloneSyncService::new(service), seen)
}

/// A body that is sent in pieces, with a wait before each.
pub(crate) struct Pieced {
    pieces: VecDeque<Bytes>,
    yielded: bool,
    breaks: bool,
    hangs: bool,
    delay: Duration,
    waiting: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Body for Pieced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !self.delay.is_zero() {
            let delay = self.delay;
            let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(delay)));
            if pin!(waiting).as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.waiting = None;
        } else if !self.yielded {
            self.yielded = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.yielded = false;
        match self.pieces.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None if self.hangs => Poll::Pending,
            None if self.breaks => {
                self.breaks = false;
                Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())))
            }
            None => Poll::Ready(None),
        }
    }
}

fn split(body: &[u8], pieces: Pieces) -> VecDeque<Bytes> {
    let body = Bytes::copy_from_slice(body);
    match pieces {
        Pieces::Whole => VecDeque::from([body]),
        Pieces::Bytes => (0..body.len()).map(|at| body.slice(at..=at)).collect(),
        Pieces::Any => {
            // FNV-1a, so that a byte anywhere changes the pieces.
            let seed = body.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
            let mut random = fastrand::Rng::with_seed(seed);
            let longest = 1 << random.u32(0..10);
            let mut rest = body;
            let mut parts = VecDeque::new();
            while !rest.is_empty() {
                // Some pieces are empty.
                parts.push_back(rest.split_to(random.usize(0..=longest.min(rest.len()))));
            }
            parts
        }
    }
}

/// A builder of a client for such a service, to which a target adds its settings.
pub(crate) fn client_of(service: Service) -> ClientBuilder {
    Client::builder().base_url("https://app.example.com").api_key(KEY).http_service(service)
}
