//! A port and the connections that came through it, and how both end.
//!
//! The accept loop is ours since `axum::serve` sets no time limit of any kind, and hyper's are in
//! force only with a timer.

use std::future::poll_fn;
use std::io;
use std::pin::{self, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::acts::{self, Answering, WireAct};
use crate::control::ControlApi;
use crate::routes::Api;

/// How long to let be after an accept that failed, for instance because no descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the accept loop and every connection watch. Each holds a receiver, so when no receiver is
/// left, all have ended.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Serving,
    /// No new connection; requests under way are answered.
    Draining,
    /// Nothing is answered any more.
    Dead,
}

/// Dropping it closes the port before `drop` returns, though the tasks end only when the runtime
/// comes to them: so the listener is shared, and whoever ends the socket takes it out.
#[derive(Debug)]
pub(super) struct Socket {
    listener: Arc<Mutex<Option<TcpListener>>>,
    phase: watch::Sender<Phase>,
}

impl Socket {
    pub(super) fn open(
        listener: TcpListener,
        api: Arc<Api>,
        control: Option<Arc<ControlApi>>,
        header_read_timeout: Duration,
    ) -> Self {
        let listener = Arc::new(Mutex::new(Some(listener)));
        let (phase, watching) = watch::channel(Phase::Serving);
        let accepting = accept(Arc::clone(&listener), api, control, watching, header_read_timeout);
        tokio::spawn(accepting);
        Self { listener, phase }
    }

    /// Closes the port and waits until all connections have ended, or the time is over.
    pub(super) async fn drain(&self, limit: Duration) {
        self.end(Phase::Draining);
        // Out of time is no error: what is left is ended when the socket is dropped.
        let _ = tokio::time::timeout(limit, self.phase.closed()).await;
    }

    fn end(&self, phase: Phase) {
        drop(lock(&self.listener).take());
        self.phase.send_replace(phase);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.end(Phase::Dead);
    }
}

async fn accept(
    listener: Arc<Mutex<Option<TcpListener>>>,
    api: Arc<Api>,
    control: Option<Arc<ControlApi>>,
    mut phase: watch::Receiver<Phase>,
    header_read_timeout: Duration,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            _ = phase.changed() => return,
            accepted = poll_fn(|context| poll_accept(&listener, context)) => accepted,
        };
        match accepted {
            Ok(stream) => {
                let (api, control) = (Arc::clone(&api), control.clone());
                tokio::spawn(serve(stream, api, control, phase.clone(), header_read_timeout));
            }
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

async fn serve(
    stream: TcpStream,
    api: Arc<Api>,
    control: Option<Arc<ControlApi>>,
    mut phase: watch::Receiver<Phase>,
    header_read_timeout: Duration,
) {
    // Answers are written in one piece; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let (head, body) = request.into_parts();
        match &control {
            Some(control) if ControlApi::is_for(head.uri.path()) => {
                Answering::control(control, head, body)
            }
            _ => Answering::new(&api, head, body),
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // A client that says all it has to say and ends its side is still answered.
        .half_close(true)
        .header_read_timeout(header_read_timeout)
        .serve_connection(TokioIo::new(stream), service);
    let act = loop {
        tokio::select! {
            biased;
            changed = phase.changed() => match (changed, *phase.borrow()) {
                (Ok(()), Phase::Draining) => pin::Pin::new(&mut connection).graceful_shutdown(),
                _ => return,
            },
            ended = &mut connection => match ended {
                // How a connection ended is its client's business: it sees the same end.
                Ok(()) => return,
                Err(error) => match acts::taken_over(&error) {
                    Some(act) => break act,
                    None => return,
                },
            },
        }
    };
    let stream = connection.into_parts().io.into_inner();
    perform(act, stream, phase).await;
}

/// Does what is left to do on a connection, until the mock ends.
async fn perform(act: WireAct, stream: TcpStream, mut phase: watch::Receiver<Phase>) {
    let is_silence = act.is_silence();
    let mut act = pin!(act.perform(stream));
    loop {
        let goes_on = match *phase.borrow_and_update() {
            Phase::Serving => true,
            Phase::Draining => !is_silence,
            Phase::Dead => false,
        };
        if !goes_on {
            return;
        }
        tokio::select! {
            biased;
            changed = phase.changed() => if changed.is_err() { return },
            () = act.as_mut() => return,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
