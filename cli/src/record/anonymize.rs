//! Numbered placeholders instead of real values: the same value has the same placeholder throughout
//! a file. None is computed from the value that it replaces, so none leads back to it.

use std::collections::HashMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::seed_file::{Company, Wallet};
use crate::remote::is_enum_value;

/// The time of the reference's sample, 2026-06-01T10:12:00.000Z. The latest time of an account
/// becomes this one, so that no time is later than a reader expects.
const LATEST: Timestamp = Timestamp::constant(1_780_308_720, 0);
/// The amount that replaces every balance above zero.
const BALANCE: i64 = 1000;

#[derive(Debug, Default)]
pub(super) struct Anonymizer {
    ids: Placeholders,
    names: Placeholders,
    /// By their digits: the layout of a number does not make it another.
    phone_numbers: Placeholders,
    values: Placeholders,
}

impl Anonymizer {
    /// Replaces everything that identifies the clients or shows what the partner pays.
    pub(super) fn replace(&mut self, companies: &mut [Company], wallet: &mut Wallet) {
        let latest = companies.iter().filter_map(|company| company.onboarded_at).max();
        for company in companies {
            self.id(&mut company.id);
            self.names.replace(&mut company.name, |number| format!("Company {number}"));
            if let (Some(time), Some(latest)) = (&mut company.onboarded_at, latest) {
                company.onboarded_at = LATEST.checked_add(time.duration_since(latest)).ok();
            }
            for connection in &mut company.connections {
                self.id(&mut connection.id);
                let ids = [&mut connection.waba_id, &mut connection.phone_number_id];
                ids.into_iter().flatten().for_each(|id| self.id(id));
                if let Some(number) = &mut connection.display_phone_number {
                    self.phone_number(number);
                }
                let values = [&mut connection.quality_rating, &mut connection.status];
                values.into_iter().flatten().for_each(|value| self.value(value));
            }
        }
        if let Some(currency) = &mut wallet.currency {
            self.value(currency);
        }
        if let Some(price) = &mut wallet.credit_unit_price {
            *price = one_with_scale_of(price);
        }
        if let Some(balance) = &mut wallet.balance {
            *balance = balance.signum() * BALANCE;
        }
    }

    fn id(&mut self, id: &mut String) {
        self.ids.replace(id, |number| format!("id-{number}"));
    }

    /// No country has the code 000.
    fn phone_number(&mut self, text: &mut String) {
        let mut digits: String = text.chars().filter(char::is_ascii_digit).collect();
        self.phone_numbers.replace(&mut digits, |number| format!("+000 {number:08}"));
        *text = digits;
    }

    /// Keeps an enum value, which is not a client's data.
    fn value(&mut self, value: &mut String) {
        if !is_enum_value(value) {
            self.values.replace(value, |number| format!("value-{number}"));
        }
    }
}

/// A price of one with the same number of decimals; zero stays zero.
fn one_with_scale_of(price: &str) -> String {
    let Ok(price) = price.parse::<Decimal>() else { return "1".to_owned() };
    let mut one = if price.is_zero() { Decimal::ZERO } else { Decimal::ONE };
    one.rescale(price.scale());
    one.to_string()
}

/// The placeholder of each value, numbered in the order in which values are first seen.
#[derive(Debug, Default)]
struct Placeholders(HashMap<String, usize>);

impl Placeholders {
    /// An empty text stays empty.
    fn replace(&mut self, value: &mut String, placeholder: impl FnOnce(usize) -> String) {
        if !value.is_empty() {
            let next = self.0.len() + 1;
            let number = *self.0.entry(std::mem::take(value)).or_insert(next);
            *value = placeholder(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_value_has_the_same_placeholder_and_another_has_another() {
        let mut anonymizer = Anonymizer::default();
        for (number, expected) in [
            ("+237 6 90 12 34 56", "+000 00000001"),
            ("+33 (0)6-12-34-56-78", "+000 00000002"),
            ("+237690123456", "+000 00000001"),
            ("", ""),
            ("none", ""),
        ] {
            let mut text = number.to_owned();
            anonymizer.phone_number(&mut text);
            assert_eq!(text, expected);
        }
        for (value, expected) in
            [("GREEN", "GREEN"), ("", ""), ("since 2026", "value-1"), ("since 2026", "value-1")]
        {
            let mut text = value.to_owned();
            anonymizer.value(&mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_price_keeps_its_scale_and_zero() {
        for (price, expected) in [("25.0000", "1.0000"), ("0.0385", "1.0000"), ("0.00", "0.00")] {
            assert_eq!(one_with_scale_of(price), expected);
        }
    }
}
