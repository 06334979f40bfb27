//! The log: events of `tracing` as lines on stderr, written by a thread so that no response waits
//! for a slow reader.

use std::env;
use std::error::Error;
use std::io::{self, BufWriter, IsTerminal as _};

use clap::ValueEnum;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// How many lines wait for a reader. Later ones are dropped and counted.
const MAX_WAITING_LINES: usize = 4096;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// A line for people
    Text,
    /// A JSON object a line
    Json,
}

/// Writes the waiting lines when it is dropped, for up to a second.
pub(crate) struct Log {
    guard: Option<WorkerGuard>,
    dropped: ErrorCounter,
}

impl Log {
    /// Logs what `RUST_LOG` selects, or else `default`. `without_requests` overrides both.
    pub(crate) fn start(
        format: Format,
        default: &str,
        without_requests: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let mut filter = filter(default)?;
        if without_requests {
            filter = filter.add_directive("partner_api_mock::request=off".parse()?);
        }
        let (writer, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(MAX_WAITING_LINES)
            .thread_name("log")
            .finish(BufWriter::new(io::stderr()));
        let dropped = writer.error_counter();
        let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(!no_color && io::stderr().is_terminal())
            .with_writer(writer);
        match format {
            Format::Text => log.try_init(),
            Format::Json => log.json().flatten_event(true).try_init(),
        }
        .map_err(|error| error as Box<dyn Error>)?;
        Ok(Self { guard: Some(guard), dropped })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let lines = self.dropped.dropped_lines();
        if lines > 0 {
            tracing::warn!(lines, "log lines were dropped: stderr was not read in time");
        }
        // The queue is full, so nobody reads it, and the guard would complain on stdout.
        if self.dropped.dropped_lines() > lines {
            std::mem::forget(self.guard.take());
        }
    }
}

fn filter(default: &str) -> Result<EnvFilter, String> {
    let wanted = env::var_os("RUST_LOG").unwrap_or_default();
    let wanted = wanted.to_string_lossy();
    let wanted = wanted.trim();
    EnvFilter::try_new(if wanted.is_empty() { default } else { wanted }).map_err(|error| {
        let expected = "expected a filter such as `info` or `info,partner_api_mock::request=off`";
        format!("RUST_LOG `{}`: {error}; {expected}", wanted.escape_debug())
    })
}
