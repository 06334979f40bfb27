//! What the service knows about a partner, as plain data: companies, connections, a wallet.
//!
//! Every value is free, so that a test can serve what the service may send one day: another
//! currency, a status that nobody has seen yet, a balance below zero.

use jiff::Timestamp;
use rust_decimal::Decimal;

/// A client that the partner has onboarded (reference, List companies).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Company {
    /// `id`. Served as it is; nothing checks that it is unlike the others.
    pub id: String,
    /// `name`.
    pub name: String,
    /// `onboardedAt`, served in UTC with milliseconds, as the reference's sample shows it.
    pub onboarded_at: Timestamp,
    /// `connections`, in the order they are served.
    pub connections: Vec<Connection>,
    /// `_count.templates`.
    pub template_count: u64,
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
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// `id`.
    pub id: String,
    /// `wabaId`, the business account at Meta.
    pub waba_id: String,
    /// `phoneNumberId`.
    pub phone_number_id: String,
    /// `displayPhoneNumber`.
    pub display_phone_number: String,
    /// `qualityRating`. The reference shows `GREEN` and does not list the others.
    pub quality_rating: String,
    /// `status`. The reference shows `connected` and does not list the others.
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
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wallet {
    /// `balance`, in credits.
    pub balance: i64,
    /// `currency`, that of the price.
    pub currency: String,
    /// `creditUnitPrice`, served as a string with the scale that it has here: `25.0000` and `25`
    /// are equal, and are served differently.
    pub credit_unit_price: Decimal,
    /// `costPerMessage`, in credits.
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
