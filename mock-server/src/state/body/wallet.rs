//! A wallet as `GET /wallet` shows it (reference, Get wallet, Response 200).

use bytes::Bytes;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::render;
use crate::state::model::Wallet;

pub(crate) fn wallet(wallet: &Wallet) -> Bytes {
    render(&WalletBody::from(wallet))
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Wallet"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WalletBody<'a> {
    balance: i64,
    currency: &'a str,
    #[serde(serialize_with = "as_string")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", regex(pattern = r"^-?[0-9]+(\.[0-9]+)?$"))
    )]
    credit_unit_price: Decimal,
    cost_per_message: i64,
}

impl<'a> From<&'a Wallet> for WalletBody<'a> {
    fn from(wallet: &'a Wallet) -> Self {
        Self {
            balance: wallet.balance,
            currency: &wallet.currency,
            credit_unit_price: wallet.credit_unit_price,
            cost_per_message: wallet.cost_per_message,
        }
    }
}

fn as_string<S: Serializer>(number: &Decimal, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_keeps_its_scale() {
        for price in ["25.0000", "25", "0.1", "-1.50"] {
            let mut changed = Wallet::new(0);
            changed.credit_unit_price = price.parse().unwrap();
            let body = String::from_utf8(wallet(&changed).into()).unwrap();
            assert!(body.contains(&format!(r#""creditUnitPrice":"{price}""#)), "{body}");
        }
    }
}
