//! The recorded account as the text of a seed file, in the order of the reference's samples.

use serde::Serialize;

use super::decode::{Company, Connection, Wallet};

/// No key of the account is written. This one looks like a key, and says what it is.
const KEY: &str = "pk_live_recordedrecordedrecorded";
const NAME: &str = "recorded";

#[derive(Serialize)]
struct FileBody<'a> {
    partners: [PartnerBody<'a>; 1],
}

#[derive(Serialize)]
struct PartnerBody<'a> {
    name: &'static str,
    keys: [&'static str; 1],
    wallet: WalletBody<'a>,
    companies: Vec<CompanyBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WalletBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_unit_price: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_per_message: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CompanyBody<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    onboarded_at: Option<String>,
    connections: Vec<ConnectionBody<'a>>,
    #[serde(rename = "_count", skip_serializing_if = "Option::is_none")]
    count: Option<CountBody>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConnectionBody<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    waba_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_phone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quality_rating: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
}

#[derive(Serialize)]
struct CountBody {
    templates: u64,
}

pub(super) fn written(companies: &[Company], wallet: &Wallet) -> serde_json::Result<String> {
    let partner = PartnerBody {
        name: NAME,
        keys: [KEY],
        wallet: WalletBody {
            balance: wallet.balance,
            currency: wallet.currency.as_deref(),
            credit_unit_price: wallet.credit_unit_price.as_deref(),
            cost_per_message: wallet.cost_per_message,
        },
        companies: companies.iter().map(company).collect(),
    };
    let mut text = serde_json::to_string_pretty(&FileBody { partners: [partner] })?;
    text.push('\n');
    Ok(text)
}

fn company(company: &Company) -> CompanyBody<'_> {
    CompanyBody {
        id: &company.id,
        name: &company.name,
        onboarded_at: company.onboarded_at.map(|time| format!("{time:.3}")),
        connections: company.connections.iter().map(connection).collect(),
        count: company.templates.map(|templates| CountBody { templates }),
    }
}

fn connection(connection: &Connection) -> ConnectionBody<'_> {
    ConnectionBody {
        id: &connection.id,
        waba_id: connection.waba_id.as_deref(),
        phone_number_id: connection.phone_number_id.as_deref(),
        display_phone_number: connection.display_phone_number.as_deref(),
        quality_rating: connection.quality_rating.as_deref(),
        status: connection.status.as_deref(),
    }
}
