//! A mock on a separate thread, with a runtime that no test ends.

use std::sync::mpsc::{self, Sender};
use std::{io, thread};

use tokio::runtime::Builder;
use tokio::sync::oneshot::{self, Receiver};

use super::builder::Cause;
use super::{MockServer, MockServerBuilder, StartError};

/// Dropping it ends the thread.
#[derive(Debug)]
pub(super) struct ServerThread {
    _stop: oneshot::Sender<()>,
}

impl MockServerBuilder {
    /// Starts the mock on a thread with its own runtime: see [`MockServer::start_on_thread`].
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start); also if the thread or its runtime cannot be started.
    pub fn start_on_thread(self) -> Result<MockServer, StartError> {
        let (started, starting) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("partner-api-mock".to_owned());
        thread.spawn(move || run(self, &started, stopped)).map_err(Cause::Thread)?;
        let ended =
            |_| Cause::Thread(io::Error::other("the thread ended before the mock listened"));
        let server = starting.recv().map_err(ended)??;
        Ok(MockServer { _thread: Some(ServerThread { _stop: stop }), ..server })
    }
}

fn run(
    builder: MockServerBuilder,
    started: &Sender<Result<MockServer, StartError>>,
    stopped: Receiver<()>,
) {
    let runtime = match Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(started.send(Err(Cause::Thread(error).into()))),
    };
    runtime.block_on(async {
        // If nobody waits any more, the mock ends here, and so does the thread.
        if started.send(builder.start().await).is_ok() {
            let _ = stopped.await;
        }
    });
    // A handler that blocks must not keep the thread.
    runtime.shutdown_background();
}
