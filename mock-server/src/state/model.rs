//! What the service knows about a partner, as plain data: companies, connections, a wallet.
//!
//! Every value is free, so that a test can serve what the service may send one day: another
//! currency, a status that nobody has seen yet, a balance below zero. As JSON they are strictly what the
//! reference's samples show: these fields, in this order, and no other. Names of fields are in
//! `camelCase` there.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

/// A client that the partner has onboarded (reference, List companies).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Company {
    /// Served as it is; nothing checks that it is unlike the others.
    pub id: String,
    /// The name of the client.
    pub name: String,
    /// Served in UTC with milliseconds, as the reference's sample shows it.
    #[serde(serialize_with = "with_milliseconds")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub onboarded_at: Timestamp,
    /// In the order they are served.
    pub connections: Vec<Connection>,
    /// How many templates it has, served as `_count.templates`.
    #[serde(rename = "_count", serialize_with = "as_count")]
    #[cfg_attr(feature = "schema", schemars(with = "Count"))]
    pub template_count: u64,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Count {
    templates: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn as_count<S: Serializer>(templates: &u64, out: S) -> Result<S::Ok, S::Error> {
    Count { templates: *templates }.serialize(out)
}

/// In UTC with three digits of a second, as the sample has it.
fn with_milliseconds<S: Serializer>(time: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&format_args!("{time:.3}"))
}

impl Company {
    /// A company with no connection and no template, onboarded at the moment that the
    /// reference's sample shows, 2026-06-01T10:12:00.000Z.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            onboarded_at: Timestamp::constant(1_780_308_720, 0),
            connections: Vec::new(),
            template_count: 0,
        }
    }

    /// With this connection as its last one.
    #[must_use]
    pub fn with_connection(mut self, connection: Connection) -> Self {
        self.connections.push(connection);
        self
    }
}

/// A company's messaging connection (reference, List companies).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Connection {
    /// The id of the connection.
    pub id: String,
    /// The business account at Meta.
    pub waba_id: String,
    /// The id of the phone number.
    pub phone_number_id: String,
    /// The phone number as people read it.
    pub display_phone_number: String,
    /// The reference shows `GREEN` and does not list the others.
    pub quality_rating: String,
    /// The reference shows `connected` and does not list the others.
    pub status: String,
}

impl Connection {
    /// A connection with this id; all else is as in the reference's sample: a Cameroonian number,
    /// `GREEN` and `connected`.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            waba_id: "102290129340398".to_owned(),
            phone_number_id: "106540352242922".to_owned(),
            display_phone_number: "+237 6 90 00 00 00".to_owned(),
            quality_rating: "GREEN".to_owned(),
            status: "connected".to_owned(),
        }
    }

    /// With another quality rating.
    #[must_use]
    pub fn with_quality_rating(mut self, rating: impl Into<String>) -> Self {
        self.quality_rating = rating.into();
        self
    }

    /// With another status.
    #[must_use]
    pub fn with_status(mut self, status: impl Into<String>) -> Self {
        self.status = status.into();
        self
    }
}

/// A partner's credits and what they cost (reference, Get wallet).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Wallet {
    /// In credits.
    pub balance: i64,
    /// The currency of the price.
    pub currency: String,
    /// Served as a string with the scale that it has here: `25.0000` and `25` are equal, and are served
    /// differently.
    #[serde(serialize_with = "as_string")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", regex(pattern = r"^-?[0-9]+(\.[0-9]+)?$"))
    )]
    pub credit_unit_price: Decimal,
    /// In credits.
    pub cost_per_message: i64,
}

impl Wallet {
    /// A wallet with this balance; the pricing is that of the reference's sample: `XAF`,
    /// `25.0000` a credit, one credit a message.
    pub fn new(balance: i64) -> Self {
        Self {
            balance,
            currency: "XAF".to_owned(),
            credit_unit_price: Decimal::new(25_0000, 4),
            cost_per_message: 1,
        }
    }
}

fn as_string<S: Serializer>(number: &Decimal, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(number)
}
