//! The runtime of blocking calls, in one background thread.

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

/// Keeps a runtime running in a background thread until it is dropped, so that connections which
/// close between two calls are noticed.
pub(super) struct BlockingRuntime {
    runtime: Handle,
    /// Stops the thread when it is dropped.
    _running: oneshot::Sender<Infallible>,
}

impl BlockingRuntime {
    pub(super) fn start() -> io::Result<Self> {
        let (running, stopped) = oneshot::channel();
        let (started, start_result) = mpsc::sync_channel(1);
        // The runtime stays in its thread, since dropping it inside another runtime panics.
        thread::Builder::new().name("partner-api".into()).spawn(move || {
            match runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    drop(started.send(Ok(runtime.handle().clone())));
                    drop(runtime.block_on(stopped));
                    // Does not wait for a name resolution that is still running.
                    runtime.shutdown_background();
                }
                Err(cause) => drop(started.send(Err(cause))),
            }
        })?;
        let runtime =
            start_result.recv().unwrap_or_else(|_| Err(io::Error::other("the thread ended")))?;
        Ok(Self { runtime, _running: running })
    }

    /// Runs the future on this thread, or returns an error inside an async task, where
    /// `Handle::block_on` would panic.
    pub(super) fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Error> {
        if is_in_a_task() {
            let problem = "blocking calls are not allowed inside an async task; await partner_api::Client instead, \
                           or make the call in tokio::task::spawn_blocking";
            return Err(Error::unsent(ErrorKind::Request(problem.to_owned())));
        }
        let _entered = self.runtime.enter();
        let mut future = pin!(future);
        let thread_waker =
            Arc::new(ThreadWaker { thread: thread::current(), woken: AtomicBool::new(false) });
        let waker = Waker::from(Arc::clone(&thread_waker));
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return Ok(output);
            }
            while !thread_waker.woken.swap(false, Ordering::Acquire) {
                thread::park();
            }
        }
    }
}

/// Unparks a thread and remembers that it did: code that parks the thread during a poll, such as a
/// full channel, consumes the token of the thread.
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

/// Returns true if this thread is polling a tokio task.
///
/// A current runtime does not prove that: `spawn_blocking` has one also, and blocking is allowed
/// there. But only a task has a budget of operations before it must yield (see [`coop`]), which
/// fits in a byte. A task that is `unconstrained` has no budget, is not recognised, and is blocked.
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
    fn a_wake_is_not_lost_if_the_thread_is_parked_during_a_poll() {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let runtime = BlockingRuntime::start().unwrap();
            let mut polls = 0;
            let woken_once = poll_fn(|cx| {
                polls += 1;
                if polls > 1 {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                // Consumes the token of the thread, as a full channel does.
                thread::park();
                Poll::Pending
            });
            sender.send(runtime.block_on(woken_once).is_ok())
        });
        assert!(receiver.recv_timeout(Duration::from_secs(10)).unwrap());
    }
}
