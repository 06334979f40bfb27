//! The seed file: JSON text to partners, or what is wrong with it and where.
//!
//! A company is written here as `GET /companies` shows it, a wallet as `GET /wallet` does, so that
//! an answer can be pasted into a file.

use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::{self, Deserialize, Deserializer, Error as _, Unexpected, Visitor};
use serde_json::value::RawValue;

use super::{PartnerSeed, SeedError};
use crate::data::{Company, Connection, Wallet};
use crate::{hint, key};

pub(super) fn parse(text: &str) -> Result<(PartnerSeed, Vec<PartnerSeed>), SeedError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let file: SeedFile<'_> = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        explain(&path, error.inner())
    })?;
    json.end().map_err(|error| explain(".", &error))?;
    check(text, &file)?;
    let mut partners = file.partners.into_iter().map(PartnerSeed::from);
    let Some(first) = partners.next() else {
        return Err(SeedError::at((1, 1), "expected at least one partner"));
    };
    Ok((first, partners.collect()))
}

#[derive(serde::Deserialize)]
#[serde(expecting = "an object with `partners`")]
#[serde(deny_unknown_fields)]
struct SeedFile<'a> {
    #[serde(borrow)]
    partners: Vec<PartnerFile<'a>>,
}

#[derive(serde::Deserialize)]
#[serde(expecting = "a partner as an object")]
#[serde(deny_unknown_fields)]
struct PartnerFile<'a> {
    #[serde(borrow)]
    name: Placed<'a>,
    #[serde(borrow, default)]
    keys: Vec<Placed<'a>>,
    active: Option<bool>,
    wallet: Option<WalletFile>,
    #[serde(default)]
    companies: Vec<CompanyFile>,
}

#[derive(serde::Deserialize)]
#[serde(expecting = "a wallet as an object")]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WalletFile {
    #[serde(default)]
    balance: i64,
    currency: Option<String>,
    #[serde(default, deserialize_with = "decimal")]
    credit_unit_price: Option<Decimal>,
    cost_per_message: Option<i64>,
}

#[derive(serde::Deserialize)]
#[serde(expecting = "a company as an object")]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CompanyFile {
    id: String,
    name: String,
    #[serde(default, deserialize_with = "timestamp")]
    onboarded_at: Option<Timestamp>,
    #[serde(default)]
    connections: Vec<ConnectionFile>,
    #[serde(rename = "_count")]
    count: Option<CountFile>,
}

#[derive(serde::Deserialize)]
#[serde(expecting = "a connection as an object")]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ConnectionFile {
    id: String,
    waba_id: Option<String>,
    phone_number_id: Option<String>,
    display_phone_number: Option<String>,
    quality_rating: Option<String>,
    status: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(expecting = "an object with `templates`")]
#[serde(deny_unknown_fields)]
struct CountFile {
    templates: u64,
}

/// A string, and the piece of the file that it was read from.
struct Placed<'a> {
    text: String,
    source: &'a str,
}

impl<'de: 'a, 'a> Deserialize<'de> for Placed<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let source = <&RawValue>::deserialize(from)?.get();
        let text =
            serde_json::from_str(source).map_err(|_| D::Error::custom("expected a string"))?;
        Ok(Self { text, source })
    }
}

impl Placed<'_> {
    /// Line and column in the file's text, which `source` is a piece of.
    fn place(&self, file: &str) -> (usize, usize) {
        let offset = self.source.as_ptr().addr() - file.as_ptr().addr();
        let before = file.as_bytes().get(..offset).unwrap_or_default();
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        (
            memchr::memchr_iter(b'\n', before).count() + 1,
            offset - line_start + 1,
        )
    }
}

fn decimal<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
    from.deserialize_str(Text {
        parse: |text| Decimal::from_str_exact(text).ok(),
        expected: "a decimal number as a string, such as \"25.0000\"",
    })
}

fn timestamp<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    from.deserialize_str(Text {
        parse: |text| text.parse().ok(),
        expected: "a time such as \"2026-06-01T10:12:00.000Z\"",
    })
}

/// A string with a meaning. Whatever else stands there, the error says what was expected.
struct Text<T> {
    parse: fn(&str) -> Option<T>,
    expected: &'static str,
}

impl<T> Visitor<'_> for Text<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let wrong = || E::invalid_value(Unexpected::Str(text), &self);
        (self.parse)(text).map(Some).ok_or_else(wrong)
    }
}

/// What serde cannot see: keys that no request could carry, and names and keys that stand twice.
fn check(text: &str, file: &SeedFile<'_>) -> Result<(), SeedError> {
    let (mut names, mut keys) = (HashSet::new(), HashSet::new());
    for partner in &file.partners {
        if !names.insert(&partner.name.text) {
            let message = format!(
                "a second partner named `{}`: expected each name once",
                partner.name.text
            );
            return Err(SeedError::at(partner.name.place(text), &message));
        }
        for key in &partner.keys {
            let wrong = if !key::is_b64token(key.text.as_bytes()) {
                "this key could not follow `Bearer `: expected letters, digits and -._~+/ only"
            } else if !keys.insert(&key.text) {
                "this key stands twice: expected each key once, for one partner"
            } else {
                continue;
            };
            return Err(SeedError::at(key.place(text), wrong));
        }
    }
    Ok(())
}

/// serde's message in the words of a person who looks for the mistake, with no key in it.
fn explain(path: &str, error: &serde_json::Error) -> SeedError {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    // The root is `.`, and a name that never came is `?`.
    let path = match path.trim_end_matches(['.', '?']) {
        "" => String::new(),
        path => format!("{path}: "),
    };
    let hint = hint::nearest_in(message)
        .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    let text = format!("{path}{message}{hint}");
    let text = key::redact(text.into_bytes());
    let text = String::from_utf8_lossy(&text);
    SeedError::at((error.line(), error.column().max(1)), &text)
}

impl From<PartnerFile<'_>> for PartnerSeed {
    fn from(file: PartnerFile<'_>) -> Self {
        Self {
            name: file.name.text,
            keys: file.keys.into_iter().map(|key| key.text).collect(),
            active: file.active.unwrap_or(true),
            wallet: file.wallet.map_or_else(|| Wallet::new(0), Wallet::from),
            companies: file.companies.into_iter().map(Company::from).collect(),
        }
    }
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
            connections: file.connections.into_iter().map(Connection::from).collect(),
            template_count: file
                .count
                .map_or(default.template_count, |count| count.templates),
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
            display_phone_number: file
                .display_phone_number
                .unwrap_or(default.display_phone_number),
            quality_rating: file.quality_rating.unwrap_or(default.quality_rating),
            status: file.status.unwrap_or(default.status),
            id: default.id,
        }
    }
}
