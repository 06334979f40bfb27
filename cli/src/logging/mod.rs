//! The log: what the mock tells to `tracing`, as lines on stderr.
//!
//! A thread of its own writes them, since a pipe that nobody reads from stops whoever writes to it.
//! When that thread has fallen too far behind, lines are dropped and counted: no answer ever waits
//! for the log.

mod format;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

pub(crate) use self::format::Format;
use self::format::{REQUEST, Style};

/// How many lines may wait to be written, and how many bytes: a line is as long as what came.
const MAX_WAITING: usize = 4096;
const MAX_BYTES: usize = 16 << 20;

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

        let backlog = Arc::new(Backlog::default());
        let (lines, waiting) = sync_channel(MAX_WAITING);
        let writer = Writer { style, waiting, backlog: Arc::clone(&backlog) };
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
        let layer = Reporter { style, lines: lines.clone(), backlog };
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

/// How many bytes wait, and how many lines were dropped.
#[derive(Default)]
struct Backlog {
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

/// Makes lines of events, and hands them to the writer.
struct Reporter {
    style: Style,
    lines: SyncSender<Message>,
    backlog: Arc<Backlog>,
}

impl<S: Subscriber> Layer<S> for Reporter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = self.style.line(event);
        let length = line.len();
        let before = self.backlog.bytes.fetch_add(length, Ordering::Relaxed);
        let has_room = before.saturating_add(length) <= MAX_BYTES;
        if !has_room || self.lines.try_send(Message::Line(line)).is_err() {
            self.backlog.bytes.fetch_sub(length, Ordering::Relaxed);
            self.backlog.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Writer {
    style: Style,
    waiting: Receiver<Message>,
    backlog: Arc<Backlog>,
}

impl Writer {
    fn run(self) {
        while let Ok(message) = self.waiting.recv() {
            let (mut text, mut flush) = (String::new(), None);
            let mut next = Some(message);
            while let Some(message) = next {
                match message {
                    Message::Line(line) => {
                        self.backlog.bytes.fetch_sub(line.len(), Ordering::Relaxed);
                        text.push_str(&line);
                    }
                    Message::Flush(done) => flush = Some(done),
                }
                next = if text.len() < CHUNK { self.waiting.try_recv().ok() } else { None };
            }
            let dropped = self.backlog.dropped.swap(0, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_by_its_bytes_too() {
        let (lines, waiting) = sync_channel(MAX_WAITING);
        let style = Style { format: Format::Text, is_colored: false };
        let backlog = Arc::new(Backlog::default());
        let layer = Reporter { style, lines, backlog: Arc::clone(&backlog) };
        let long = "x".repeat(MAX_BYTES / 16);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            (0..40).for_each(|_| tracing::info!("{long}"));
        });
        let length = |message| if let Message::Line(line) = message { line.len() } else { 0 };
        let lengths: Vec<_> = waiting.try_iter().map(length).collect();
        assert_eq!(lengths.len(), 15, "each is a little longer than a sixteenth");
        assert_eq!(backlog.bytes.load(Ordering::Relaxed), lengths.iter().sum::<usize>());
        assert_eq!(backlog.dropped.load(Ordering::Relaxed), 25);
    }
}
