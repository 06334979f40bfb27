//! Made-up values in the place of real ones: the same for the same, and of the same shape.
//!
//! None is computed from the value that it stands for, so none leads back to it: what decides is the
//! order in which they come, and their shape.

use std::collections::{HashMap, HashSet};

use fastrand::Rng;
use jiff::Timestamp;

use super::decode::{Company, Wallet};
use super::phone_code::code_length;
use crate::display::is_enum_value;

/// The same account gives the same file.
const SEED: u64 = 1;

/// The moment of the reference's sample, 2026-06-01T10:12:00.000Z. The latest time of an account
/// becomes this one, so that no time is later than a reader expects.
const LATEST: Timestamp = Timestamp::constant(1_780_308_720, 0);

/// How often another random text is tried before one is made longer.
const DRAWS: usize = 64;

#[derive(Debug)]
pub(super) struct Anonymizer {
    random: Rng,
    ids: HashMap<String, String>,
    taken: HashSet<String>,
    names: HashMap<String, usize>,
    /// By the digits: a number is the same however it is laid out.
    phones: HashMap<String, usize>,
}

impl Default for Anonymizer {
    fn default() -> Self {
        Self {
            random: Rng::with_seed(SEED),
            ids: HashMap::new(),
            taken: HashSet::new(),
            names: HashMap::new(),
            phones: HashMap::new(),
        }
    }
}

impl Anonymizer {
    /// Replaces all that tells who somebody is, or what the partner pays.
    pub(super) fn replace(&mut self, companies: &mut [Company], wallet: &mut Wallet) {
        let latest = companies.iter().filter_map(|company| company.onboarded_at).max();
        for company in companies {
            company.id = self.id(&company.id);
            company.name = self.name(&company.name);
            if let (Some(time), Some(latest)) = (&mut company.onboarded_at, latest) {
                company.onboarded_at = LATEST.checked_add(time.duration_since(latest)).ok();
            }
            for connection in &mut company.connections {
                connection.id = self.id(&connection.id);
                let ids = [&mut connection.waba_id, &mut connection.phone_number_id];
                for id in ids.into_iter().flatten() {
                    *id = self.id(id);
                }
                if let Some(number) = &mut connection.display_phone_number {
                    *number = self.phone(number);
                }
                let words = [&mut connection.quality_rating, &mut connection.status];
                words.into_iter().flatten().for_each(|word| self.word(word));
            }
        }
        if let Some(currency) = &mut wallet.currency {
            self.word(currency);
        }
        if let Some(price) = &mut wallet.credit_unit_price {
            *price = self.amount(price);
        }
        if let Some(balance) = &mut wallet.balance {
            let amount = self.amount(&balance.to_string());
            *balance = amount.parse().unwrap_or(1); // more than 64 bits hold
        }
    }

    /// An id of the same length, with a letter for a letter and a digit for a digit.
    fn id(&mut self, id: &str) -> String {
        if id.is_empty() {
            return String::new();
        }
        if let Some(known) = self.ids.get(id) {
            return known.clone();
        }
        let mut made_up = self.of_the_same_shape(id);
        for _ in 0..DRAWS {
            if made_up != id && !self.taken.contains(&made_up) {
                break;
            }
            made_up = self.of_the_same_shape(id);
        }
        while made_up == id || self.taken.contains(&made_up) {
            made_up.push(self.random.alphanumeric());
        }
        self.taken.insert(made_up.clone());
        self.ids.insert(id.to_owned(), made_up.clone());
        made_up
    }

    fn of_the_same_shape(&mut self, text: &str) -> String {
        let letters = text.chars().filter(char::is_ascii_alphabetic);
        // A hexadecimal id stays one.
        let last = if letters.clone().all(|char| char.is_ascii_hexdigit()) { 'f' } else { 'z' };
        let random = &mut self.random;
        let same = |char: char| match char {
            '0' => '0',
            '1'..='9' => random.char('1'..='9'),
            'a'..='z' => random.char('a'..=last),
            'A'..='Z' => random.char('A'..=last.to_ascii_uppercase()),
            _ if char.is_ascii() => char,
            _ => 'x',
        };
        text.chars().map(same).collect()
    }

    fn name(&mut self, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        let next = self.names.len() + 1;
        let number = *self.names.entry(name.to_owned()).or_insert(next);
        format!("Company {number}")
    }

    /// The country code and the layout are kept; the rest is a number that nobody has, since it
    /// begins with zeros.
    fn phone(&mut self, number: &str) -> String {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let kept = match number.trim_start().strip_prefix('+') {
            Some(_) => code_length(&digits),
            None => 0,
        };
        let kept = if kept < digits.len() { kept } else { 0 };
        let length = digits.len() - kept;
        let code = digits.get(..kept).unwrap_or_default().to_owned();
        let next = self.phones.len() + 1;
        let count = *self.phones.entry(digits).or_insert(next);
        let count = count.to_string();
        // Not by a width: that would have a limit, and a number from elsewhere has none.
        let count = "0".repeat(length.saturating_sub(count.len())) + &count;
        let last = count.get(count.len() - length..).unwrap_or_default();
        let mut digits = code.chars().chain(last.chars());
        let same = |char: char| match char {
            _ if char.is_ascii_digit() => digits.next().unwrap_or('0'),
            _ if char.is_alphanumeric() => 'x',
            _ => char,
        };
        number.chars().map(same).collect()
    }

    /// A word of a set is no client's data, and is kept.
    fn word(&mut self, word: &mut String) {
        if !is_enum_value(word) {
            *word = self.of_the_same_shape(word);
        }
    }

    /// An amount with the same sign, length, scale and zeros.
    fn amount(&mut self, amount: &str) -> String {
        let mut is_first = true;
        let mut other = |char: char| match char {
            '1'..='9' if is_first && amount.len() >= 19 => {
                is_first = false;
                '1' // stays within 64 bits, and within an exact decimal
            }
            '1'..='9' => self.random.char('1'..='9'),
            _ => char,
        };
        amount.chars().map(&mut other).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_its_shape_and_has_one_stand_in() {
        let mut anonymizer = Anonymizer::default();
        let ids = [
            "clx0k3v9q0001",
            "102290129340398",
            "0F8FAD5B-d9cb-469f-a165-70867728950e",
            "a.b_c-9",
            "7",
            "...",
        ];
        for id in ids {
            let made_up = anonymizer.id(id);
            assert_ne!(made_up, id);
            assert_eq!(made_up, anonymizer.id(id));
            if id != "..." {
                let shape = |text: &str| -> String {
                    let class = |char: char| match char {
                        '1'..='9' => '9',
                        'a'..='z' => 'a',
                        'A'..='Z' => 'A',
                        other => other,
                    };
                    text.chars().map(class).collect()
                };
                assert_eq!(shape(&made_up), shape(id), "{made_up}");
            }
        }
        let uuid = anonymizer.id("0f8fad5b-d9cb-469f-a165-70867728950e");
        assert!(uuid.chars().all(|char| char == '-' || char.is_ascii_hexdigit()), "{uuid}");
    }

    #[test]
    fn more_ids_than_a_shape_has_room_for_stay_apart() {
        let mut anonymizer = Anonymizer::default();
        let ids =
            ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "--", "-+", "\u{e9}", "\u{e8}"];
        let made_up: HashSet<String> = ids.iter().map(|id| anonymizer.id(id)).collect();
        assert_eq!(made_up.len(), ids.len());
    }

    #[test]
    fn a_phone_number_keeps_its_country_and_its_layout() {
        let mut anonymizer = Anonymizer::default();
        for (number, expected) in [
            ("+237 6 90 12 34 56", "+237 0 00 00 00 01"),
            ("+33 (0)6-12-34-56-78", "+33 (0)0-00-00-00-02"),
            ("+1 415 555 0100", "+1 000 000 0003"),
            ("+237690123456", "+237000000001"),
            ("0690 12 34", "0000 00 04"),
            ("+23", "+05"),
            ("call Jo 12", "xxxx xx 06"),
            ("", ""),
        ] {
            assert_eq!(anonymizer.phone(number), expected);
        }
    }

    #[test]
    fn an_amount_keeps_sign_length_scale_and_zeros() {
        let mut anonymizer = Anonymizer::default();
        for amount in ["8450", "-3", "0", "25.0000", "0.0385"] {
            let other = anonymizer.amount(amount);
            let shape = |text: &str| text.replace(|char| ('1'..='9').contains(&char), "9");
            assert_eq!(shape(&other), shape(amount));
        }
        for limit in [i64::MAX, i64::MIN] {
            assert!(anonymizer.amount(&limit.to_string()).parse::<i64>().is_ok());
        }
    }
}
