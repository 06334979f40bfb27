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
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};

use super::exchange::{App, UnreadBody};
use super::limits::Limits;
use super::outage::{Outage, PortHold};
use super::raw::{ConnectionTakeover, LINGER, RawAction};
use super::write_timeout::WriteTimeout;
use crate::api::error::ErrorBody;

/// The pause after an accept that failed, for example since no descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How many connections above the limit get 503 at once. More are reset.
const REFUSALS_AT_ONCE: usize = 100;

/// hyper's default, for which it needs no memory on the heap.
const DEFAULT_PARSER_HEADERS: usize = 100;

/// The most of a head that hyper reads unless it is configured otherwise.
const DEFAULT_PARSER_HEAD_BYTES: usize = 400 * 1024;

/// What the accept loop and every connection watch. Each holds a receiver, so when no receiver is
/// left, all have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    /// No new connection; requests under way get their response.
    Draining,
    /// No request gets a response.
    Down(Outage),
    /// The same, and for good.
    Stopped,
}

/// What all connections have in common.
#[derive(Debug)]
struct Shared {
    app: App,
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
    pub(super) fn open(listener: TcpListener, address: SocketAddr, app: App) -> Self {
        let shared = Arc::new(Shared::new(app));
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
        let _ = tokio::time::timeout(self.shared.app.limits.drain, line.phase.closed()).await;
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
    fn new(app: App) -> Self {
        let Limits { head_bytes, headers, connections, head, .. } = app.limits;
        let mut http = http1::Builder::new();
        // A client that has sent its request and ends its side still gets the response.
        http.half_close(true).timer(TokioTimer::new()).header_read_timeout(head);
        http.max_header_size(head_bytes);
        if headers != DEFAULT_PARSER_HEADERS {
            http.max_headers(headers);
        }
        if head_bytes > DEFAULT_PARSER_HEAD_BYTES {
            http.max_buf_size(head_bytes);
        }
        let connections = Semaphore::new(connections.min(Semaphore::MAX_PERMITS));
        let refusals = Arc::new(Semaphore::new(REFUSALS_AT_ONCE));
        Self { app, http, connections: Arc::new(connections), refusals }
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
                run(RawAction::Hang, stream, phase, &shared.app.limits).await;
            } else {
                serve(stream, &shared, phase).await;
            }
            drop(permit);
        });
    } else if let Ok(permit) = Arc::clone(&shared.refusals).try_acquire_owned() {
        tokio::spawn(async move {
            // Before it has sent a request, a client would take the response for noise.
            if let Ok(Ok(())) = tokio::time::timeout(LINGER, stream.readable()).await {
                let response = shared.app.last(ErrorBody::TooManyConnections);
                let timeline = shared.app.handler.clock.timeline();
                let action = RawAction::Response { response, head_time: Duration::ZERO, timeline };
                run(action, stream, phase, &shared.app.limits).await;
            }
            drop(permit);
        });
    } else {
        let _ = stream.set_zero_linger();
    }
}

async fn serve(stream: TcpStream, shared: &Shared, mut phase: watch::Receiver<Phase>) {
    // A response is written in one piece; waiting for more to send would only delay it.
    let _ = stream.set_nodelay(true);
    let (app, unread) = (&shared.app, UnreadBody::default());
    let service = service_fn(|request| app.respond(&unread, request));
    let socket = TokioIo::new(WriteTimeout::new(stream, app.limits.write));
    let mut connection = shared.http.serve_connection(socket, service);
    let ended = loop {
        tokio::select! {
            biased;
            changed = phase.changed() => match (changed, *phase.borrow()) {
                (Ok(()), Phase::Draining) => pin::Pin::new(&mut connection).graceful_shutdown(),
                (_, Phase::Down(Outage::Reset)) => break Err(RawAction::Reset),
                (_, Phase::Down(Outage::Blackhole)) => break Err(RawAction::Hang),
                _ => return,
            },
            ended = &mut connection => break Ok(ended),
        }
    };
    let socket = connection.into_parts().io.into_inner();
    let has_timed_out = socket.has_timed_out();
    let stream = socket.into_inner();
    let action = match ended {
        _ if has_timed_out => Some(RawAction::Reset),
        Err(action) => Some(action),
        // hyper has refused the request by itself, and the client may still be sending.
        Ok(Err(error)) if error.is_parse() => Some(RawAction::Close),
        Ok(Err(error)) => ConnectionTakeover::action(&error),
        Ok(Ok(())) => {
            let is_sending = unread.is_left() || matches!(stream.try_read(&mut [0]), Ok(1..));
            is_sending.then_some(RawAction::Close)
        }
    };
    if let Some(action) = action {
        run(action, stream, phase, &app.limits).await;
    }
}

/// Does what is left to do on a connection, until the mock ends.
async fn run(
    action: RawAction,
    mut stream: TcpStream,
    mut phase: watch::Receiver<Phase>,
    limits: &Limits,
) {
    let is_silence = matches!(action, RawAction::Hang);
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
