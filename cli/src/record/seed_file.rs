//! The recorded account as a seed file has it, in the order of the reference's samples. What is
//! missing, the mock serves as its default.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// No key of the account is written. This one looks like a key, and says what it is.
const KEY: &str = "pk_live_recordedrecordedrecorded";
const NAME: &str = "recorded";

#[derive(Serialize)]
struct SeedFile<'a> {
    partners: [Partner<'a>; 1],
}

#[derive(Serialize)]
struct Partner<'a> {
    name: &'static str,
    keys: [&'static str; 1],
    wallet: &'a Wallet,
    companies: &'a [Company],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wallet {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) balance: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credit_unit_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cost_per_message: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Company {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "milliseconds")]
    pub(super) onboarded_at: Option<Timestamp>,
    pub(super) connections: Vec<Connection>,
    #[serde(rename = "_count", skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<Count>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) waba_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone_number_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display_phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quality_rating: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Count {
    pub(super) templates: u64,
}

#[expect(clippy::ref_option, reason = "serde passes it like this")]
fn milliseconds<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_some(&time.map(|time| format!("{time:.3}")))
}

pub(super) fn render(companies: &[Company], wallet: &Wallet) -> serde_json::Result<String> {
    let partner = Partner { name: NAME, keys: [KEY], wallet, companies };
    let mut text = serde_json::to_string_pretty(&SeedFile { partners: [partner] })?;
    text.push('\n');
    Ok(text)
}
