//! The balance compared with levels: an event when it falls below one, and when it recovers.

use std::cmp::Reverse;
use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::forecast::{Forecast, Usage};
use crate::models::wallet::{Wallet, price};

/// How far above a level, in percent of it, the balance has to be to recover from it.
pub const DEFAULT_HYSTERESIS_PERCENT: u8 = 10;

/// The age, compared with the last observation, up to which an older observation is late and
/// ignored: a day. If it is older, the clock was ahead and was set back.
pub const MAX_LATENESS: Duration = Duration::from_secs(24 * 60 * 60);

/// An amount that the balance should not fall below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Level {
    /// A number of credits.
    Credits(u64),
    /// A number of messages that the balance pays for. Not compared while the wallet's cost of a
    /// message is not positive.
    Messages(u64),
    /// A number of days that the balance lasts. Not compared while there is no
    /// [forecast](BalanceMonitor::forecast).
    Days(u32),
}

/// Reports when the balance of a wallet falls below a level, and when it recovers.
///
/// Pass each wallet that a call returned to [`observe`](Self::observe). An error of a call cannot be
/// passed: it says nothing about the balance.
///
/// ```
/// use partner_api::Wallet;
/// use partner_api::monitor::{BalanceEvent, BalanceMonitor, Level};
///
/// let mut monitor = BalanceMonitor::new([Level::Messages(1000), Level::Messages(250)]);
/// let mut observe = |balance, at: &str| {
///     // In a program: `client.wallet().await?` and `Timestamp::now()`.
///     let wallet = Wallet::new(balance, "XAF".into(), "25.0000".parse().unwrap(), 1);
///     monitor.observe(&wallet, at.parse().unwrap())
/// };
/// assert!(observe(1200, "2026-06-01T10:00:00Z").is_empty());
/// assert!(matches!(observe(999, "2026-06-01T11:00:00Z")[..], [BalanceEvent::Low { .. }]));
/// assert!(observe(998, "2026-06-01T12:00:00Z").is_empty()); // reported already
/// assert!(matches!(
///     observe(5998, "2026-06-01T13:00:00Z")[..],
///     [BalanceEvent::Recharged { credits: 5000, .. }, BalanceEvent::Recovered { .. }],
/// ));
/// ```
///
/// # Levels
/// The balance is below a level if it is less. It has recovered when it is above by 10 %
/// ([`hysteresis_percent`](Self::hysteresis_percent)) and at least by 1, so that a balance that
/// moves around a level gives one event. It is empty when it does not pay for one message, and no
/// longer empty when it pays for two. If it is not known whether it is below a level, for instance
/// because there is no forecast, nothing changes.
///
/// # Observations
///
/// | case | effect |
/// |---|---|
/// | the first one | compared with the levels: a balance that is low already is reported |
/// | the same wallet and time again | none |
/// | the same time, another wallet | taken as the later one |
/// | older than the last by up to [`MAX_LATENESS`] | [`Ignored`](BalanceEvent::Ignored): it arrived late, or the clock was set back a little. The monitor goes on when the clock has caught up |
/// | older by more | [`ClockSetBack`](BalanceEvent::ClockSetBack): the clock had been ahead. The levels are compared, a recharge is not reported, and the forecast starts again |
/// | missing for longer than [`MAX_GAP`](super::MAX_GAP), or a clock that jumped ahead by more | compared with the levels; the gap is left out of the forecast |
/// | a shorter gap, or a shorter jump | compared with the levels; the gap counts as observed, so that a jump changes the forecast until it is older than [`WINDOW`](super::WINDOW) |
///
/// # State
/// [`state`](Self::state) is data for serde: write it to a file or a database after each
/// observation, and continue with [`with_state`](Self::with_state). The levels may be changed
/// meanwhile. It holds the last wallet, and at most 60 sums of what was used.
#[derive(Clone, Debug)]
pub struct BalanceMonitor {
    levels: Vec<Level>,
    hysteresis_percent: u8,
    state: BalanceState,
}

/// The state of a [`BalanceMonitor`]. `BalanceState::default()` is that of a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BalanceState {
    last: Option<Observation>,
    /// The levels that the balance is below.
    below: Vec<Level>,
    is_empty: bool,
    usage: Usage,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Observation {
    at: Timestamp,
    wallet: Wallet,
}

/// The balance compared with the levels of a [`BalanceMonitor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalanceStatus {
    /// Nothing was observed yet.
    Unknown,
    /// The balance is not below a level.
    Sufficient,
    /// The balance is below this level, the lowest one of several.
    Low(Level),
    /// The balance does not pay for one message.
    Empty,
}

/// A change of the balance or the pricing. See [`BalanceMonitor::observe`].
///
/// serde writes it as `{"recharged":{"credits":5000,"balance":5998}}`, and reads it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum BalanceEvent {
    /// The balance fell below a level, and was not below another one before.
    #[non_exhaustive]
    Low {
        /// The level, the lowest one of several.
        level: Level,
        /// The balance in credits.
        balance: i64,
        /// The messages that it pays for, if the cost of a message is positive.
        messages: Option<i64>,
    },
    /// The balance was below a level, and fell below another one.
    #[non_exhaustive]
    Lower {
        /// The other level, the lowest one of several.
        level: Level,
        /// The balance in credits.
        balance: i64,
        /// The messages that it pays for, if the cost of a message is positive.
        messages: Option<i64>,
    },
    /// The balance no longer pays for one message.
    #[non_exhaustive]
    Empty {
        /// The balance in credits.
        balance: i64,
    },
    /// The balance is no longer empty, or no longer below a level.
    #[non_exhaustive]
    Recovered {
        /// The level that it is still below, the lowest one of several.
        still_below: Option<Level>,
        /// The balance in credits.
        balance: i64,
        /// The messages that it pays for, if the cost of a message is positive.
        messages: Option<i64>,
    },
    /// The balance increased: a recharge, or a refund.
    #[non_exhaustive]
    Recharged {
        /// The increase since the last observation, which is the recharge without what was used
        /// meanwhile.
        credits: u64,
        /// The balance in credits.
        balance: i64,
    },
    /// The price of a credit changed.
    #[non_exhaustive]
    PriceChanged {
        /// The old price, in the currency of the wallet.
        #[serde(with = "price")]
        from: Decimal,
        /// The new price.
        #[serde(with = "price")]
        to: Decimal,
    },
    /// The currency of the price changed.
    #[non_exhaustive]
    CurrencyChanged {
        /// The old currency.
        from: String,
        /// The new currency.
        to: String,
    },
    /// The cost of a message changed.
    #[non_exhaustive]
    CostChanged {
        /// The old cost in credits.
        from: i64,
        /// The new cost in credits.
        to: i64,
    },
    /// The observation was ignored, because it is older than the last one.
    #[non_exhaustive]
    Ignored {
        /// The time of the observation.
        at: Timestamp,
        /// The time of the last one.
        last: Timestamp,
    },
    /// The observation is older than the last one by so much that the clock must have been ahead.
    #[non_exhaustive]
    ClockSetBack {
        /// The time of the last observation.
        from: Timestamp,
        /// The time of this one.
        to: Timestamp,
    },
}

impl BalanceMonitor {
    /// Makes a monitor with these levels, in any order. Without levels it reports an empty wallet
    /// only.
    pub fn new(levels: impl IntoIterator<Item = Level>) -> Self {
        let mut levels: Vec<_> = levels.into_iter().collect();
        // The lowest level last.
        levels.sort_by_key(|level| match *level {
            Level::Credits(credits) => (0, Reverse(credits)),
            Level::Messages(messages) => (1, Reverse(messages)),
            Level::Days(days) => (2, Reverse(days.into())),
        });
        Self {
            levels,
            hysteresis_percent: DEFAULT_HYSTERESIS_PERCENT,
            state: BalanceState::default(),
        }
    }

    /// Sets how far above a level the balance has to be to recover from it. Default:
    /// [`DEFAULT_HYSTERESIS_PERCENT`].
    #[must_use]
    pub fn hysteresis_percent(self, percent: u8) -> Self {
        Self { hysteresis_percent: percent, ..self }
    }

    /// Continues with a state that was stored.
    #[must_use]
    pub fn with_state(self, state: BalanceState) -> Self {
        Self { state, ..self }
    }

    /// Returns the state, to be stored.
    pub fn state(&self) -> &BalanceState {
        &self.state
    }

    /// Returns the last observed balance compared with the levels.
    pub fn status(&self) -> BalanceStatus {
        match (&self.state.last, self.lowest(&self.state.below)) {
            (None, _) => BalanceStatus::Unknown,
            _ if self.state.is_empty => BalanceStatus::Empty,
            (_, Some(level)) => BalanceStatus::Low(level),
            _ => BalanceStatus::Sufficient,
        }
    }

    /// Returns how long the balance lasts, or `None` if too little was observed: at least
    /// [`MIN_OBSERVATIONS`](super::MIN_OBSERVATIONS) in [`MIN_SPAN`](super::MIN_SPAN), within the
    /// last [`WINDOW`](super::WINDOW).
    ///
    /// The time between two observations is counted only if the use in it is known: the balance did
    /// not increase, the cost of a message is the same, the wallet was not empty, and the gap is at
    /// most [`MAX_GAP`](super::MAX_GAP). A recharge that is smaller than what was used in the same
    /// interval cannot be seen, and makes the forecast too long: observe at least every hour.
    pub fn forecast(&self) -> Option<Forecast> {
        Some(self.state.usage.rate()?.forecast(&self.state.last.as_ref()?.wallet))
    }

    /// Compares a wallet with the last one and with the levels, and returns what changed: usually
    /// nothing. `at` is the time of the response.
    ///
    /// The type describes how duplicate, missing and late observations are handled.
    pub fn observe(&mut self, wallet: &Wallet, at: Timestamp) -> Vec<BalanceEvent> {
        let mut events = Vec::new();
        if let Some(last) = &self.state.last {
            if last.at == at && last.wallet == *wallet {
                return events;
            }
            if at >= last.at {
                compare(&last.wallet, wallet, &mut events);
                self.state.usage.add((&last.wallet, last.at), (wallet, at));
            } else if last.at.duration_since(at).unsigned_abs() <= MAX_LATENESS {
                return vec![BalanceEvent::Ignored { at, last: last.at }];
            } else {
                events.push(BalanceEvent::ClockSetBack { from: last.at, to: at });
                self.state.usage = Usage::default();
            }
        }
        self.state.last = Some(Observation { at, wallet: wallet.clone() });
        events.extend(self.update_levels(wallet));
        events
    }

    /// Compares the balance with the levels, and returns the edge that it passed.
    fn update_levels(&mut self, wallet: &Wallet) -> Option<BalanceEvent> {
        let was_below: Vec<_> = self.levels_in(&self.state.below).collect();
        let was_empty = self.state.is_empty;
        let below: Vec<_> = self
            .levels
            .iter()
            .copied()
            .filter(|level| self.is_below(*level, wallet).unwrap_or(was_below.contains(level)))
            .collect();
        // Without a cost, an empty wallet is one without credits.
        let cost = wallet.cost_per_message.max(1).into();
        let is_empty = self.is_less((wallet.balance.into(), cost), 1).unwrap_or(was_empty);

        let (balance, messages) = (wallet.balance, wallet.affordable_messages().ok());
        let newly_below = below.iter().rfind(|level| !was_below.contains(level)).copied();
        let still_below = self.lowest(&below);
        let recovered = BalanceEvent::Recovered { still_below, balance, messages };
        let event = match newly_below {
            _ if is_empty => (!was_empty).then_some(BalanceEvent::Empty { balance }),
            _ if was_empty => Some(recovered),
            Some(level) if was_below.is_empty() => {
                Some(BalanceEvent::Low { level, balance, messages })
            }
            Some(level) => Some(BalanceEvent::Lower { level, balance, messages }),
            None => (below.len() < was_below.len()).then_some(recovered),
        };
        self.state.below = below;
        self.state.is_empty = is_empty;
        event
    }

    /// Returns whether the balance is below a level, or `None` if that is not known or the balance
    /// is within the hysteresis.
    fn is_below(&self, level: Level, wallet: &Wallet) -> Option<bool> {
        match level {
            Level::Credits(credits) => self.is_less((wallet.balance.into(), 1), credits),
            Level::Messages(messages) => {
                self.is_less((wallet.affordable_messages().ok()?.into(), 1), messages)
            }
            Level::Days(days) => {
                let messages = wallet.affordable_messages().ok()?;
                self.is_less(self.state.usage.rate()?.days_for(messages), days.into())
            }
        }
    }

    /// Compares a fraction with a threshold; `None` within the hysteresis.
    fn is_less(&self, (value, per): (i128, i128), threshold: u64) -> Option<bool> {
        let threshold = i128::from(threshold);
        let margin = (threshold * i128::from(self.hysteresis_percent) + 99) / 100;
        let recovered = threshold + margin.max(1);
        if value < threshold.saturating_mul(per) {
            Some(true)
        } else {
            (value >= recovered.saturating_mul(per)).then_some(false)
        }
    }

    /// Returns those of these levels that are configured.
    fn levels_in<'a>(&'a self, levels: &'a [Level]) -> impl DoubleEndedIterator<Item = Level> + 'a {
        self.levels.iter().copied().filter(|level| levels.contains(level))
    }

    fn lowest(&self, below: &[Level]) -> Option<Level> {
        self.levels_in(below).next_back()
    }
}

/// Compares what does not depend on the levels.
fn compare(last: &Wallet, wallet: &Wallet, events: &mut Vec<BalanceEvent>) {
    if last.credit_unit_price != wallet.credit_unit_price {
        let (from, to) = (last.credit_unit_price, wallet.credit_unit_price);
        events.push(BalanceEvent::PriceChanged { from, to });
    }
    if last.currency != wallet.currency {
        let (from, to) = (last.currency.clone(), wallet.currency.clone());
        events.push(BalanceEvent::CurrencyChanged { from, to });
    }
    if last.cost_per_message != wallet.cost_per_message {
        let (from, to) = (last.cost_per_message, wallet.cost_per_message);
        events.push(BalanceEvent::CostChanged { from, to });
    }
    if wallet.balance > last.balance {
        let credits = wallet.balance.abs_diff(last.balance);
        events.push(BalanceEvent::Recharged { credits, balance: wallet.balance });
    }
}
