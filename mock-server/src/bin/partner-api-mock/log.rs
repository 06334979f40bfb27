//! The log: what the mock tells to `tracing`, as lines on stderr.
//!
//! A thread of its own writes them, since a pipe that nobody reads from stops whoever writes to it.
//! When that thread has fallen too far behind, lines are dropped and counted: no answer ever waits
//! for the log.

mod line;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

pub(crate) use self::line::Format;
use self::line::{REQUEST, Style};

/// How many lines may wait to be written.
const MOST_WAITING: usize = 4096;

/// Lines that wait are written together until they are this long.
const CHUNK: usize = 64 * 1024;

/// How long the end of the program waits for the last lines to be written.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

/// What is asked of the log on the command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) format: Format,
    pub(crate) is_quiet: bool,
}

/// The log, until it is dropped; then what waits is written, if somebody reads it.
pub(crate) struct Log {
    lines: SyncSender<Message>,
}

enum Message {
    Line(String),
    /// Says when all that came before it was written.
    Flush(SyncSender<()>),
}

impl Log {
    /// What is logged says `RUST_LOG`.
    pub(crate) fn start(options: Options) -> Result<Self, Box<dyn Error>> {
        let filter = filter(env::var_os("RUST_LOG"), options.is_quiet)?;
        let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_colored = !no_color && io::stderr().is_terminal();
        let style = Style { format: options.format, is_colored };

        let dropped = Arc::new(AtomicU64::new(0));
        let (lines, waiting) = sync_channel(MOST_WAITING);
        let writer = Writer { style, waiting, dropped: Arc::clone(&dropped) };
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
        let layer = Reporter { style, lines: lines.clone(), dropped };
        tracing_subscriber::registry().with(filter).with(layer).try_init()?;
        Ok(Self { lines })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let (done, written) = sync_channel(1);
        let end = Instant::now() + FLUSH_TIMEOUT;
        // Where there is no room for it, somebody may have begun to read.
        while Instant::now() < end {
            if self.lines.try_send(Message::Flush(done.clone())).is_ok() {
                let _ = written.recv_timeout(end.saturating_duration_since(Instant::now()));
                return;
            }
            thread::sleep(FLUSH_TIMEOUT / 100);
        }
    }
}

fn filter(wanted: Option<OsString>, is_quiet: bool) -> Result<Targets, String> {
    let wanted = wanted.unwrap_or_default();
    let wanted = wanted.to_string_lossy();
    let filter = match wanted.trim() {
        "" if is_quiet => "warn",
        "" => "info",
        filter => filter,
    };
    let filter: Targets = filter.parse().map_err(|error| {
        let expected = "expected a filter such as `info` or `info,partner_api_mock::request=off`";
        format!("RUST_LOG `{}`: {error}; {expected}", wanted.escape_debug())
    })?;
    Ok(if is_quiet { filter.with_target(REQUEST, LevelFilter::OFF) } else { filter })
}

/// Makes lines of events, and hands them to the writer.
struct Reporter {
    style: Style,
    lines: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl<S: Subscriber> Layer<S> for Reporter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if self.lines.try_send(Message::Line(self.style.line(event))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Writer {
    style: Style,
    waiting: Receiver<Message>,
    dropped: Arc<AtomicU64>,
}

impl Writer {
    fn run(self) {
        while let Ok(message) = self.waiting.recv() {
            let (mut text, mut flush) = (String::new(), None);
            let mut next = Some(message);
            while let Some(message) = next {
                match message {
                    Message::Line(line) => text.push_str(&line),
                    Message::Flush(done) => flush = Some(done),
                }
                next = if text.len() < CHUNK { self.waiting.try_recv().ok() } else { None };
            }
            let dropped = self.dropped.swap(0, Ordering::Relaxed);
            if dropped > 0 {
                text.push_str(&self.style.dropped(dropped));
            }
            // That nobody is there to read it is no error.
            let _ = io::stderr().write_all(text.as_bytes());
            if let Some(done) = flush {
                let _ = done.send(());
            }
        }
    }
}
