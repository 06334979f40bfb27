//! One connection: served by hyper, or by hand where a fault or an outage takes it over.

use std::pin::{self, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::exchange::Leftover;
use super::limits::Limits;
use super::listener::{Phase, Port, Shared};
use super::raw::{ConnectionTakeover, LINGER, RawAction};
use super::stream::Stream;
#[cfg(feature = "tls")]
use super::tls;
use super::write_timeout::WriteTimeout;
use crate::api::error::ErrorBody;
use crate::faults::outage::{Outage, ScheduledOutage};

/// Starts what is to be done with a new connection.
pub(super) fn receive(stream: TcpStream, port: &Arc<Port>, phase: &watch::Receiver<Phase>) {
    let silent = match *phase.borrow() {
        Phase::Serving => false,
        Phase::Down(Outage::Blackhole) => true,
        _ => {
            let _ = stream.set_zero_linger();
            return;
        }
    };
    let (port, phase) = (Arc::clone(port), phase.clone());
    let shared = &port.shared;
    if let Ok(permit) = Arc::clone(&shared.connections).try_acquire_owned() {
        tokio::spawn(async move {
            let outage = if silent {
                let stream = Box::new(stream);
                run(RawAction::Hang, stream, phase, &port.shared.app.limits).await;
                None
            } else {
                accept(stream, &port.shared, phase).await
            };
            drop(permit);
            if let Some(outage) = outage {
                port.start_scheduled(outage);
            }
        });
    } else if let Some(permit) = shared.may_refuse() {
        tokio::spawn(async move {
            // Before it has sent a request, a client would take the response for noise.
            if let Ok(Ok(())) = tokio::time::timeout(LINGER, stream.readable()).await {
                let app = &port.shared.app;
                let response = app.last(ErrorBody::TooManyConnections);
                let timeline = app.handler.clock.timeline();
                let action = RawAction::Response { response, head_time: Duration::ZERO, timeline };
                run(action, Box::new(stream), phase, &app.limits).await;
            }
            drop(permit);
        });
    } else {
        let _ = stream.set_zero_linger();
    }
}

/// Serves a connection, after the TLS handshake if there is TLS.
async fn accept(
    stream: TcpStream,
    shared: &Shared,
    phase: watch::Receiver<Phase>,
) -> Option<ScheduledOutage> {
    // A response is written in one piece; waiting for more to send would only delay it.
    let _ = stream.set_nodelay(true);
    #[cfg(feature = "tls")]
    if let Some(acceptor) = &shared.app.tls {
        let mut phase = phase;
        let limit = shared.app.limits.head;
        let stream = tls::handshake(acceptor, stream, limit, &mut phase).await?;
        return serve(stream, shared, phase).await;
    }
    serve(Box::new(stream), shared, phase).await
}

/// Serves a connection to its end, and gives the outage back that starts after it.
async fn serve(
    stream: Stream,
    shared: &Shared,
    mut phase: watch::Receiver<Phase>,
) -> Option<ScheduledOutage> {
    let (app, leftover) = (&shared.app, Leftover::default());
    let service = service_fn(|request| app.respond(&leftover, request));
    let socket = TokioIo::new(WriteTimeout::new(stream, app.limits.write));
    let mut connection = shared.http.serve_connection(socket, service);
    let ended = loop {
        tokio::select! {
            biased;
            changed = phase.changed() => match (changed, *phase.borrow()) {
                (Ok(()), Phase::Draining) => pin::Pin::new(&mut connection).graceful_shutdown(),
                (_, Phase::Down(Outage::Reset)) => break Err(RawAction::Reset),
                (_, Phase::Down(Outage::Blackhole)) => break Err(RawAction::Hang),
                _ => return None,
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
            let is_sending =
                leftover.has_body() || matches!(stream.tcp().try_read(&mut [0]), Ok(1..));
            is_sending.then_some(RawAction::Close)
        }
    };
    if let Some(action) = action {
        run(action, stream, phase, &app.limits).await;
    }
    leftover.outage()
}

/// Does what is left to do on a connection, until the mock ends.
async fn run(
    action: RawAction,
    mut stream: Stream,
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
        let _ = stream.tcp().set_zero_linger();
    }
}
