//! The arguments of a measured program, and the figures that it prints.

use std::error::Error;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::allocations::{counts, forget_peak};

/// The result of a measured program.
pub type Outcome = Result<(), Box<dyn Error>>;

/// The service to call.
pub struct Service {
    /// Its origin.
    pub url: String,
    pub key: &'static str,
}

/// The task of a program.
#[derive(Debug, Clone)]
pub enum Task {
    /// Calls for the wallet, on kept-alive connections.
    Wallet(Calls),
    /// The list of companies, all of it.
    Kept,
    /// The list of companies, read one after the other without keeping them.
    Streamed,
    /// The first call of a process, over TLS, with a client that trusts the authority in this file.
    Cold(PathBuf),
    /// This many clients, each for another partner, all kept.
    Partners(usize),
}

/// The number of calls.
#[derive(Debug, Clone, Copy)]
pub struct Calls {
    /// The total, a multiple of `concurrent`.
    count: usize,
    /// How many are in progress at any time: the next one begins when one ends.
    concurrent: usize,
}

/// `wallet CALLS CONCURRENT URL`, `kept URL`, `streamed URL`, `cold FILE URL` or `partners COUNT URL`.
///
/// # Errors
///
/// If the arguments are not one of these.
pub fn arguments() -> Result<(Task, Service), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("there are too few arguments");
    let task = match next()?.as_str() {
        "wallet" => Task::Wallet(Calls { count: next()?.parse()?, concurrent: next()?.parse()? }),
        "kept" => Task::Kept,
        "streamed" => Task::Streamed,
        "cold" => Task::Cold(next()?.into()),
        "partners" => Task::Partners(next()?.parse()?),
        other => return Err(format!("unknown task `{other}`").into()),
    };
    Ok((task, Service { url: next()?, key: "pk_live_exampleexampleexample001" }))
}

/// Makes a runtime with one thread.
///
/// # Errors
///
/// If the system cannot start one.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// When many calls begin at the same time, the client also begins connections that it does not need. They are ready a
/// little later.
const UNTIL_QUIET: Duration = Duration::from_millis(300);

/// Makes the calls, after uncounted ones that open the connections.
///
/// # Errors
///
/// If a call fails.
pub fn calls<F>(Calls { count, concurrent }: Calls, call: impl Fn() -> F) -> Outcome
where
    F: Future<Output = Outcome>,
{
    runtime()?.block_on(async {
        in_turns(1, concurrent, &call).await?;
        if concurrent > 1 {
            tokio::time::sleep(UNTIL_QUIET).await;
        }
        let before = counts();
        in_turns(count / concurrent, concurrent, &call).await?;
        before.print_since(count);
        Ok(())
    })
}

/// Makes this many calls concurrently, each repeatedly.
async fn in_turns<F>(turns: usize, concurrent: usize, call: &impl Fn() -> F) -> Outcome
where
    F: Future<Output = Outcome>,
{
    let again = async |_| {
        for _ in 0..turns {
            call().await?;
        }
        Ok(())
    };
    if concurrent == 1 {
        return again(0).await; // polling several futures costs a little, and varies
    }
    (0..concurrent).map(again).collect::<FuturesUnordered<_>>().try_collect().await
}

/// Reads a list once. The work reports each item to `Progress`, and returns the items if it keeps them, so that they
/// are freed after the time was taken.
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
        let progress = Progress { started: Instant::now(), first: None, items: 0 };
        runtime.block_on(work(progress))
    });
    let (Progress { first, items, .. }, kept) = done?;
    drop(kept);
    let first = first.unwrap_or(all);
    println!(r#"{{"items":{items},"first_ns":{first},"all_ns":{all},"peak_bytes":{peak}}}"#);
    Ok(())
}

/// Makes a client that trusts an authority, and makes its first call.
///
/// # Errors
///
/// If one of them fails.
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

/// Makes and keeps this many clients.
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

/// The progress of reading a list.
pub struct Progress {
    started: Instant,
    first: Option<u128>,
    items: usize,
}

impl Progress {
    /// Reports one or more further items.
    pub fn add(&mut self, count: usize) {
        self.first.get_or_insert_with(|| self.started.elapsed().as_nanos());
        self.items += count;
    }
}

/// The time and memory of a piece of work.
pub struct Work {
    pub nanos: u128,
    /// The peak of memory, beyond the memory in use before.
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
