//! Many concurrent calls, and their results.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use partner_api::{Attempt, Client, Error};
use partner_api_mock::MockServer;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::calls::{self, describe_attempt, had_backoff};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    Post,
}

/// Calls to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) kind: Kind,
    pub(crate) at_once: usize,
    pub(crate) calls: usize,
    /// How long each caller waits after a call.
    pub(crate) pause: Duration,
}

/// The attempts that failed before one succeeded.
pub(crate) type CallResult = Result<Vec<Attempt>, Error>;

/// Calls in progress.
pub(crate) struct Running {
    kind: Kind,
    last: Arc<AtomicUsize>,
    /// A permit for each call that has ended.
    ended: Arc<Semaphore>,
    callers: JoinSet<Vec<(usize, CallResult)>>,
}

/// The results of the calls.
pub(crate) struct Report {
    kind: Kind,
    calls: usize,
    errors: Vec<(usize, Error)>,
    /// Of the calls that succeeded.
    failed_attempts: Vec<Attempt>,
    /// The most of one call.
    max_failed_attempts: usize,
    /// POSTs that the mock received, and how often each.
    received: BTreeMap<usize, usize>,
}

/// An error says what is wrong.
pub(crate) type Verdict = Result<(), String>;

impl Load {
    pub(crate) fn new(kind: Kind, at_once: usize, calls: usize) -> Self {
        Self { kind, at_once, calls, pause: Duration::ZERO }
    }

    /// Starts the callers; the n-th takes the n-th client, and the first again after the last.
    pub(crate) fn start(self, clients: &[Client]) -> Running {
        let next = Arc::new(AtomicUsize::new(0));
        let last = Arc::new(AtomicUsize::new(self.calls));
        let ended = Arc::new(Semaphore::new(0));
        let mut callers = JoinSet::new();
        for client in clients.iter().cycle().take(self.at_once) {
            let (client, next) = (client.clone(), Arc::clone(&next));
            let (last, ended) = (Arc::clone(&last), Arc::clone(&ended));
            callers.spawn(async move {
                let mut results = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= last.load(Ordering::Relaxed) {
                        return results;
                    }
                    let result = match self.kind {
                        Kind::Get => calls::get(&client).await,
                        Kind::Post => calls::post(&client, number).await,
                    };
                    results.push((number, result));
                    ended.add_permits(1);
                    if !self.pause.is_zero() {
                        tokio::time::sleep(self.pause).await;
                    }
                }
            });
        }
        Running { kind: self.kind, last, ended, callers }
    }
}

impl Running {
    /// Waits until this many more calls have ended.
    pub(crate) async fn progress(&self, calls: u32) {
        self.ended.acquire_many(calls).await.unwrap().forget();
    }

    /// Starts no further call, and [reports](Self::report).
    pub(crate) async fn stop(self, mock: &MockServer) -> Report {
        self.last.store(0, Ordering::Relaxed);
        self.report(mock).await
    }

    /// Waits for all calls, and reports their results. The mock's journal is empty afterwards.
    pub(crate) async fn report(self, mock: &MockServer) -> Report {
        let results: Vec<_> = self.callers.join_all().await.into_iter().flatten().collect();
        let mut report = Report {
            kind: self.kind,
            calls: results.len(),
            errors: Vec::new(),
            failed_attempts: Vec::new(),
            max_failed_attempts: 0,
            received: calls::received_posts(mock),
        };
        for (number, result) in results {
            match result {
                Ok(failed) => {
                    report.max_failed_attempts = report.max_failed_attempts.max(failed.len());
                    report.failed_attempts.extend(failed);
                }
                Err(error) => report.errors.push((number, error)),
            }
        }
        mock.clear_requests();
        report
    }
}

/// How many of 1,000 calls may end by their timeout, because hyper lost the request.
///
/// A request that is queued for an HTTP/2 connection in the instant in which the connection ends can stay in the closed
/// queue (<https://github.com/tokio-rs/tokio/issues/7714>). On a machine that is overloaded that is about one in 10,000
/// calls behind a proxy that ends connections after 7 requests.
const LOST_BY_HYPER: usize = 2;

impl Report {
    /// All calls succeeded, without backoff and so without cost to the retry budget, and each POST was received once.
    pub(crate) fn all_succeeded(&self) -> Verdict {
        let is_lost_by_hyper = |(number, error): &&(usize, Error)| {
            calls::is_timeout(error.kind()) && !self.received.contains_key(number)
        };
        let lost = self.errors.iter().filter(is_lost_by_hyper).count();
        let attempts = self.failed_attempts.iter();
        let retried = attempts.filter(|attempt| calls::is_timeout(&attempt.kind)).count();
        let is_rare = lost + retried <= LOST_BY_HYPER;
        self.check(self.errors.len() == lost && is_rare, "calls were lost")?;
        self.no_backoff()?;
        self.no_post_received_twice()?;
        let expected = if self.kind == Kind::Post { self.calls - lost } else { 0 };
        self.check(self.received.len() == expected, "not every POST was received")
    }

    /// The weaker form, for a connection whose end crosses with a request, so that nobody can tell whether it was
    /// processed: a GET is retried, with backoff if necessary; a POST is not, and its error says so.
    pub(crate) fn only_ambiguous_posts_were_lost(&self) -> Verdict {
        self.no_post_received_twice()?;
        let is_ambiguous = |(_, error): &(usize, Error)| {
            calls::is_ambiguous(error) && !calls::is_orderly_end(error)
        };
        let may_be_lost = self.kind == Kind::Post && self.errors.iter().all(is_ambiguous);
        self.check(may_be_lost || self.errors.is_empty(), "calls were lost")?;
        let succeeded = if self.kind == Kind::Post { self.calls - self.errors.len() } else { 0 };
        self.check(self.received.len() >= succeeded, "not every POST was received")
    }

    fn no_backoff(&self) -> Verdict {
        let of_errors = self.errors.iter().flat_map(|(_, error)| error.attempts());
        let mut attempts = self.failed_attempts.iter().chain(of_errors);
        let paid = |attempt: &Attempt| had_backoff(attempt) && !calls::is_timeout(&attempt.kind);
        self.check(!attempts.any(paid), "retries cost budget")
    }

    fn no_post_received_twice(&self) -> Verdict {
        self.check(self.received.values().all(|times| *times == 1), "a POST was received twice")
    }

    fn check(&self, holds: bool, problem: &str) -> Verdict {
        if holds { Ok(()) } else { Err(format!("{problem}: {self}")) }
    }
}

/// Each kind of failure once, with its number.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (failed, received) = (self.errors.len(), self.received.values().sum::<usize>());
        write!(f, "{failed} of {} calls failed", self.calls)?;
        if self.kind == Kind::Post {
            write!(f, ", {received} POSTs were received")?;
        }
        writeln!(f, ", at most {} attempts failed before a success", self.max_failed_attempts)?;
        let mut kinds = BTreeMap::<_, usize>::new();
        for (number, error) in &self.errors {
            let was_received = self.received.contains_key(number);
            let suffix = if was_received { ", though the POST was received" } else { "" };
            *kinds.entry(describe(error) + suffix).or_default() += 1;
        }
        for attempt in &self.failed_attempts {
            let paid = if had_backoff(attempt) { "with backoff" } else { "immediately" };
            let text = format!("sent again {paid}: {}", describe_attempt(attempt));
            *kinds.entry(text).or_default() += 1;
        }
        kinds.into_iter().try_for_each(|(kind, count)| writeln!(f, "{count} x {kind}"))
    }
}

/// The time that the call took is left out, since no two are the same.
fn describe(error: &Error) -> String {
    let (kind, outcome, not_retried) = (error.kind(), error.outcome(), error.not_retried());
    format!("{kind:?} {outcome:?} {not_retried:?}, caused by {:?}", error.source())
}
