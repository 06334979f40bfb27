//! The signals that end the program: Ctrl-C, SIGTERM on Unix, and the end of stdin if enabled.

use std::io;
use std::thread;

use tokio::sync::oneshot;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Interrupt,
    Terminate,
    Stdin,
}

pub(super) struct Ending {
    signals: Signals,
    stdin: Option<oneshot::Receiver<()>>,
}

impl Ending {
    pub(super) fn new(with_stdin: bool) -> io::Result<Self> {
        let signals = Signals::new()?;
        let stdin = with_stdin.then(end_of_stdin).transpose()?;
        Ok(Self { signals, stdin })
    }

    pub(super) async fn next(&mut self) -> End {
        let Some(stdin) = &mut self.stdin else {
            return self.signals.next().await;
        };
        tokio::select! {
            _ = stdin => {
                self.stdin = None;
                End::Stdin
            }
            end = self.signals.next() => end,
        }
    }
}

/// Closed once stdin is at its end, or cannot be read.
fn end_of_stdin() -> io::Result<oneshot::Receiver<()>> {
    let (open, ended) = oneshot::channel();
    thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(open);
    })?;
    Ok(ended)
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> End {
        tokio::select! {
            _ = self.interrupt.recv() => End::Interrupt,
            _ = self.terminate.recv() => End::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) -> End {
        self.0.recv().await;
        End::Interrupt
    }
}
