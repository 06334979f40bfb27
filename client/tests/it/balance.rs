//! The balance monitor: events at the edges only, and a forecast that is missing rather than wrong.

use std::time::Duration;

use partner_api::Wallet;
use partner_api::jiff::{SignedDuration, Timestamp};
use partner_api::monitor::{
    BalanceEvent, BalanceMonitor, BalanceState, BalanceStatus, Forecast, Level, MAX_LATENESS,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stored_values::comes_back;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn wallet(balance: i64, cost_per_message: i64) -> Wallet {
    Wallet::new(balance, "XAF".into(), "25.0000".parse().unwrap(), cost_per_message)
}

/// So many hours after some midnight.
fn at(hours: i64) -> Timestamp {
    "2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap() + HOUR * i32::try_from(hours).unwrap()
}

/// A monitor that is stored and loaded before each observation, as a cron job does.
struct Job {
    levels: Vec<Level>,
    stored: String,
}

impl Job {
    fn new(levels: &[Level]) -> Self {
        let stored = serde_json::to_string(&BalanceState::default()).unwrap();
        Self { levels: levels.to_vec(), stored }
    }

    fn monitor(&self) -> BalanceMonitor {
        let state = serde_json::from_str(&self.stored).unwrap();
        BalanceMonitor::new(self.levels.clone()).with_state(state)
    }

    fn observe(&mut self, wallet: &Wallet, at: Timestamp) -> Vec<BalanceEvent> {
        let mut monitor = self.monitor();
        let events = monitor.observe(wallet, at);
        self.stored = serde_json::to_string(monitor.state()).unwrap();
        events
    }

    /// The events of an observation, in short.
    fn events(&mut self, balance: i64, at: Timestamp) -> Vec<String> {
        self.observe(&wallet(balance, 1), at).iter().map(short).collect()
    }

    fn forecast(&self) -> Option<Forecast> {
        self.monitor().forecast()
    }
}

/// `low {"messages":1000}`
fn short(event: &BalanceEvent) -> String {
    let event = serde_json::to_value(event).unwrap();
    let (kind, data) = event.as_object().unwrap().iter().next().unwrap();
    let detail = match kind.as_str() {
        "low" | "lower" => &data["level"],
        "recovered" => &data["stillBelow"],
        "recharged" => &data["credits"],
        _ => &Value::Null,
    };
    if detail.is_null() { kind.clone() } else { format!("{kind} {detail}") }
}

/// Runs observations of `(balance, expected events)`, an hour apart.
fn run(levels: &[Level], steps: &[(i64, &[&str])]) {
    let mut job = Job::new(levels);
    for (hour, (balance, expected)) in (0..).zip(steps) {
        assert_eq!(job.events(*balance, at(hour)), *expected, "{balance} at hour {hour}");
    }
}

#[test]
fn events_come_at_the_edges_only() {
    run(
        &[Level::Messages(250), Level::Messages(1000)], // in any order
        &[
            (5000, &[]),
            (1000, &[]),
            (999, &[r#"low {"messages":1000}"#]),
            (998, &[]),
            (250, &[]),
            (249, &[r#"lower {"messages":250}"#]),
            (1, &[]),
            (0, &["empty"]),
            (0, &[]),
            (600, &["recharged 600", r#"recovered {"messages":1000}"#]),
            (1099, &["recharged 499"]),
            (1100, &["recharged 1", "recovered"]),
            (0, &["empty"]),
            (9000, &["recharged 9000", "recovered"]),
            (100, &[r#"low {"messages":250}"#]),
            (300, &["recharged 200", r#"recovered {"messages":1000}"#]),
            (200, &[r#"lower {"messages":250}"#]),
        ],
    );
}

#[test]
fn a_balance_that_is_low_or_empty_at_first_is_reported() {
    run(&[Level::Credits(10)], &[(9, &[r#"low {"credits":10}"#]), (9, &[])]);
    run(&[Level::Credits(10)], &[(-5, &["empty"]), (0, &["recharged 5"])]);
    run(
        &[],
        &[(1, &[]), (0, &["empty"]), (1, &["recharged 1"]), (2, &["recharged 1", "recovered"])],
    );
}

#[test]
fn a_balance_that_moves_around_a_level_gives_one_event() {
    let mut job = Job::new(&[Level::Messages(1000)]);
    let mut count = 0;
    for hour in 0..200 {
        let events = job.observe(&wallet(if hour % 2 == 0 { 999 } else { 1050 }, 1), at(hour));
        count +=
            events.iter().filter(|event| !matches!(event, BalanceEvent::Recharged { .. })).count();
    }
    assert_eq!(count, 1);
}

#[test]
fn a_refund_of_one_message_does_not_end_an_empty_wallet() {
    let mut job = Job::new(&[]);
    for hour in 0..50 {
        let events = job.observe(&wallet((hour % 2) * 3, 3), at(hour));
        let is_edge = events.iter().any(|event| !matches!(event, BalanceEvent::Recharged { .. }));
        assert_eq!(is_edge, hour == 0, "{events:?}");
    }
    assert_eq!(job.monitor().status(), BalanceStatus::Empty);
}

#[test]
fn price_currency_and_cost_are_events_and_the_price_stays_exact() {
    let mut monitor = BalanceMonitor::new([Level::Messages(1000)]);
    assert_eq!(monitor.status(), BalanceStatus::Unknown);
    assert_eq!(monitor.observe(&wallet(1500, 1), at(0)), []);
    let same = Wallet::new(1500, "XAF".into(), "25.00".parse().unwrap(), 1);
    assert_eq!(monitor.observe(&same, at(1)), [], "the same price with another scale");
    let price = "25.000000000000000000000001";
    let dearer = Wallet::new(1500, "EUR".into(), price.parse().unwrap(), 2);
    let events = monitor.observe(&dearer, at(2));
    assert_eq!(
        serde_json::to_value(&events).unwrap(),
        json!([
            { "price_changed": { "from": "25.00", "to": price } },
            { "currency_changed": { "from": "XAF", "to": "EUR" } },
            { "cost_changed": { "from": 1, "to": 2 } },
            { "low": { "level": { "messages": 1000 }, "balance": 1500, "messages": 750 } },
        ])
    );
    comes_back(&events);
    comes_back(monitor.state());
}

#[test]
fn a_cost_that_is_not_positive_leaves_the_levels_in_messages_as_they_are() {
    let mut monitor = BalanceMonitor::new([Level::Messages(1000)]);
    monitor.observe(&wallet(999, 1), at(0));
    for (hour, cost) in [(1, 0), (2, -1)] {
        let events = monitor.observe(&wallet(999, cost), at(hour));
        assert!(matches!(events[..], [BalanceEvent::CostChanged { .. }]), "{events:?}");
        assert_eq!(monitor.status(), BalanceStatus::Low(Level::Messages(1000)));
    }
    assert!(matches!(monitor.observe(&wallet(0, -1), at(3))[..], [BalanceEvent::Empty { .. }]));
}

#[test]
fn the_forecast_needs_a_day_and_leaves_out_recharges() {
    let mut job = Job::new(&[]);
    let mut balance = 10_000;
    for hour in 0..=24 {
        if hour < 24 {
            assert_eq!(job.forecast(), None, "hour {hour}");
        }
        job.events(balance, at(hour));
        balance -= 10;
    }
    let forecast = job.forecast().unwrap();
    assert_eq!(forecast.messages_per_day.to_string(), "240.00");
    assert_eq!(forecast.days_left.unwrap().to_string(), "40.6"); // 9760 / 240
    assert_eq!((forecast.observations, forecast.span), (24, Duration::from_secs(86400)));

    balance += 100_000;
    for hour in 25..=48 {
        job.events(balance, at(hour));
        balance -= 10;
    }
    let forecast = job.forecast().unwrap();
    assert_eq!(forecast.messages_per_day.to_string(), "240.00");
    assert_eq!((forecast.observations, forecast.span), (47, Duration::from_secs(47 * 3600)));
}

#[test]
fn the_forecast_counts_whole_messages_over_many_observations() {
    let mut job = Job::new(&[]);
    for hour in 0..=48 {
        job.observe(&wallet(10_000 - hour, 7), at(hour)); // a seventh of a message each hour
    }
    let forecast = job.forecast().unwrap();
    assert_eq!(forecast.messages_per_day.to_string(), "3.00"); // 48 credits: 6 messages in 2 days
}

#[test]
fn what_is_not_known_gives_no_forecast() {
    let hourly =
        |job: &mut Job, hours: std::ops::RangeInclusive<i64>, wallet_at: &dyn Fn(i64) -> Wallet| {
            for hour in hours {
                job.observe(&wallet_at(hour), at(hour));
            }
            job.forecast()
        };
    let used = |hour| wallet(10_000 - hour, 1);
    // Two observations, three days apart; once a week.
    let mut job = Job::new(&[]);
    job.events(1000, at(0));
    job.events(100, at(72));
    assert_eq!(job.forecast(), None);
    let mut job = Job::new(&[]);
    for week in 0..9 {
        job.events(1000 - week, at(week * 7 * 24));
    }
    assert_eq!(job.forecast(), None);
    // An empty wallet: nothing can be used.
    assert_eq!(hourly(&mut Job::new(&[]), 0..=100, &|_| wallet(0, 1)), None);
    // A balance that increases all the time.
    assert_eq!(hourly(&mut Job::new(&[]), 0..=100, &|hour| wallet(hour + 9, 1)), None);
    // A cost that is not positive.
    assert_eq!(hourly(&mut Job::new(&[]), 0..=100, &|hour| wallet(900 - hour, 0)), None);
    // The window forgets what is older than a week.
    let mut job = Job::new(&[]);
    assert!(hourly(&mut job, 0..=48, &used).is_some());
    job.events(9000, at(48 + 8 * 24));
    assert_eq!(job.forecast(), None);
    // A daily job that misses one run has a forecast.
    let mut job = Job::new(&[]);
    for day in [0, 1, 3, 4] {
        job.events(1000 - 24 * day, at(24 * day));
    }
    assert_eq!(job.forecast().unwrap().messages_per_day.to_string(), "24.00");
}

#[test]
fn nothing_used_gives_a_rate_of_zero_without_days() {
    let mut job = Job::new(&[Level::Days(3)]);
    for hour in 0..=30 {
        assert_eq!(job.events(1000, at(hour)), [""; 0]);
    }
    let forecast = job.forecast().unwrap();
    assert_eq!(
        (forecast.messages_per_day.to_string().as_str(), forecast.days_left),
        ("0.00", None)
    );
}

#[test]
fn a_level_in_days_waits_for_a_forecast() {
    let mut job = Job::new(&[Level::Days(3)]);
    for hour in 0..24 {
        assert_eq!(job.events(900 - 10 * hour, at(hour)), [""; 0], "no forecast yet");
    }
    assert_eq!(job.events(660, at(24)), [r#"low {"days":3}"#]); // 660 / 240 = 2.75
    assert_eq!(job.events(950, at(25)), ["recharged 290"]); // 3.96 at 240 a day: one day above
    assert_eq!(job.events(1040, at(26)), ["recharged 90", "recovered"]);
    assert_eq!(job.monitor().status(), BalanceStatus::Sufficient);
    // A change of the cost halves the days, and is not use.
    let events = job.observe(&wallet(1000, 2), at(27));
    assert_eq!(events.iter().map(short).collect::<Vec<_>>(), ["cost_changed", r#"low {"days":3}"#]);
}

#[test]
fn a_late_observation_is_ignored_and_reported() {
    let mut job = Job::new(&[Level::Messages(100)]);
    job.events(5000, at(48));
    let stored = job.stored.clone();
    for hours in [47, 30, 24] {
        assert_eq!(job.events(1, at(hours)), ["ignored"]);
        assert_eq!(job.stored, stored);
    }
    assert_eq!(job.events(5000, at(48)), [""; 0], "the same one again");
    assert_eq!(job.stored, stored);
}

#[test]
fn a_clock_that_was_ahead_does_not_silence_the_monitor() {
    let mut job = Job::new(&[Level::Messages(100)]);
    for hour in 0..=30 {
        job.events(500 - hour, at(hour));
    }
    assert!(job.forecast().is_some());
    assert_eq!(job.events(450, at(24 * 365)), [""; 0], "the clock jumps ahead");
    assert_eq!(job.forecast(), None);
    assert_eq!(job.events(4000, at(32)), ["clock_set_back"], "no recharge: the order is not known");
    assert_eq!(job.forecast(), None);
    assert_eq!(job.events(50, at(33)), [r#"low {"messages":100}"#]);
}

#[test]
fn the_levels_may_change_between_two_runs() {
    let mut job = Job::new(&[Level::Messages(1000)]);
    assert_eq!(job.events(900, at(0)), [r#"low {"messages":1000}"#]);
    job.levels = vec![Level::Messages(500)];
    assert_eq!(job.events(800, at(1)), [""; 0]);
    assert_eq!(job.monitor().status(), BalanceStatus::Sufficient);
    job.levels = vec![Level::Messages(1000), Level::Messages(500)];
    assert_eq!(job.events(700, at(2)), [r#"low {"messages":1000}"#]);
    assert_eq!(job.monitor().status(), BalanceStatus::Low(Level::Messages(1000)));
}

#[test]
fn the_state_stays_small() {
    let mut job = Job::new(&[Level::Messages(1000), Level::Days(3)]);
    for hour in 0..24 * 30 {
        job.events(1_000_000 - hour, at(hour));
    }
    assert!(job.stored.len() < 8000, "{} bytes", job.stored.len());
    assert!(serde_json::from_str::<BalanceState>("{}").unwrap() == BalanceState::default());
}

#[test]
fn extreme_values_are_handled() {
    for cost in [i64::MIN, -1, 0, 1, i64::MAX] {
        let mut monitor = BalanceMonitor::new([
            Level::Credits(u64::MAX),
            Level::Messages(u64::MAX),
            Level::Days(u32::MAX),
            Level::Credits(0),
        ])
        .hysteresis_percent(255);
        for hour in 0..100 {
            let balance = [i64::MAX, i64::MIN, 0, i64::MAX - 1][usize::try_from(hour % 4).unwrap()];
            monitor.observe(&wallet(balance, cost), at(hour));
            monitor.forecast();
        }
        monitor.observe(&wallet(1, cost), Timestamp::MAX);
        monitor.observe(&wallet(1, cost), Timestamp::MIN);
        monitor.observe(&wallet(1, cost), Timestamp::MAX);
    }
}

/// A day of observations every ten minutes: use, recharges.
fn day() -> impl Strategy<Value = Vec<(i64, Timestamp)>> {
    proptest::collection::vec((0..40_i64, 0..30_u8), 144).prop_map(|steps| {
        let mut balance = 3000;
        (0..)
            .zip(steps)
            .map(|(step, (used, recharge))| {
                balance = (balance - used).max(0) + if recharge == 0 { 2000 } else { 0 };
                (balance, at(0) + SignedDuration::from_mins(10 * step))
            })
            .collect()
    })
}

const LEVELS: [Level; 3] = [Level::Messages(1000), Level::Messages(250), Level::Days(1)];

fn is_edge(event: &BalanceEvent) -> bool {
    !matches!(event, BalanceEvent::Ignored { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Duplicates and late observations change nothing.
    #[test]
    fn a_day_with_duplicates_and_late_observations_gives_the_same_events(
        day in day(), repeated in proptest::collection::vec(any::<prop::sample::Index>(), 144),
    ) {
        let (mut plain, mut noisy) = (Job::new(&LEVELS), Job::new(&LEVELS));
        for (index, (balance, at)) in day.iter().enumerate() {
            let expected = plain.observe(&wallet(*balance, 1), *at);
            prop_assert_eq!(noisy.observe(&wallet(*balance, 1), *at), expected);
            let (balance, at) = day[repeated[index].index(index + 1)];
            let again = noisy.observe(&wallet(balance, 1), at);
            prop_assert!(!again.iter().any(is_edge), "{:?}", again);
        }
        prop_assert_eq!(plain.stored, noisy.stored);
    }

    /// However many observations are missing, the last status is that of the last balance, unless
    /// it is within the hysteresis.
    #[test]
    fn missing_observations_lose_no_level(day in day(), kept in proptest::collection::vec(any::<bool>(), 144)) {
        let mut job = Job::new(&[Level::Messages(1000)]);
        let mut is_low = false;
        for ((balance, at), _) in day.iter().zip(kept).filter(|(_, kept)| *kept) {
            for event in job.observe(&wallet(*balance, 1), *at) {
                match event {
                    BalanceEvent::Low { .. } => { prop_assert!(!is_low); is_low = true }
                    BalanceEvent::Empty { .. } => is_low = true,
                    BalanceEvent::Recovered { still_below, .. } => {
                        prop_assert!(is_low);
                        is_low = still_below.is_some();
                    }
                    _ => {}
                }
            }
            if *balance < 1000 { prop_assert!(is_low) }
            if *balance >= 1100 { prop_assert!(!is_low) }
        }
    }

    /// The forecast is close to what was really used, whatever was recharged and missed.
    #[test]
    fn the_forecast_is_right_or_missing(
        rate in 1..50_i64, recharges in proptest::collection::vec(0..400_i64, 0..5),
        kept in proptest::collection::vec(0..4_u8, 400),
    ) {
        let mut job = Job::new(&[]);
        for (hour, kept) in (0..400).zip(kept) {
            let recharged = recharges.iter().filter(|at| **at <= hour).count();
            let balance = 30_000 + 50_000 * i64::try_from(recharged).unwrap() - rate * hour;
            if kept > 0 && balance > 0 {
                job.events(balance, at(hour));
            }
            if let Some(forecast) = job.forecast() {
                let expected = (rate * 24).to_string();
                prop_assert_eq!(forecast.messages_per_day.to_string(), format!("{expected}.00"));
            }
        }
    }

    /// A clock that jumps, in any direction, never silences the monitor for longer than a day.
    #[test]
    fn after_a_clock_jump_the_monitor_recovers_within_a_day(jump in -4000..4000_i64) {
        let mut job = Job::new(&[Level::Messages(1000)]);
        job.events(5000, at(5000));
        job.events(5000, at(5000 + jump));
        let hours = i64::try_from(MAX_LATENESS.as_secs() / 3600).unwrap() + 1;
        for hour in 1..=hours {
            job.events(500, at(5000 + hour));
        }
        prop_assert_eq!(job.monitor().status(), BalanceStatus::Low(Level::Messages(1000)));
    }
}
