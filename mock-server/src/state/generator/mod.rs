//! Generated companies, the same for each RNG seed, for tests that need many.

pub(crate) mod splitmix;
mod words;

use jiff::Timestamp;

use self::splitmix::{GOLDEN_GAMMA, splitmix64};
use self::words::{
    ARABIC_NAMES, ARABIC_TRADES, ENGLISH_NAMES, ENGLISH_TRADES, FRENCH_NAMES, FRENCH_TRADES,
    NUMBERS, PLACES,
};
use crate::state::model::{Company, Connection};

/// The companies of a seed file or of the command line are at most so many for a partner. Their
/// response has 400 MB then.
pub const MAX_GENERATED: u32 = 1_000_000;

/// What the reference's sample ids begin with; all in all they are as long as a cuid.
const ID_PREFIX: &str = "clx";
const ID_LENGTH: usize = 25;

/// The moment of the reference's sample, 2026-06-01T10:12:00.000Z, in milliseconds, and how long
/// before it the first company was onboarded at the earliest.
const LAST_ONBOARDED: i64 = 1_780_308_720_000;
const TWO_YEARS: u64 = 2 * 365 * 24 * 60 * 60 * 1000;

/// Of a hundred companies, so many have so many connections.
const CONNECTIONS: [(u64, u64); 5] = [(70, 1), (15, 2), (6, 3), (3, 4), (6, 0)];

/// Of a hundred connections, so many have this quality. Which words there are says the contract.
const QUALITY: [(u64, &str); 3] = [(92, "GREEN"), (6, "YELLOW"), (2, "RED")];

/// So that each connection of a company has its own number.
const SLOTS: u64 = 8;

impl Company {
    /// Fictional companies, the same for the same seed, for ever: the first ones of many are those
    /// of few.
    ///
    /// They are as the contract has them: distinct ids that look like the reference's; names
    /// of shops, schools and clinics in French, English and Arabic; onboarded within the two years
    /// before the reference's sample; with none to four connections, mostly one, which are
    /// `connected`, mostly `GREEN`, a few `YELLOW` or `RED`.
    ///
    /// Nobody has the telephone numbers: those of France, the United Kingdom and the United States
    /// are set aside there for fiction; those of other countries begin with digits that no number
    /// there begins with. There are few of them, so they come again.
    pub fn generate(count: usize, seed: u64) -> Vec<Self> {
        companies(u64::try_from(count).unwrap_or(u64::MAX), seed).collect()
    }
}

/// As [`Company::generate`], one after the other.
pub(crate) fn companies(count: u64, seed: u64) -> impl Iterator<Item = Company> {
    (0..count).map(move |number| company(seed, number))
}

fn company(seed: u64, number: u64) -> Company {
    let mut draws = Draws(splitmix64(splitmix64(seed) ^ number));
    let (country, display) = draws.weighted(&NUMBERS);
    let first = number.wrapping_mul(SLOTS);
    let business_account = account(seed, first);

    let mut company = Company::new(id(seed, first), draws.name(country));
    let before = i64::try_from(draws.below(TWO_YEARS)).unwrap_or_default();
    let onboarded = Timestamp::from_millisecond(LAST_ONBOARDED - before);
    company.onboarded_at = onboarded.unwrap_or(company.onboarded_at);
    // Few have many: the lesser of two draws.
    company.template_count = draws.below(40).min(draws.below(40));

    for slot in 1..=draws.weighted(&CONNECTIONS) {
        let of_its_own = first.wrapping_add(slot);
        company.connections.push(Connection {
            waba_id: business_account.clone(),
            phone_number_id: account(seed, of_its_own),
            display_phone_number: draws.filled(display),
            quality_rating: draws.weighted(&QUALITY).to_owned(),
            ..Connection::new(id(seed, of_its_own))
        });
    }
    company
}

/// As the reference shows one, and unlike that of any other number.
fn id(seed: u64, number: u64) -> String {
    // `mix` maps no two numbers to the same one, and thirteen digits hold all of it.
    let own = splitmix64(splitmix64(seed) ^ number);
    let digits = base_36(own).take(13).chain(base_36(splitmix64(own)));
    ID_PREFIX.chars().chain(digits).take(ID_LENGTH).collect()
}

/// The digits of a number, the lowest first, and zeros after them.
fn base_36(number: u64) -> impl Iterator<Item = char> {
    std::iter::successors(Some(number), |rest| Some(rest / 36))
        .map(|rest| char::from_digit(u32::try_from(rest % 36).unwrap_or_default(), 36))
        .map(Option::unwrap_or_default)
}

/// Fifteen digits, as Meta's ids in the reference's sample have them, unlike those of any other
/// number below 10^14.
fn account(seed: u64, number: u64) -> String {
    const HALF: u64 = 10_000_000;
    let (mut high, mut low) = (number / HALF % HALF, number % HALF);
    // A Feistel network: each round can be undone, so no two numbers end at the same place.
    for round in 1..=3 {
        (high, low) = (low, (high + splitmix64(splitmix64(seed ^ round) ^ low) % HALF) % HALF);
    }
    format!("1{high:07}{low:07}")
}

/// What is drawn for one company, one number after the other.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        let draw = splitmix64(self.0);
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        draw % end
    }

    fn one_of<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let at = self.below(from.len() as u64);
        usize::try_from(at).ok().and_then(|at| from.get(at).copied()).unwrap_or_default()
    }

    /// One of these, by how many of a hundred it is.
    fn weighted<T: Copy + Default>(&mut self, from: &[(u64, T)]) -> T {
        let mut draw = self.below(100);
        for (weight, value) in from {
            match draw.checked_sub(*weight) {
                Some(rest) => draw = rest,
                None => return *value,
            }
        }
        T::default()
    }

    /// Each `#` is a digit.
    fn filled(&mut self, pattern: &str) -> String {
        let digit =
            |draws: &mut Self| char::from(b'0' + u8::try_from(draws.below(10)).unwrap_or(0));
        pattern.chars().map(|char| if char == '#' { digit(self) } else { char }).collect()
    }

    /// Businesses are named in the language of their country. Some say where they are.
    fn name(&mut self, language: Language) -> String {
        match language {
            Language::French => {
                let (trade, name) = (self.one_of(&FRENCH_TRADES), self.one_of(&FRENCH_NAMES));
                match self.below(3) {
                    0 => format!("{trade} {name} {}", self.one_of(&PLACES)),
                    _ => format!("{trade} {name}"),
                }
            }
            Language::English => {
                format!("{} {}", self.one_of(&ENGLISH_NAMES), self.one_of(&ENGLISH_TRADES))
            }
            Language::Arabic => {
                format!("{} {}", self.one_of(&ARABIC_TRADES), self.one_of(&ARABIC_NAMES))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
enum Language {
    #[default]
    French,
    English,
    Arabic,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_numbers_have_the_same_id_or_account() {
        for seed in [0, 1, u64::MAX] {
            let numbers = || (0..20_000).chain(u64::MAX - 10..=u64::MAX);
            let numbers_of_ten_millions = || (0..20_000).chain(9_999_000..10_020_000);
            let ids: HashSet<_> = numbers().map(|number| id(seed, number)).collect();
            assert_eq!(ids.len(), numbers().count());
            let accounts: HashSet<_> =
                numbers_of_ten_millions().map(|number| account(seed, number)).collect();
            assert_eq!(accounts.len(), numbers_of_ten_millions().count());
        }
    }

    #[test]
    fn the_shares_of_a_hundred_are_a_hundred() {
        assert_eq!(CONNECTIONS.iter().map(|(share, _)| share).sum::<u64>(), 100);
        assert_eq!(QUALITY.iter().map(|(share, _)| share).sum::<u64>(), 100);
        assert_eq!(NUMBERS.iter().map(|(share, _)| share).sum::<u64>(), 100);
    }
}
