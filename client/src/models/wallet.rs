//! `GET /api/v1/wallet`: the prepaid credit balance and what a message costs.

use rust_decimal::Decimal;
use serde_core::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::models::json_text::JsonText;
use crate::models::object::{JsonStr, api_object};

/// The path below the base URL. Source: the reference, "Endpoints".
pub(crate) const PATH: &str = "wallet";

api_object! {
    /// The prepaid credit wallet. Source: the reference, "Get wallet".
    ///
    /// ```
    /// use partner_api::Wallet;
    ///
    /// let wallet = Wallet::new(8450, "XAF".into(), "25.0000".parse()?, 1);
    /// assert_eq!(wallet.balance_value()?.to_string(), "211250.0000"); // XAF
    /// assert_eq!(wallet.affordable_messages()?, 8450);
    /// assert_eq!(wallet.cost_for(100)?.amount.to_string(), "2500.0000"); // XAF
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Wallet, expecting "a wallet" {
        /// The remaining credits. The reference does not say whether the balance can become
        /// negative, so this type allows it.
        "balance" => balance: i64;
        /// The currency of the price, such as `XAF`.
        "currency" => currency: String;
        /// The price of one credit in that currency, with its scale kept: `25.0000` stays
        /// `25.0000`. Exact from a string in any format, and from a number in JSON text; a number
        /// in another format, or in serde's buffer (`flatten`), is a float there already.
        "creditUnitPrice" => credit_unit_price: Decimal, with Price;
        /// The cost of one message, in credits.
        "costPerMessage" => cost_per_message: i64;
    }
}

/// The cost of a number of messages. See [`Wallet::cost_for`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageCost {
    /// The cost in credits.
    pub credits: i64,
    /// The exact cost in the wallet's currency.
    pub amount: Decimal,
}

/// Why an amount cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The exact result does not fit its type.
    #[error("the exact result is too large or has too many digits for its type")]
    Overflow,
    /// The cost of a message is not positive, so the number of affordable messages is not defined.
    #[error("costPerMessage is {cost_per_message}, so the number of messages is not defined")]
    #[non_exhaustive]
    CostNotPositive {
        /// [`Wallet::cost_per_message`].
        cost_per_message: i64,
    },
    /// A negative number of messages cannot be sent, so it has no cost.
    #[error("the number of messages is {messages}; it must not be negative")]
    #[non_exhaustive]
    NegativeMessages {
        /// The number that was given.
        messages: i64,
    },
}

impl Wallet {
    /// Returns the value of the balance in the wallet's currency: balance × credit unit price, exact.
    /// It is negative if the balance is.
    ///
    /// # Errors
    /// [`WalletError::Overflow`] if the exact product does not fit a [`Decimal`].
    pub fn balance_value(&self) -> Result<Decimal, WalletError> {
        self.price_of(self.balance)
    }

    /// Returns the number of messages that the balance pays for, rounded down. It is 0 if the balance
    /// is negative.
    ///
    /// # Errors
    /// [`WalletError::CostNotPositive`] if `cost_per_message` is zero or negative.
    pub fn affordable_messages(&self) -> Result<i64, WalletError> {
        let cost_per_message = self.cost_per_message;
        if cost_per_message <= 0 {
            return Err(WalletError::CostNotPositive { cost_per_message });
        }
        Ok(self.balance.max(0) / cost_per_message)
    }

    /// Returns the cost of a number of messages, in credits and in the wallet's currency.
    ///
    /// # Errors
    /// [`WalletError::NegativeMessages`] if the number is negative, and [`WalletError::Overflow`] if
    /// an exact result does not fit its type.
    pub fn cost_for(&self, messages: i64) -> Result<MessageCost, WalletError> {
        if messages < 0 {
            return Err(WalletError::NegativeMessages { messages });
        }
        let credits = messages.checked_mul(self.cost_per_message).ok_or(WalletError::Overflow)?;
        Ok(MessageCost { credits, amount: self.price_of(credits)? })
    }

    /// Multiplies mantissas, because `Decimal`'s own product rounds when digits do not fit.
    fn price_of(&self, credits: i64) -> Result<Decimal, WalletError> {
        let price = self.credit_unit_price;
        price
            .mantissa()
            .checked_mul(i128::from(credits))
            .and_then(|mantissa| Decimal::try_from_i128_with_scale(mantissa, price.scale()).ok())
            .ok_or(WalletError::Overflow)
    }
}

/// A decimal that is read from its JSON text, whether it is a string or a number.
struct Price(Decimal);

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The text, since serde knows a number with a fraction only as a float.
        let JsonText(json) = JsonText::deserialize(deserializer)?;
        let decimal = if json.starts_with('"') {
            let string = serde_json::from_str::<JsonStr<'_>>(&json).ok();
            string.and_then(|string| exact_decimal(string.as_str()))
        } else {
            exact_decimal(&json)
        };
        decimal.map(Price).ok_or_else(|| {
            de::Error::invalid_value(
                de::Unexpected::Other("something else"),
                &"a decimal of at most 28 digits, such as \"25.0000\"",
            )
        })
    }
}

/// For fields of other types: `#[serde(with = "price")]`.
pub(crate) mod price {
    use super::{Decimal, Deserialize, Deserializer, Price, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(price: &Decimal, s: S) -> Result<S::Ok, S::Error> {
        Price(*price).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Decimal, D::Error> {
        Price::deserialize(d).map(|Price(price)| price)
    }
}

/// Parses a decimal, unless `Decimal` would have to round it.
fn exact_decimal(text: &str) -> Option<Decimal> {
    // `Decimal` accepts more than JSON does, such as `1_000`.
    let is_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    if !is_number || serde_json::from_str::<de::IgnoredAny>(text).is_err() {
        return None;
    }
    match text.split_once(['e', 'E']) {
        None => Decimal::from_str_exact(text).ok(),
        Some((base, exponent)) => {
            Decimal::from_str_exact(base).ok()?;
            let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
            Decimal::from_scientific(&format!("{base}e{exponent}")).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str =
        r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

    fn with_price(price: &str) -> Result<Wallet, serde_json::Error> {
        serde_json::from_str(&SAMPLE.replace("\"25.0000\"", price))
    }

    fn wallet(balance: i64, price: &str, cost_per_message: i64) -> Wallet {
        Wallet::new(balance, "XAF".into(), price.parse().unwrap(), cost_per_message)
    }

    #[test]
    fn the_sample_is_written_back_unchanged() {
        let decoded = with_price("\"25.0000\"").unwrap();
        assert_eq!(decoded, wallet(8450, "25.0000", 1));
        assert_eq!(decoded.credit_unit_price.scale(), 4);
        assert_eq!(serde_json::to_string(&decoded).unwrap(), SAMPLE);
    }

    #[test]
    fn a_price_is_read_exactly_from_a_string_or_a_number() {
        for (json, expected) in [
            ("25.0000", "25.0000"),
            ("0.1", "0.1"),
            ("\"0.1000\"", "0.1000"),
            ("\"\\u0032\"", "2"),
            ("2.5e1", "25"),
            ("2.5E+1", "25"),
            ("25e-3", "0.025"),
            ("\"1234567890123456789.012345678\"", "1234567890123456789.012345678"),
            ("1234567890123456789.012345678", "1234567890123456789.012345678"),
            ("-3", "-3"),
        ] {
            let price = with_price(json).unwrap().credit_unit_price;
            assert_eq!(price.to_string(), expected, "{json}");
        }
    }

    #[test]
    fn a_price_that_would_be_rounded_or_is_no_number_is_rejected() {
        for json in [
            "\"\"",
            "\"twenty\"",
            "null",
            "true",
            "[]",
            "{}",
            "1e400",
            "1e-40",
            "\"1_000\"",
            "\"25,0\"",
            "\"0.00000000000000000000000000001\"",
            "0.12345678901234567890123456789012",
            "\" 25\"",
            "\"1e++5\"",
            "\"1e-+2\"",
            "\".5\"",
            "\"5.\"",
            "\"+1\"",
            "99999999999999999999999999999999",
            "1.00000000000000000000000000000000001e2",
        ] {
            let error = with_price(json).unwrap_err().to_string();
            assert!(error.contains("expected a decimal"), "{json}: {error}");
            assert!(!error.contains("twenty"), "{error}");
        }
    }

    #[test]
    fn sums_are_exact_or_an_error() {
        assert_eq!(wallet(8450, "25.0000", 1).balance_value().unwrap().to_string(), "211250.0000");
        assert_eq!(wallet(-2, "0.5", 1).balance_value().unwrap().to_string(), "-1.0");
        assert_eq!(
            wallet(i64::MAX, "79228162514264337593543950335", 1).balance_value(),
            Err(WalletError::Overflow)
        );
        // `Decimal`'s own product would round this one to 28 places.
        let tiny = "0.0000000000000000000000000001";
        assert_eq!(
            wallet(3, tiny, 1).balance_value().unwrap().to_string(),
            "0.0000000000000000000000000003"
        );
        let long = "7.9228162514264337593543950335";
        assert_eq!(wallet(3, long, 1).balance_value(), Err(WalletError::Overflow));
    }

    #[test]
    fn affordable_messages_are_rounded_down_and_need_a_positive_cost() {
        assert_eq!(wallet(10, "1", 3).affordable_messages(), Ok(3));
        assert_eq!(wallet(-10, "1", 3).affordable_messages(), Ok(0));
        for cost_per_message in [0, -1] {
            assert_eq!(
                wallet(10, "1", cost_per_message).affordable_messages(),
                Err(WalletError::CostNotPositive { cost_per_message })
            );
        }
        assert_eq!(wallet(i64::MAX, "1", 1).affordable_messages(), Ok(i64::MAX));
    }

    #[test]
    fn the_cost_of_messages_is_in_credits_and_currency() {
        let cost = wallet(0, "25.0000", 2).cost_for(100).unwrap();
        assert_eq!((cost.credits, cost.amount.to_string().as_str()), (200, "5000.0000"));
        assert_eq!(wallet(0, "1", 2).cost_for(i64::MAX), Err(WalletError::Overflow));
        let negative = WalletError::NegativeMessages { messages: -1 };
        assert_eq!(wallet(0, "1", 2).cost_for(-1), Err(negative));
        assert_eq!(wallet(0, "1", 2).cost_for(0).unwrap().credits, 0);
        assert_eq!(wallet(0, "1", i64::MAX).cost_for(2), Err(WalletError::Overflow));
    }
}
