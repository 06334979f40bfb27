//! How a program is told what to do, and how it tells what it saw.

use std::error::Error;
use std::future::Future;
use std::time::Instant;

use crate::allocations::{counts, forget_peak};

/// What a measured program ends in.
pub type Outcome = Result<(), Box<dyn Error>>;

/// The service to be asked.
pub struct Service {
    /// Its origin.
    pub url: String,
    pub key: &'static str,
}

/// What a program is to do.
#[derive(Debug, Clone, Copy)]
pub enum Task {
    /// So many calls for the wallet, one after the other, on one kept-alive connection.
    Wallet(usize),
    /// The list of companies, all of it.
    Kept,
    /// The list of companies, one after the other, none kept.
    Streamed,
}

/// `wallet CALLS URL`, `kept URL` or `streamed URL`.
///
/// # Errors
///
/// If it is none of these.
pub fn arguments() -> Result<(Task, Service), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next =
        || arguments.next().ok_or("expected: wallet CALLS URL | kept URL | streamed URL");
    let task = match next()?.as_str() {
        "wallet" => Task::Wallet(next()?.parse()?),
        "kept" => Task::Kept,
        "streamed" => Task::Streamed,
        other => return Err(format!("unknown task `{other}`").into()),
    };
    Ok((task, Service { url: next()?, key: "pk_live_exampleexampleexample001" }))
}

/// All on one thread.
///
/// # Errors
///
/// If the system gives none.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Makes one call that is not counted, which opens the connection, and then so many that are.
///
/// # Errors
///
/// If a call fails.
pub fn calls<F>(count: usize, call: impl Fn() -> F) -> Outcome
where
    F: Future<Output = Outcome>,
{
    runtime()?.block_on(async {
        call().await?;
        let before = counts();
        for _ in 0..count {
            call().await?;
        }
        before.print_since(count);
        Ok(())
    })
}

/// Reads a list once. The work is told of each element as it becomes one, and gives them all back if it
/// keeps them, so that they are freed after the clock was read.
///
/// # Errors
///
/// If the work fails.
pub fn list<F, Kept>(work: impl FnOnce(Progress) -> F) -> Outcome
where
    F: Future<Output = Result<(Progress, Kept), Box<dyn Error>>>,
{
    runtime()?.block_on(async {
        forget_peak();
        let (before, started) = (counts().live, Instant::now());
        let (progress, kept) = work(Progress { started, first: None, elements: 0 }).await?;
        let all = started.elapsed().as_nanos();
        let peak = counts().peak - before;
        drop(kept);
        let Progress { first, elements, .. } = progress;
        let first = first.unwrap_or(all);
        println!(
            r#"{{"elements":{elements},"first_ns":{first},"all_ns":{all},"peak_bytes":{peak}}}"#
        );
        Ok(())
    })
}

/// What was seen of a list.
pub struct Progress {
    started: Instant,
    first: Option<u128>,
    elements: usize,
}

impl Progress {
    /// One more element, or so many at once.
    pub fn saw(&mut self, count: usize) {
        self.first.get_or_insert_with(|| self.started.elapsed().as_nanos());
        self.elements += count;
    }
}
