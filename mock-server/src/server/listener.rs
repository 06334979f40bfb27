//! A port and the connections that came through it, and how both end.
//!
//! The accept loop is ours since `axum::serve` sets no time limit of any kind.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{self, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};

use super::error_response::ProtocolError;
use super::exchange::{self, LINGER, RawAction, ResponseFuture};
use super::io_timeouts::{ConnectionState, TimeoutKind, TimeoutStream};
use super::limits::Limits;
use super::outage::{Outage, PortHold};
use crate::control::ControlApi;
use crate::faults::apply::ConnectionFault;
use crate::mock::handler::RequestHandler;

/// How long to let be after an accept that failed since there is no descriptor left, or the like.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How many connections above the limit are told so at once. What comes above that is reset.
const REFUSALS_AT_ONCE: usize = 100;

/// The HTTP library's own, and then it needs no memory of its own for them.
const DEFAULT_PARSER_HEADERS: usize = 100;

/// The most of a head that the HTTP library takes unless it is told otherwise.
const DEFAULT_PARSER_HEAD_BYTES: usize = 400 * 1024;

/// What the accept loop and every connection watch. Each holds a receiver, so when no receiver is
/// left, all have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    /// No new connection; requests under way are answered.
    Draining,
    /// No request is answered any more.
    Down(Outage),
    /// The same, and for good.
    Stopped,
}

/// What all connections have in common.
#[derive(Debug)]
struct Shared {
    handler: Arc<RequestHandler>,
    control: Option<Arc<ControlApi>>,
    limits: Limits,
    http: http1::Builder,
    connections: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
}

/// Dropping it closes the port before `drop` returns, though the tasks end only when the runtime
/// comes to them: so the listener is shared, and whoever ends the socket takes it out.
#[derive(Debug)]
pub(super) struct Listener {
    shared: Arc<Shared>,
    runtime: Handle,
    address: SocketAddr,
    line: Mutex<ListenState>,
}

type SharedListener = Arc<Mutex<Option<TcpListener>>>;

/// From one outage to the next.
#[derive(Debug)]
struct ListenState {
    listener: SharedListener,
    /// In the place of a listener, where connecting is refused.
    held: Option<TcpSocket>,
    phase: watch::Sender<Phase>,
    /// Kept while the mock is silent: its end is the end of what was blackholed.
    blackholed: Option<watch::Sender<Phase>>,
}

impl Listener {
    /// To be called in a runtime.
    pub(super) fn open(
        listener: TcpListener,
        address: SocketAddr,
        handler: Arc<RequestHandler>,
        control: Option<Arc<ControlApi>>,
        limits: Limits,
    ) -> Self {
        let shared = Arc::new(Shared::new(handler, control, limits));
        let line = Mutex::new(ListenState::open(&shared, listener, Phase::Serving));
        Self { shared, runtime: Handle::current(), address, line }
    }

    /// Ends all connections, and holds the address.
    pub(super) fn down(&self, outage: Outage) -> io::Result<()> {
        let _context = self.runtime.enter();
        let mut line = lock(&self.line);
        let phase = Phase::Down(outage);
        if line.is_in(phase) {
            return Ok(());
        }
        let port = line.end(phase);
        let old = std::mem::replace(&mut *line, ListenState::closed(phase));
        if outage == Outage::Refuse {
            line.held = Some(port.hold(self.address)?);
        } else {
            *line = ListenState::open(&self.shared, port.listen(self.address)?, phase);
        }
        line.blackholed = (outage == Outage::Blackhole).then_some(old.phase);
        Ok(())
    }

    /// Serves again, at the same address.
    pub(super) fn up(&self) -> io::Result<()> {
        let _context = self.runtime.enter();
        let mut line = lock(&self.line);
        if line.is_in(Phase::Serving) {
            return Ok(());
        }
        let down = Phase::Down(Outage::Refuse);
        let port = line.end(down);
        *line = ListenState::closed(down);
        *line = ListenState::open(&self.shared, port.listen(self.address)?, Phase::Serving);
        Ok(())
    }

    /// Closes the port and waits until all connections have ended, or the time is over.
    pub(super) async fn drain(&mut self) {
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(line.end(Phase::Draining));
        line.blackholed = None;
        // Out of time is no error: what is left is ended when the socket is dropped.
        let _ = tokio::time::timeout(self.shared.limits.drain, line.phase.closed()).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(line.end(Phase::Stopped));
    }
}

impl ListenState {
    fn open(shared: &Arc<Shared>, listener: TcpListener, phase: Phase) -> Self {
        let line = Self::closed(phase);
        *lock(&line.listener) = Some(listener);
        let watching = line.phase.subscribe();
        tokio::spawn(accept(Arc::clone(&line.listener), Arc::clone(shared), watching));
        line
    }

    fn closed(phase: Phase) -> Self {
        Self {
            listener: SharedListener::default(),
            held: None,
            phase: watch::Sender::new(phase),
            blackholed: None,
        }
    }

    fn is_in(&self, phase: Phase) -> bool {
        let has_port = self.held.is_some() || lock(&self.listener).is_some();
        has_port && *self.phase.borrow() == phase
    }

    /// Ends the accept loop and tells all connections. What had the port is given back.
    fn end(&mut self, phase: Phase) -> PortHold {
        let listener = lock(&self.listener).take();
        self.phase.send_replace(phase);
        match (listener, self.held.take()) {
            (Some(listener), _) => PortHold::Listening(listener),
            (None, Some(socket)) => PortHold::Held(socket),
            (None, None) => PortHold::Lost,
        }
    }
}

impl Shared {
    fn new(handler: Arc<RequestHandler>, control: Option<Arc<ControlApi>>, limits: Limits) -> Self {
        let mut http = http1::Builder::new();
        // A client that says all it has to say and ends its side is still answered.
        http.half_close(true).header_read_timeout(None).max_header_size(limits.head_bytes);
        if limits.headers != DEFAULT_PARSER_HEADERS {
            http.max_headers(limits.headers);
        }
        if limits.head_bytes > DEFAULT_PARSER_HEAD_BYTES {
            http.max_buf_size(limits.head_bytes);
        }
        let connections = limits.connections.min(Semaphore::MAX_PERMITS);
        Self {
            handler,
            control,
            limits,
            http,
            connections: Arc::new(Semaphore::new(connections)),
            refusals: Arc::new(Semaphore::new(REFUSALS_AT_ONCE)),
        }
    }
}

async fn accept(listener: SharedListener, shared: Arc<Shared>, mut phase: watch::Receiver<Phase>) {
    loop {
        let accepted = tokio::select! {
            biased;
            _ = phase.changed() => return,
            accepted = poll_fn(|context| poll_accept(&listener, context)) => accepted,
        };
        match accepted {
            Ok(stream) => receive(stream, &shared, &phase),
            // Of the connection that came, not of the port.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

fn poll_accept(
    listener: &Mutex<Option<TcpListener>>,
    context: &mut Context<'_>,
) -> Poll<io::Result<TcpStream>> {
    match &*lock(listener) {
        Some(listener) => listener.poll_accept(context).map_ok(|(stream, _)| stream),
        // The phase is about to change.
        None => Poll::Pending,
    }
}

/// Starts what is to be done with a new connection.
fn receive(stream: TcpStream, shared: &Arc<Shared>, phase: &watch::Receiver<Phase>) {
    let silent = match *phase.borrow() {
        Phase::Serving => false,
        Phase::Down(Outage::Blackhole) => true,
        _ => {
            let _ = stream.set_zero_linger();
            return;
        }
    };
    let (shared, phase) = (Arc::clone(shared), phase.clone());
    if let Ok(permit) = Arc::clone(&shared.connections).try_acquire_owned() {
        tokio::spawn(async move {
            if silent {
                run(RawAction::Lost(ConnectionFault::Hang), stream, phase, &shared.limits).await;
            } else {
                serve(stream, &shared, phase).await;
            }
            drop(permit);
        });
    } else if let Ok(permit) = Arc::clone(&shared.refusals).try_acquire_owned() {
        tokio::spawn(async move {
            // Before it has asked, a client would take the answer for noise.
            if let Ok(Ok(())) = tokio::time::timeout(LINGER, stream.readable()).await {
                let action =
                    RawAction::refuse(ProtocolError::TooManyConnections, &shared.handler.clock);
                run(action, stream, phase, &shared.limits).await;
            }
            drop(permit);
        });
    } else {
        let _ = stream.set_zero_linger();
    }
}

async fn serve(stream: TcpStream, shared: &Shared, mut phase: watch::Receiver<Phase>) {
    // Answers are written in one piece; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let (handler, limits, progress) =
        (&*shared.handler, &shared.limits, ConnectionState::default());
    let control = shared.control.as_ref();
    let service =
        service_fn(|request| ResponseFuture::new(handler, control, limits, &progress, request));
    let guarded = TokioIo::new(TimeoutStream::new(stream, limits, &progress));
    let mut connection = shared.http.serve_connection(guarded, service);
    let ended = loop {
        tokio::select! {
            biased;
            changed = phase.changed() => match (changed, *phase.borrow()) {
                (Ok(()), Phase::Draining) => pin::Pin::new(&mut connection).graceful_shutdown(),
                (_, Phase::Down(Outage::Reset)) => break Err(RawAction::Lost(ConnectionFault::Reset)),
                (_, Phase::Down(Outage::Blackhole)) => break Err(RawAction::Lost(ConnectionFault::Hang)),
                _ => return,
            },
            ended = &mut connection => break Ok(ended),
        }
    };
    let parts = connection.into_parts();
    let mut guarded = parts.io.into_inner();
    let action = match ended {
        Ok(ended) => last_act(ended, &mut guarded, &parts.read_buf, shared),
        Err(action) => Some(action),
    };
    if let Some(action) = action {
        run(action, guarded.into_inner(), phase, limits).await;
    }
}

/// What is left to do on a connection that the HTTP library has let go of; nothing, where how it
/// ended is its client's business, which sees the same end.
fn last_act(
    ended: hyper::Result<()>,
    guarded: &mut TimeoutStream<'_>,
    unread: &[u8],
    shared: &Shared,
) -> Option<RawAction> {
    let refuse = |refusal| Some(RawAction::refuse(refusal, &shared.handler.clock));
    let held = guarded.take_held();
    match (ended, guarded.lapse()) {
        (_, Some(TimeoutKind::Write)) => Some(RawAction::Lost(ConnectionFault::Reset)),
        // Merely idle between two requests; who keeps a connection expects that.
        (_, Some(TimeoutKind::Idle)) if unread.is_empty() => None,
        (_, Some(TimeoutKind::Idle | TimeoutKind::Head)) => refuse(ProtocolError::RequestTimeout),
        (Err(error), None) if error.is_parse() => {
            refuse(ProtocolError::of(&error, unread, &shared.limits))
        }
        (Err(error), None) => exchange::taken_over(&error),
        (Ok(()), None) if !held.is_empty() => Some(RawAction::Send(held)),
        (Ok(()), None) => guarded.is_sending().then_some(RawAction::Lost(ConnectionFault::Close)),
    }
}

/// Does what is left to do on a connection, until the mock ends.
async fn run(
    action: RawAction,
    mut stream: TcpStream,
    mut phase: watch::Receiver<Phase>,
    limits: &Limits,
) {
    let is_silence = action.is_silence();
    let is_reset = {
        let mut action = pin!(action.run(&mut stream, limits.write));
        loop {
            let goes_on = match *phase.borrow_and_update() {
                Phase::Down(Outage::Blackhole) => is_silence,
                Phase::Down(Outage::Reset) => break true,
                Phase::Down(Outage::Refuse) | Phase::Stopped => break false,
                // There is nothing that a client could still wait for.
                Phase::Draining if is_silence => break false,
                Phase::Serving | Phase::Draining => true,
            };
            tokio::select! {
                biased;
                changed = phase.changed() => if changed.is_err() { break false },
                () = action.as_mut(), if goes_on => break false,
            }
        }
    };
    if is_reset {
        let _ = stream.set_zero_linger();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
