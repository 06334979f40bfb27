//! What calls lean on while they block: one thread with a runtime.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;
use tokio::task::coop;

use crate::error::{Error, ErrorKind};

/// Runs the runtime until it is dropped. A runtime that ran only while a call waits would not see
/// its connections die in between.
pub(super) struct BlockingRuntime {
    runtime: Handle,
    /// Its drop is the sign to stop.
    _running: oneshot::Sender<Infallible>,
}

impl BlockingRuntime {
    pub(super) fn start() -> io::Result<Self> {
        let (running, stopped) = oneshot::channel();
        let (tell, told) = mpsc::sync_channel(1);
        // The runtime never leaves this thread, since its drop panics where another one runs.
        thread::Builder::new().name("partner-api".into()).spawn(move || {
            match runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    drop(tell.send(Ok(runtime.handle().clone())));
                    drop(runtime.block_on(stopped));
                    // A name that is just being resolved is not waited for.
                    runtime.shutdown_background();
                }
                Err(cause) => drop(tell.send(Err(cause))),
            }
        })?;
        let runtime = told.recv().unwrap_or_else(|_| Err(io::Error::other("it ended at once")))?;
        Ok(Self { runtime, _running: running })
    }

    /// Polls the future on this thread to its end, or not at all.
    ///
    /// Unlike `Handle::block_on` it never panics.
    pub(super) fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Error> {
        if is_in_a_task() {
            let problem = "a blocking call would hold up the async task that makes it, and all others of its thread; \
                           await partner_api::Client here, or make the call in tokio::task::spawn_blocking";
            return Err(Error::unsent(ErrorKind::Request(problem.to_owned())));
        }
        let _entered = self.runtime.enter();
        let mut future = pin!(future);
        let unpark =
            Arc::new(ThreadWaker { thread: thread::current(), woken: AtomicBool::new(false) });
        let waker = Waker::from(Arc::clone(&unpark));
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return Ok(output);
            }
            while !unpark.woken.swap(false, Ordering::Acquire) {
                thread::park();
            }
        }
    }
}

/// Remembers that it was woken, since whatever else parks this thread during a poll, such as a full
/// channel, takes the thread's own token.
struct ThreadWaker {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Whether a task of tokio is being polled on this thread.
///
/// A runtime at hand is not enough of a sign: there is one in `spawn_blocking`, too, where blocking
/// is right. But only a task has a budget of steps that it may make before it must yield (see
/// [`coop`]), and it fits in a byte. Without a limit there is no task, or one that is
/// `unconstrained`, which is then held up.
fn is_in_a_task() -> bool {
    if Handle::try_current().is_err() {
        return false;
    }
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(_undo) = coop::poll_proceed(&mut cx) else {
        return true;
    };
    (0..=u8::MAX).any(|_| coop::poll_proceed(&mut cx).map(|step| step.made_progress()).is_pending())
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wake_is_not_lost_to_what_parks_the_thread_during_a_poll() {
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let runtime = BlockingRuntime::start().unwrap();
            let mut polls = 0;
            let woken_once = poll_fn(|cx| {
                polls += 1;
                if polls > 1 {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                // Takes the token of the thread, as a full channel would that waits for its reader.
                thread::park();
                Poll::Pending
            });
            tell.send(runtime.block_on(woken_once).is_ok())
        });
        assert!(told.recv_timeout(Duration::from_secs(10)).unwrap());
    }
}
