//! How long the credit lasts, estimated from what was used between observations.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::models::wallet::Wallet;

/// The time before the last observation that a [`Forecast`] looks back: a week, since most use has a
/// pattern of weekdays.
pub const WINDOW: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The shortest observed time that gives a [`Forecast`]: a day.
pub const MIN_SPAN: Duration = Duration::from_secs(24 * 60 * 60);

/// The fewest observations that give a [`Forecast`].
pub const MIN_OBSERVATIONS: u64 = 3;

/// The longest time between two observations that is counted as observed: two days, so that a daily
/// job may miss one run. A recharge may be hidden in a longer gap.
pub const MAX_GAP: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// Use that begins within this time is summed up, so that the state stays small.
const PERIOD: SignedDuration = SignedDuration::from_hours(3);

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// How fast messages are used, and how long the balance lasts at that rate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forecast {
    /// The messages a day that the balance paid for, rounded down to two places.
    pub messages_per_day: Decimal,
    /// The days until the balance is used up, rounded down to one place. `None` if nothing was
    /// used, or the wallet's cost of a message is not positive.
    pub days_left: Option<Decimal>,
    /// The number of observations behind the forecast.
    pub observations: u64,
    /// The observed time behind the forecast: gaps, recharges and an empty wallet are left out.
    pub span: Duration,
}

/// What was used within the [`WINDOW`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Usage {
    periods: Vec<Period>,
    /// Credits that were used since the last whole message.
    remainder: u64,
}

/// Use that was observed from `from` on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Period {
    from: Timestamp,
    millis: u64,
    messages: u64,
    observations: u64,
}

/// Messages in a span of observed time.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    messages: u64,
    millis: u64,
    observations: u64,
}

impl Usage {
    /// Adds what was used between two observations, unless it cannot be known.
    pub(super) fn add(&mut self, from: (&Wallet, Timestamp), to: (&Wallet, Timestamp)) {
        let ((before, start), (after, end)) = (from, to);
        let elapsed = end.duration_since(start).unsigned_abs();
        match used_credits(before, after) {
            Some((credits, cost)) if elapsed <= MAX_GAP => {
                let credits = credits.saturating_add(self.remainder);
                self.remainder = credits % cost;
                let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                self.push(Period {
                    from: start,
                    millis,
                    messages: credits / cost,
                    observations: 1,
                });
            }
            _ => self.remainder = 0,
        }
        self.periods.retain(|period| end.duration_since(period.from).unsigned_abs() <= WINDOW);
    }

    fn push(&mut self, added: Period) {
        match self.periods.last_mut() {
            Some(last) if added.from.duration_since(last.from) < PERIOD => {
                last.millis = last.millis.saturating_add(added.millis);
                last.messages = last.messages.saturating_add(added.messages);
                last.observations = last.observations.saturating_add(added.observations);
            }
            _ => self.periods.push(added),
        }
    }

    /// Returns the rate, if there is enough behind it.
    pub(super) fn rate(&self) -> Option<Rate> {
        let sum =
            |field: fn(&Period) -> u64| self.periods.iter().map(field).fold(0, u64::saturating_add);
        let rate = Rate {
            messages: sum(|period| period.messages),
            millis: sum(|period| period.millis),
            observations: sum(|period| period.observations),
        };
        let span = Duration::from_millis(rate.millis);
        (rate.observations >= MIN_OBSERVATIONS && span >= MIN_SPAN).then_some(rate)
    }
}

impl Rate {
    /// Returns the days in which this number of messages is used, as a fraction. The denominator is
    /// 0 if nothing is used.
    pub(super) fn days_for(self, messages: i64) -> (i128, i128) {
        let days = i128::from(messages).saturating_mul(i128::from(self.millis));
        (days, i128::from(self.messages).saturating_mul(DAY_MILLIS.into()))
    }

    pub(super) fn forecast(self, wallet: &Wallet) -> Forecast {
        let per_day = i128::from(self.messages).saturating_mul(DAY_MILLIS.into());
        let days_left = wallet.affordable_messages().ok().and_then(|messages| {
            let (days, per) = self.days_for(messages);
            rounded_down(days, per, 1)
        });
        Forecast {
            messages_per_day: rounded_down(per_day, self.millis.into(), 2).unwrap_or_default(),
            days_left,
            observations: self.observations,
            span: Duration::from_millis(self.millis),
        }
    }
}

/// Returns the credits that were used and the cost of a message; `None` if either is not known.
fn used_credits(before: &Wallet, after: &Wallet) -> Option<(u64, u64)> {
    let cost = u64::try_from(before.cost_per_message).ok().filter(|cost| *cost > 0)?;
    // An empty wallet hides how much would have been used, an increase how much was.
    let can_pay = before.affordable_messages() != Ok(0) && after.affordable_messages() != Ok(0);
    let is_known = after.cost_per_message == before.cost_per_message
        && after.balance <= before.balance
        && can_pay;
    is_known.then(|| (before.balance.abs_diff(after.balance), cost))
}

fn rounded_down(numerator: i128, denominator: i128, places: u32) -> Option<Decimal> {
    let scaled = numerator.checked_mul(10_i128.pow(places))?.checked_div(denominator)?;
    Decimal::try_from_i128_with_scale(scaled, places).ok()
}
