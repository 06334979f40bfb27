//! The mock's clock: it runs as the machine's does until a test pauses it; then the test moves it.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::DATE;
use http::{HeaderMap, HeaderValue};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The clock of a mock, by [`Mock::clock`](crate::Mock::clock). Cheap to clone; every clone is the
/// same clock.
///
/// It runs until it is paused, and shows the machine's time. Paused, it does not move, except by what
/// [`advance`](Self::advance) moves it. Four things go by it: the journal's time of each request,
/// the dates in responses (`Date` and a `Retry-After` that is
/// [counted from now](crate::Fault::retry_after_date_in)), the waits of faults, and the
/// [`ttl`](crate::Rule::ttl) of rules. So a delay of
/// half a minute takes no time to test:
///
/// ```
/// # use std::time::Duration;
/// # use partner_api_mock::{Fault, Mock};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mock = Mock::new();
/// let clock = mock.clock();
/// clock.set("2026-11-24T10:00:00Z".parse()?);
/// mock.fail_next(Fault::status(503).delay(Duration::from_secs(30)))?;
/// # use tower::ServiceExt as _;
/// # let request = http::Request::get("/api/v1/wallet").body(axum::body::Body::empty())?;
/// # let call = tokio::spawn(mock.service().oneshot(request));
/// // … the client under test makes its call …
/// mock.received_requests().wait_for(1, Duration::from_secs(5)).await?;
/// clock.advance(Duration::from_secs(30))?;                    // now the response comes
/// # let response = call.await??;
/// # assert_eq!(response.status(), 503);
/// # assert_eq!(response.headers()["date"], "Tue, 24 Nov 2026 10:00:30 GMT");
/// # Ok(())
/// # }
/// ```
///
/// What keeps a client from holding on to the mock goes by real time, paused or not: the limits on
/// how long a head or a body may take, and on a shutdown. So does
/// [`ReceivedRequests::wait_for`](crate::ReceivedRequests::wait_for).
#[derive(Clone, Default)]
pub struct Clock {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// So that a clock that runs takes no lock to be read.
    is_paused: AtomicBool,
    state: Mutex<State>,
    /// Tells waits that the clock was paused, moved or resumed.
    changed: Notify,
}

struct State {
    /// What it shows, while it is paused.
    paused: Option<Timestamp>,
    /// How far waits had come when it was last paused, moved or resumed.
    passed: SignedDuration,
    /// When that was, by the clock that waits go by while it runs: tokio's.
    at: Instant,
}

/// A clock that is running cannot be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock is running; call pause() before advance()")]
pub struct ClockNotPaused;

impl Clock {
    /// What it shows.
    pub fn now(&self) -> Timestamp {
        let paused = if self.is_paused() { self.state().paused } else { None };
        paused.unwrap_or_else(Timestamp::now)
    }

    /// Stops it where it is. A clock that is paused stays as it is.
    pub fn pause(&self) {
        let mut state = self.state();
        let now = state.paused.unwrap_or_else(Timestamp::now);
        self.change(&mut state, Some(now));
    }

    /// Stops it at this time, or sets it to this time if it is paused. Waits are not shortened or
    /// prolonged by that, whichever way it is set: only [`advance`](Self::advance) moves them.
    pub fn set(&self, time: Timestamp) {
        self.change(&mut self.state(), Some(time));
    }

    /// Moves it forward while it is paused, no further than the last moment of the year 9999. Waits
    /// that are over by then end immediately, and those that follow on them are counted from where
    /// they were over, so one long step does what many short ones would.
    ///
    /// # Errors
    ///
    /// If it is not paused.
    pub fn advance(&self, by: Duration) -> Result<(), ClockNotPaused> {
        let mut state = self.state();
        let now = state.paused.ok_or(ClockNotPaused)?;
        let by = signed(by);
        state.passed = state.passed.saturating_add(by);
        self.change(&mut state, Some(now.checked_add(by).unwrap_or(Timestamp::MAX)));
        Ok(())
    }

    /// Lets it run: it shows the machine's time again, and what is left of a wait takes as long in
    /// real time. A clock that runs goes on running.
    pub fn resume(&self) {
        self.change(&mut self.state(), None);
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        self.shared.is_paused.load(Ordering::Acquire)
    }

    /// How far waits have come.
    pub(crate) fn elapsed(&self) -> SignedDuration {
        self.state().passed()
    }

    /// Waits that begin now.
    pub(crate) fn timeline(&self) -> Timeline {
        Timeline { clock: self.clone(), at: self.state().passed() }
    }

    /// Dates a response that bears no date, while the clock is paused. While it runs, the date is the
    /// HTTP library's to write.
    #[inline]
    pub(crate) fn date(&self, headers: &mut HeaderMap) {
        if self.is_paused()
            && let Ok(date) = HeaderValue::try_from(http_date(self.now()))
        {
            headers.entry(DATE).or_insert(date);
        }
    }

    fn change(&self, state: &mut State, paused: Option<Timestamp>) {
        *state = State { paused, passed: state.passed(), at: Instant::now() };
        self.shared.is_paused.store(paused.is_some(), Ordering::Release);
        self.shared.changed.notify_waiters();
    }

    async fn reach(self, moment: SignedDuration) {
        loop {
            // Before the look at the clock, so that no change after it is missed.
            let changed = self.shared.changed.notified();
            let (left, is_paused) = {
                let state = self.state();
                (moment.saturating_sub(state.passed()), state.paused.is_some())
            };
            match Duration::try_from(left) {
                Err(_) | Ok(Duration::ZERO) => return,
                Ok(_) if is_paused => changed.await,
                // Either way, the clock has the last word.
                Ok(left) => drop(tokio::time::timeout(left, changed).await),
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How far waits have come.
    fn passed(&self) -> SignedDuration {
        match self.paused {
            Some(_) => self.passed,
            None => self.passed.saturating_add(since(self.at)),
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self { paused: None, passed: SignedDuration::ZERO, at: Instant::now() }
    }
}

/// Negative where a paused clock of tokio is behind the moment at which nobody had paused it.
fn since(at: Instant) -> SignedDuration {
    let now = Instant::now();
    signed(now.saturating_duration_since(at)) - signed(at.saturating_duration_since(now))
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (now, is_paused) = (self.now(), self.is_paused());
        f.debug_struct("Clock").field("now", &now).field("is_paused", &is_paused).finish()
    }
}

/// Waits one after the other. Each is counted from where the one before it was over, not from when
/// somebody came to look, so that one step of a paused clock can end several.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    clock: Clock,
    at: SignedDuration,
}

impl Timeline {
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The waits that begin so much later.
    pub(crate) fn after(&self, time: Duration) -> Self {
        Self { clock: self.clock.clone(), at: self.at.saturating_add(signed(time)) }
    }

    /// The next wait.
    pub(crate) fn wait(&mut self, time: Duration) -> Wait {
        *self = self.after(time);
        Wait(Box::pin(self.clock.clone().reach(self.at)))
    }
}

/// It ends when the clock has come far enough.
pub(crate) struct Wait(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").finish_non_exhaustive()
    }
}

/// A date as HTTP writes it (RFC 9110, section 5.6.7).
pub(crate) fn http_date(date: Timestamp) -> String {
    // Only a year before 0 cannot be written, and no caller waits for that.
    DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap_or_default()
}
