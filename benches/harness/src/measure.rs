//! How a program is told what to do, and how it tells what it saw.

use std::error::Error;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use futures_util::stream::FuturesUnordered;

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
#[derive(Debug, Clone)]
pub enum Task {
    /// Calls for the wallet, on kept-alive connections.
    Wallet(Calls),
    /// The list of companies, all of it.
    Kept,
    /// The list of companies, one after the other, none kept.
    Streamed,
    /// The first call of a process, over TLS, with a client that trusts the authority in this file.
    Cold(PathBuf),
    /// A client for each of so many partners, kept.
    Partners(usize),
}

/// How many calls.
#[derive(Debug, Clone, Copy)]
pub struct Calls {
    /// All of them, a multiple of those at once.
    count: usize,
    /// How many are under way at any time: the next one begins where one ends.
    at_once: usize,
}

/// `wallet CALLS AT_ONCE URL`, `kept URL`, `streamed URL`, `cold FILE URL` or `partners COUNT URL`.
///
/// # Errors
///
/// If it is none of these.
pub fn arguments() -> Result<(Task, Service), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("there are too few arguments");
    let task = match next()?.as_str() {
        "wallet" => Task::Wallet(Calls { count: next()?.parse()?, at_once: next()?.parse()? }),
        "kept" => Task::Kept,
        "streamed" => Task::Streamed,
        "cold" => Task::Cold(next()?.into()),
        "partners" => Task::Partners(next()?.parse()?),
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

/// Where many calls begin at once, connections are begun that are not needed, and come up a little later.
const UNTIL_QUIET: Duration = Duration::from_millis(300);

/// Makes the calls, after one each for those at once that is not counted and opens their connections.
///
/// # Errors
///
/// If a call fails.
pub fn calls<F>(Calls { count, at_once }: Calls, call: impl Fn() -> F) -> Outcome
where
    F: Future<Output = Outcome>,
{
    runtime()?.block_on(async {
        in_turns(1, at_once, &call).await?;
        if at_once > 1 {
            tokio::time::sleep(UNTIL_QUIET).await;
        }
        let before = counts();
        in_turns(count / at_once, at_once, &call).await?;
        before.print_since(count);
        Ok(())
    })
}

/// So many at once, each again and again.
async fn in_turns<F>(turns: usize, at_once: usize, call: &impl Fn() -> F) -> Outcome
where
    F: Future<Output = Outcome>,
{
    let again = async |_| {
        for _ in 0..turns {
            call().await?;
        }
        Ok(())
    };
    if at_once == 1 {
        return again(0).await; // to look after several costs a little, and does not repeat exactly
    }
    (0..at_once).map(again).collect::<FuturesUnordered<_>>().try_collect().await
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
    let runtime = runtime()?;
    let (done, Work { nanos: all, peak_bytes: peak }) = measured(|| {
        let progress = Progress { started: Instant::now(), first: None, elements: 0 };
        runtime.block_on(work(progress))
    });
    let (Progress { first, elements, .. }, kept) = done?;
    drop(kept);
    let first = first.unwrap_or(all);
    println!(r#"{{"elements":{elements},"first_ns":{first},"all_ns":{all},"peak_bytes":{peak}}}"#);
    Ok(())
}

/// Makes a client that trusts an authority, and its first call.
///
/// # Errors
///
/// If one of both fails.
pub fn cold<Client>(
    authority: &Path,
    make: impl FnOnce(&[u8]) -> Result<Client, Box<dyn Error>>,
    call: impl AsyncFnOnce(&Client) -> Outcome,
) -> Outcome {
    let authority = std::fs::read(authority)?;
    let started = Instant::now();
    let client = make(&authority)?;
    let built = started.elapsed().as_nanos();
    runtime()?.block_on(call(&client))?;
    let called = started.elapsed().as_nanos() - built;
    println!(r#"{{"build_ns":{built},"call_ns":{called}}}"#);
    Ok(())
}

/// Makes and keeps so many clients.
///
/// # Errors
///
/// If one cannot be made.
pub fn partners<Client>(
    count: usize,
    make: impl Fn(usize) -> Result<Client, Box<dyn Error>>,
) -> Outcome {
    let mut clients = Vec::with_capacity(count);
    let (before, started) = (counts().live, Instant::now());
    for number in 0..count {
        clients.push(make(number)?);
    }
    let all = started.elapsed().as_nanos();
    let bytes = counts().live - before + (count * size_of::<Client>()) as u64;
    drop(clients);
    println!(r#"{{"all_ns":{all},"bytes":{bytes}}}"#);
    Ok(())
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

/// What a piece of work took.
pub struct Work {
    pub nanos: u128,
    /// The most memory in use at once, beyond what was in use before.
    pub peak_bytes: u64,
}

/// Does a piece of work once, and measures it.
pub fn measured<T>(work: impl FnOnce() -> T) -> (T, Work) {
    forget_peak();
    let (before, started) = (counts().live, Instant::now());
    let value = work();
    let nanos = started.elapsed().as_nanos();
    (value, Work { nanos, peak_bytes: counts().peak - before })
}
