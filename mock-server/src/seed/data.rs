//! Companies, connections and wallets as a seed file has them: as `GET /companies` and `GET /wallet`
//! show them, so that a response can be pasted.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::input::json::{Object, decimal, non_null, timestamp, unwrap_object};
#[cfg(feature = "schema")]
use crate::input::schema;
use crate::state::model::{Company, Connection, Wallet};

/// A wallet as `GET /wallet` shows it. Each field may be left out by itself.
#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "WalletGiven"))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[serde(expecting = "an object with what is known of a wallet")]
pub(crate) struct WalletFile {
    /// 0, if left out.
    #[serde(default)]
    balance: i64,
    /// XAF, if left out.
    #[serde(default, deserialize_with = "non_null")]
    currency: Option<String>,
    /// A decimal number in quotes; its scale is kept. "25.0000", if left out.
    #[serde(default, deserialize_with = "decimal")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", regex(pattern = schema::DECIMAL)))]
    credit_unit_price: Option<Decimal>,
    /// 1, if left out.
    #[serde(default, deserialize_with = "non_null")]
    cost_per_message: Option<i64>,
}

/// A client, as `GET /companies` shows it.
#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CompanyGiven"))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[serde(expecting = "an object with the `id` and the `name` of a company")]
pub(crate) struct CompanyFile {
    id: String,
    name: String,
    /// "2026-06-01T10:12:00.000Z", if left out.
    #[serde(default, deserialize_with = "timestamp")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    onboarded_at: Option<Timestamp>,
    /// None, if left out.
    #[serde(default)]
    connections: Vec<Object<ConnectionFile>>,
    #[serde(rename = "_count", default, deserialize_with = "non_null")]
    count: Option<Object<CountFile>>,
}

/// A WhatsApp connection of a client. A field that is left out is as in the reference's sample.
#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ConnectionGiven"))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[serde(expecting = "an object with the `id` of a connection")]
pub(crate) struct ConnectionFile {
    id: String,
    #[serde(default, deserialize_with = "non_null")]
    waba_id: Option<String>,
    #[serde(default, deserialize_with = "non_null")]
    phone_number_id: Option<String>,
    #[serde(default, deserialize_with = "non_null")]
    display_phone_number: Option<String>,
    /// GREEN, YELLOW, RED, or any other value.
    #[serde(default, deserialize_with = "non_null")]
    quality_rating: Option<String>,
    /// connected, or any other value.
    #[serde(default, deserialize_with = "non_null")]
    status: Option<String>,
}

#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CountGiven", inline))]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object with `templates`")]
struct CountFile {
    /// 0, if `_count` is left out.
    templates: u64,
}

impl From<WalletFile> for Wallet {
    fn from(file: WalletFile) -> Self {
        let default = Self::new(file.balance);
        Self {
            balance: file.balance,
            currency: file.currency.unwrap_or(default.currency),
            credit_unit_price: file.credit_unit_price.unwrap_or(default.credit_unit_price),
            cost_per_message: file.cost_per_message.unwrap_or(default.cost_per_message),
        }
    }
}

impl From<CompanyFile> for Company {
    fn from(file: CompanyFile) -> Self {
        let default = Self::new(file.id, file.name);
        Self {
            onboarded_at: file.onboarded_at.unwrap_or(default.onboarded_at),
            connections: unwrap_object(file.connections),
            template_count: file
                .count
                .map_or(default.template_count, |Object(count)| count.templates),
            ..default
        }
    }
}

impl From<ConnectionFile> for Connection {
    fn from(file: ConnectionFile) -> Self {
        let default = Self::new(file.id);
        Self {
            waba_id: file.waba_id.unwrap_or(default.waba_id),
            phone_number_id: file.phone_number_id.unwrap_or(default.phone_number_id),
            display_phone_number: file.display_phone_number.unwrap_or(default.display_phone_number),
            quality_rating: file.quality_rating.unwrap_or(default.quality_rating),
            status: file.status.unwrap_or(default.status),
            id: default.id,
        }
    }
}
