//! Durations as text, and the delays that are made of them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A timer cannot be set to a moment that its clock cannot name.
const MAX_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait before a response begins. No wait is longer than a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delay(Kind);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Fixed(Duration),
    Uniform(Duration, Duration),
    LogNormal(Duration, f64),
}

impl Delay {
    /// Always the same.
    pub fn fixed(delay: Duration) -> Self {
        Self(Kind::Fixed(delay.min(MAX_DELAY)))
    }

    /// Anything between two durations, each as likely.
    pub fn uniform(least: Duration, most: Duration) -> Self {
        let (one, two) = (least.min(MAX_DELAY), most.min(MAX_DELAY));
        Self(Kind::Uniform(one.min(two), one.max(two)))
    }

    /// The long tail of real services: half of the waits are shorter than the median, and a few
    /// much longer. The larger sigma, the longer the tail; `0.1` is mild, `1.0` is wild. What is no
    /// finite number above zero counts as `0.0`: always the median.
    pub fn log_normal(median: Duration, sigma: f64) -> Self {
        let is_sigma = sigma.is_finite() && sigma > 0.0;
        let sigma = if is_sigma { sigma } else { 0.0 };
        Self(Kind::LogNormal(median.min(MAX_DELAY), sigma))
    }

    /// The wait that a pair of numbers in [0, 1) gives.
    pub(crate) fn wait(self, (one, two): (f64, f64)) -> Duration {
        let wait = match self.0 {
            Kind::Fixed(delay) => delay,
            Kind::Uniform(least, most) => least + scaled(most.saturating_sub(least), one),
            Kind::LogNormal(median, sigma) => {
                // Box and Muller: two even numbers to a normal one. `1.0 - one` is never zero.
                let normal = (-2.0 * (1.0 - one).ln()).sqrt() * (std::f64::consts::TAU * two).cos();
                scaled(median, (sigma * normal).exp())
            }
        };
        wait.min(MAX_DELAY)
    }
}

fn scaled(duration: Duration, by: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * by).unwrap_or(MAX_DELAY)
}

impl From<Duration> for Delay {
    fn from(delay: Duration) -> Self {
        Self::fixed(delay)
    }
}

/// As it is written in a rule: `250ms`, `50ms..150ms`, `lognormal(90ms,0.1)`.
impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Fixed(delay) => Time(delay).fmt(f),
            Kind::Uniform(least, most) => write!(f, "{}..{}", Time(least), Time(most)),
            Kind::LogNormal(median, sigma) => write!(f, "lognormal({},{sigma})", Time(median)),
        }
    }
}

fn parse_delay(text: &str) -> Option<Delay> {
    if let Some((least, most)) = text.split_once("..") {
        let (Time(least), Time(most)) = (least.parse().ok()?, most.parse().ok()?);
        return (least <= most).then(|| Delay::uniform(least, most));
    }
    if let Some(inner) = text.strip_prefix("lognormal(") {
        let (median, sigma) = inner.strip_suffix(')')?.split_once(',')?;
        let Time(median) = median.parse().ok()?;
        let sigma: f64 = sigma.trim().parse().ok()?;
        return (sigma.is_finite() && sigma >= 0.0).then(|| Delay::log_normal(median, sigma));
    }
    let Time(delay) = text.parse().ok()?;
    Some(Delay::fixed(delay))
}

/// A duration that is written with its unit. A bare number is of milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

const UNITS: [(&str, u64); 5] =
    [("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];

impl Time {
    pub(super) fn capped(time: Duration) -> Self {
        Self(time.min(MAX_DELAY))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let fits = |unit: &&(&str, u64)| nanos.is_multiple_of(u128::from(unit.1));
        match UNITS.iter().skip(1).find(fits) {
            Some(_) if nanos == 0 => f.write_str("0ms"),
            Some((name, unit)) => write!(f, "{}{name}", nanos / u128::from(*unit)),
            None => write!(f, "{nanos}ns"),
        }
    }
}

impl FromStr for Time {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| ())?;
        let unit = match unit {
            "" => 1_000_000,
            unit => UNITS.iter().find(|(name, _)| *name == unit).ok_or(())?.1,
        };
        let nanos = u128::from(number) * u128::from(unit);
        let time = u64::try_from(nanos).map(Duration::from_nanos);
        time.ok().filter(|time| *time <= MAX_DELAY).map(Self).ok_or(())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from_text(from, "a time such as `250ms` or `2s`, a day at most", |text| text.parse().ok())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expected =
            "a delay such as `250ms`, `50ms..150ms` or `lognormal(90ms,0.1)`, a day at most";
        from_text(from, expected, parse_delay)
    }
}

/// A value that is written as text, or as a whole number.
pub(super) fn from_text<'de, T, D: Deserializer<'de>>(
    from: D,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = from.deserialize_any(NumberOrText(expected))?;
    let wrong = || D::Error::custom(format_args!("`{}`: expected {expected}", text.escape_debug()));
    parse(&text).ok_or_else(wrong)
}

struct NumberOrText(&'static str);

impl Visitor<'_> for NumberOrText {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_draw_stays_within_its_bounds() {
        let uniform = Delay::uniform(30 * MS, 10 * MS);
        assert_eq!(uniform.wait((0.0, 0.5)), 10 * MS);
        assert_eq!(uniform.wait((0.5, 0.5)), 20 * MS);
        assert!(uniform.wait((1.0 - f64::EPSILON, 0.5)) <= 30 * MS);

        let tail = Delay::log_normal(90 * MS, 0.5);
        assert_eq!(tail.wait((0.0, 0.3)), 90 * MS, "no spread at the middle");
        assert!(tail.wait((0.9, 0.0)) > 90 * MS && tail.wait((0.9, 0.5)) < 90 * MS);
        let wild = Delay::log_normal(Duration::MAX, 1e300);
        assert_eq!(wild.wait((0.999, 0.0)), MAX_DELAY);
    }
}
