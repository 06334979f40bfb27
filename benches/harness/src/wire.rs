//! The wire types that a user of a general library would write. Source: the reference.

use serde::Deserialize;

/// Reference, Get wallet.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wallet {
    pub balance: i64,
    pub currency: String,
    pub credit_unit_price: rust_decimal::Decimal,
    pub cost_per_message: i64,
}

/// Reference, List companies.
#[derive(Debug, Deserialize)]
pub struct Companies {
    pub data: Vec<Company>,
}

/// Reference, List companies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Company {
    pub id: String,
    pub name: String,
    pub onboarded_at: String,
    pub connections: Vec<Connection>,
    #[serde(rename = "_count")]
    pub count: Counts,
}

/// Reference, List companies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub id: String,
    pub waba_id: String,
    pub phone_number_id: String,
    pub display_phone_number: String,
    pub quality_rating: String,
    pub status: String,
}

/// Reference, List companies.
#[derive(Debug, Deserialize)]
pub struct Counts {
    pub templates: u64,
}
