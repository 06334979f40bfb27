//! A port: the accept loop, outages, and the end.
//!
//! The accept loop is ours since `axum::serve` sets no time limit of any kind.

mod port_hold;

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use self::port_hold::PortHold;
use super::connection::receive;
use super::exchange::App;
use super::limits::Limits;
use crate::faults::outage::{Outage, ScheduledOutage};
use crate::mock::log;

/// The pause after an accept that failed, for example since no descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The pause after an outage could not be ended.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How many connections above the limit get 503 at the same time. More are reset.
const REFUSALS_AT_ONCE: usize = 100;

/// hyper's default, for which it needs no memory on the heap.
const DEFAULT_PARSER_HEADERS: usize = 100;

/// The most of a head that hyper reads unless it is configured otherwise.
const DEFAULT_PARSER_HEAD_BYTES: usize = 400 * 1024;

/// What the accept loop and every connection watch. Each holds a receiver, so when no receiver is
/// left, all have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// No new connection; requests under way get their response.
    Draining,
    /// No request gets a response.
    Down(Outage),
    /// The same, and for good.
    Stopped,
}

/// Dropping it closes the port before `drop` returns, though the tasks end only when the runtime
/// polls them: so the listener is shared, and taken out to close the socket.
#[derive(Debug)]
pub(super) struct Listener {
    port: Arc<Port>,
}

/// An address, how it is served, and whether it is.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) shared: Shared,
    runtime: Handle,
    address: SocketAddr,
    state: Mutex<ListenState>,
    /// How many outages were started. It changes with `state` locked.
    outages: AtomicU64,
}

/// What all connections have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) app: App,
    pub(super) http: http1::Builder,
    pub(super) connections: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
}

type SharedListener = Arc<Mutex<Option<TcpListener>>>;

/// From one outage to the next.
#[derive(Debug)]
struct ListenState {
    listener: SharedListener,
    /// Held instead of a listener, where connecting is refused.
    held: Option<TcpSocket>,
    phase: watch::Sender<Phase>,
    /// Kept during a blackhole: dropping it closes the connections from before.
    blackholed: Option<watch::Sender<Phase>>,
}

impl Listener {
    /// To be called in a runtime.
    pub(super) fn open(listener: TcpListener, address: SocketAddr, app: App) -> Self {
        let state = Mutex::new(ListenState::closed(Phase::Serving));
        let (shared, runtime) = (Shared::new(app), Handle::current());
        let port = Port { shared, runtime, address, state, outages: AtomicU64::new(0) };
        let port = Arc::new(port);
        *lock(&port.state) = ListenState::open(&port, listener, Phase::Serving);
        Self { port }
    }

    pub(super) fn start_outage(
        &self,
        outage: Outage,
        duration: Option<Duration>,
    ) -> io::Result<()> {
        self.port.start_outage(outage, duration)
    }

    pub(super) fn end_outage(&self) -> io::Result<()> {
        self.port.end_outage(None)
    }

    /// Closes the port and waits until all connections have ended, or the time is over.
    pub(super) async fn drain(&mut self) {
        let (phase, timeout) = {
            let mut state = lock(&self.port.state);
            drop(state.end(Phase::Draining));
            state.blackholed = None;
            let phase = state.phase.clone();
            // The timer of the mock's runtime: the caller may have none, or a paused one.
            let _context = self.port.runtime.enter();
            (phase, tokio::time::sleep(self.port.shared.app.limits.drain))
        };
        // Out of time is no error: what is left is ended when the listener is dropped.
        tokio::select! {
            biased;
            () = phase.closed() => {}
            () = timeout => {}
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = lock(&self.port.state);
        drop(state.end(Phase::Stopped));
        state.blackholed = None;
    }
}

impl Port {
    /// Ends all connections, and holds the address, for some time or until the outage is ended.
    pub(super) fn start_outage(
        self: &Arc<Self>,
        outage: Outage,
        duration: Option<Duration>,
    ) -> io::Result<()> {
        let _context = self.runtime.enter();
        let mut state = lock(&self.state);
        if state.is_ending() {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "the mock is shutting down"));
        }
        let number = self.outages.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(duration) = duration {
            tokio::spawn(end_after(Arc::downgrade(self), number, duration));
        }
        let phase = Phase::Down(outage);
        if state.is_in(phase) {
            return Ok(());
        }
        let hold = state.end(phase);
        let old = std::mem::replace(&mut *state, ListenState::closed(phase));
        if outage == Outage::Refuse {
            state.held = Some(hold.hold(self.address)?);
        } else {
            *state = ListenState::open(self, hold.listen(self.address)?, phase);
        }
        state.blackholed = (outage == Outage::Blackhole).then_some(old.phase);
        Ok(())
    }

    /// Serves again, at the same address; with a number only if no other outage was started since.
    fn end_outage(self: &Arc<Self>, number: Option<u64>) -> io::Result<()> {
        let _context = self.runtime.enter();
        let mut state = lock(&self.state);
        let is_other = number.is_some_and(|one| one != self.outages.load(Ordering::Relaxed));
        if is_other || state.is_ending() || state.is_in(Phase::Serving) {
            return Ok(());
        }
        let down = Phase::Down(Outage::Refuse);
        let hold = state.end(down);
        *state = ListenState::closed(down);
        *state = ListenState::open(self, hold.listen(self.address)?, Phase::Serving);
        Ok(())
    }

    /// Starts an outage that was requested over HTTP. A failure can only be logged.
    pub(super) fn start_scheduled(self: &Arc<Self>, outage: ScheduledOutage) {
        if let Err(error) = self.start_outage(outage.kind, Some(outage.duration)) {
            log::outage_failed(self.address, &error);
        }
    }
}

/// Ends an outage, and tries again where the address cannot be listened on.
async fn end_after(port: Weak<Port>, number: u64, duration: Duration) {
    tokio::time::sleep(duration).await;
    while let Some(port) = port.upgrade() {
        let Err(error) = port.end_outage(Some(number)) else { return };
        log::outage_failed(port.address, &error);
        drop(port);
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

impl ListenState {
    fn open(port: &Arc<Port>, listener: TcpListener, phase: Phase) -> Self {
        let state = Self::closed(phase);
        *lock(&state.listener) = Some(listener);
        let watching = state.phase.subscribe();
        tokio::spawn(accept(Arc::clone(&state.listener), Arc::clone(port), watching));
        state
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

    fn is_ending(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Draining | Phase::Stopped)
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

    /// Leave to send a 503 on a connection above the limit. With TLS there is no 503: such a connection
    /// is reset, which saves its handshake.
    pub(super) fn may_refuse(&self) -> Option<OwnedSemaphorePermit> {
        #[cfg(feature = "tls")]
        if self.app.tls.is_some() {
            return None;
        }
        Arc::clone(&self.refusals).try_acquire_owned().ok()
    }
}

async fn accept(listener: SharedListener, port: Arc<Port>, mut phase: watch::Receiver<Phase>) {
    loop {
        let accepted = tokio::select! {
            biased;
            _ = phase.changed() => return,
            accepted = poll_fn(|context| poll_accept(&listener, context)) => accepted,
        };
        match accepted {
            Ok(stream) => receive(stream, &port, &phase),
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
