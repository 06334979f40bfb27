//! Reads the account as far as a seed file can hold it, and notes what it cannot.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::seed_file::{Company, Connection, Count, Wallet};
use crate::remote::is_field_name;

/// What a seed cannot hold, counted by place.
#[derive(Debug, Default)]
pub(super) struct Notes(BTreeMap<(String, &'static str), u64>);

impl Notes {
    fn note(&mut self, path: &str, what: &'static str) {
        *self.0.entry((path.to_owned(), what)).or_default() += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn lines(&self) -> String {
        let line = |((path, what), count): (&(String, &str), &u64)| {
            format!("  {path}: {what} ({count})\n")
        };
        self.0.iter().map(line).collect()
    }
}

const UNKNOWN: &str = "unknown field, left out";
const MISSING: &str = "missing, so the mock serves its default";
const NULL: &str = "null, so the mock serves its default";
const ANOTHER: &str = "a value of another type or out of range, so the mock serves its default";
const NO_TEXT: &str = "not a string, written as an empty one";
const NO_OBJECT: &str = "not an object, left out";
const NO_LIST: &str = "not a list, so the mock serves an empty one";
const PRICE: &str = "a number, written as a string";
const TIME: &str = "in another format, served in UTC with milliseconds";

/// Reads the body of `GET /companies`.
pub(super) fn companies(text: &str, notes: &mut Notes) -> Result<Vec<Company>, String> {
    let mut body = Fields::read(text, "")?;
    let data = body.value("data").and_then(|data| elements(data.get()));
    let data = data.ok_or("the body has no list `data`")?;
    body.rest(notes);
    let mut companies = Vec::with_capacity(data.len());
    for value in data {
        match Fields::read(value.get(), "data[]") {
            Ok(fields) => companies.push(company(fields, notes)),
            Err(_) => notes.note("data[]", NO_OBJECT),
        }
    }
    Ok(companies)
}

/// Reads the body of `GET /wallet`.
pub(super) fn wallet(text: &str, notes: &mut Notes) -> Result<Wallet, String> {
    let mut fields = Fields::read(text, "")?;
    let wallet = Wallet {
        balance: fields.number("balance", notes),
        currency: fields.text("currency", notes),
        credit_unit_price: fields.take("creditUnitPrice", notes, price),
        cost_per_message: fields.number("costPerMessage", notes),
    };
    fields.rest(notes);
    Ok(wallet)
}

fn company(mut fields: Fields<'_>, notes: &mut Notes) -> Company {
    let mut company = Company {
        id: fields.needed("id", notes),
        name: fields.needed("name", notes),
        onboarded_at: fields.take("onboardedAt", notes, time),
        connections: Vec::new(),
        count: None,
    };
    match fields.value("connections").map(|value| elements(value.get())) {
        Some(Some(values)) => {
            for value in values {
                match Fields::read(value.get(), "data[].connections[]") {
                    Ok(fields) => company.connections.push(connection(fields, notes)),
                    Err(_) => notes.note("data[].connections[]", NO_OBJECT),
                }
            }
        }
        Some(None) | None => notes.note("data[].connections", NO_LIST),
    }
    let count = fields.value("_count").map(|value| Fields::read(value.get(), "data[]._count"));
    match count {
        Some(Ok(mut count)) => {
            company.count = count.number("templates", notes).map(|templates| Count { templates });
            count.rest(notes);
        }
        Some(Err(_)) => notes.note("data[]._count", ANOTHER),
        None => notes.note("data[]._count", MISSING),
    }
    fields.rest(notes);
    company
}

fn connection(mut fields: Fields<'_>, notes: &mut Notes) -> Connection {
    let connection = Connection {
        id: fields.needed("id", notes),
        waba_id: fields.text("wabaId", notes),
        phone_number_id: fields.text("phoneNumberId", notes),
        display_phone_number: fields.text("displayPhoneNumber", notes),
        quality_rating: fields.text("qualityRating", notes),
        status: fields.text("status", notes),
    };
    fields.rest(notes);
    connection
}

/// The price with its scale, and a note on it.
fn price(json: &str) -> Option<(String, Option<&'static str>)> {
    let (text, note) = match serde_json::from_str::<String>(json) {
        Ok(text) => (text, None),
        Err(_) => (json.to_owned(), Some(PRICE)),
    };
    // As a seed requires: digits on both sides of the point, no exponent, no leading zero.
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let whole = digits.split('.').next().unwrap_or_default();
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.split('.').count() <= 2
        && digits.split('.').all(|part| !part.is_empty())
        && (whole == "0" || !whole.starts_with('0'));
    (is_plain && Decimal::from_str_exact(&text).is_ok()).then_some((text, note))
}

fn time(json: &str) -> Option<(Timestamp, Option<&'static str>)> {
    let text: String = serde_json::from_str(json).ok()?;
    let time: Timestamp = text.parse().ok()?;
    let note = (format!("{time:.3}") != text).then_some(TIME);
    Some((time, note))
}

fn elements(json: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(json).ok()
}

/// The fields of one object, from which those that a seed has are taken.
struct Fields<'a> {
    path: &'static str,
    fields: BTreeMap<String, &'a RawValue>,
}

impl<'a> Fields<'a> {
    fn read(json: &'a str, path: &'static str) -> Result<Self, String> {
        let fields = serde_json::from_str(json);
        // The kind of error only: serde's message may hold a value of the body.
        let fields = fields.map_err(|error: serde_json::Error| {
            if error.is_data() {
                "the body is not an object".to_owned()
            } else {
                format!("the body is not JSON: {error}")
            }
        })?;
        Ok(Self { path, fields })
    }

    fn value(&mut self, name: &str) -> Option<&'a RawValue> {
        self.fields.remove(name)
    }

    fn at(&self, name: &str) -> String {
        let dot = if self.path.is_empty() { "" } else { "." };
        format!("{}{dot}{name}", self.path)
    }

    /// Takes a value, if it can be read.
    fn take<T>(
        &mut self,
        name: &str,
        notes: &mut Notes,
        read: impl FnOnce(&str) -> Option<(T, Option<&'static str>)>,
    ) -> Option<T> {
        let value = self.value(name).map(RawValue::get);
        let (found, note) = match value {
            None => (None, Some(MISSING)),
            Some("null") => (None, Some(NULL)),
            Some(json) => match read(json) {
                Some((found, note)) => (Some(found), note),
                None => (None, Some(ANOTHER)),
            },
        };
        if let Some(note) = note {
            notes.note(&self.at(name), note);
        }
        found
    }

    fn text(&mut self, name: &str, notes: &mut Notes) -> Option<String> {
        self.take(name, notes, |json| Some((serde_json::from_str(json).ok()?, None)))
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str, notes: &mut Notes) -> Option<T> {
        self.take(name, notes, |json| Some((json.parse().ok()?, None)))
    }

    /// A string that a seed requires.
    fn needed(&mut self, name: &str, notes: &mut Notes) -> String {
        let text = self.value(name).and_then(|value| serde_json::from_str(value.get()).ok());
        text.unwrap_or_else(|| {
            notes.note(&self.at(name), NO_TEXT);
            String::new()
        })
    }

    /// Notes what was not taken.
    fn rest(self, notes: &mut Notes) {
        for name in self.fields.keys() {
            let name = if is_field_name(name) { name } else { "*" };
            notes.note(&self.at(name), UNKNOWN);
        }
    }
}
