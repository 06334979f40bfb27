//! The seed file: JSON text to partners, or what is wrong with it and where.
//!
//! A company is written here as `GET /companies` shows it, a wallet as `GET /wallet` does, so that
//! an answer can be pasted into a file.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    self, Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::value::RawValue;

use super::explain::{ESCAPES, explain, shortened};
use super::{Companies, Extras, PartnerSeed, SeedError, place};
use crate::data::{Company, Connection, Wallet};
use crate::key;

pub(super) fn parse(text: &str) -> Result<(PartnerSeed, Vec<PartnerSeed>), SeedError> {
    let Object(file): Object<SeedFile<'_>> = read(text)?;
    check(text, &file.partners)?;
    let mut partners = file.partners.into_iter().map(|Object(file)| file.into());
    let Some(first) = partners.next() else {
        return Err(SeedError::at((1, 1), NO_PARTNER));
    };
    Ok((first, partners.collect()))
}

/// What a text is, or what is wrong with it and where.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, SeedError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        explain(text, &path, error.inner())
    })?;
    json.end().map_err(|error| explain(text, ".", &error))?;
    Ok(read)
}

const NO_PARTNER: &str = "expected at least one partner";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedFile<'a> {
    #[serde(borrow, deserialize_with = "at_least_one")]
    partners: Vec<Object<PartnerFile<'a>>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartnerFile<'a> {
    #[serde(borrow)]
    name: Placed<'a>,
    #[serde(borrow, default)]
    keys: Vec<Placed<'a>>,
    #[serde(default, deserialize_with = "given")]
    active: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    wallet: Option<Object<WalletFile>>,
    #[serde(default)]
    companies: Vec<Object<CompanyFile>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WalletFile {
    #[serde(default)]
    balance: i64,
    #[serde(default, deserialize_with = "given")]
    currency: Option<String>,
    #[serde(default, deserialize_with = "decimal")]
    credit_unit_price: Option<Decimal>,
    #[serde(default, deserialize_with = "given")]
    cost_per_message: Option<i64>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CompanyFile {
    id: String,
    name: String,
    #[serde(default, deserialize_with = "timestamp")]
    onboarded_at: Option<Timestamp>,
    #[serde(default)]
    connections: Vec<Object<ConnectionFile>>,
    #[serde(rename = "_count", default, deserialize_with = "given")]
    count: Option<Object<CountFile>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ConnectionFile {
    id: String,
    #[serde(default, deserialize_with = "given")]
    waba_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    phone_number_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    display_phone_number: Option<String>,
    #[serde(default, deserialize_with = "given")]
    quality_rating: Option<String>,
    #[serde(default, deserialize_with = "given")]
    status: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CountFile {
    templates: u64,
}

/// A struct of the file, from an object only: what serde derives would take an array, too, and
/// its values by their order.
pub(crate) struct Object<T>(pub(crate) T);

pub(crate) trait Expected {
    const EXPECTED: &'static str;
}

impl Expected for SeedFile<'_> {
    const EXPECTED: &'static str = "an object with `partners`";
}

impl Expected for PartnerFile<'_> {
    const EXPECTED: &'static str = "an object with the `name` of a partner";
}

impl Expected for WalletFile {
    const EXPECTED: &'static str = "an object with what is known of a wallet";
}

impl Expected for CompanyFile {
    const EXPECTED: &'static str = "an object with the `id` and the `name` of a company";
}

impl Expected for ConnectionFile {
    const EXPECTED: &'static str = "an object with the `id` of a connection";
}

impl Expected for CountFile {
    const EXPECTED: &'static str = "an object with `templates`";
}

impl<'de, T: Deserialize<'de> + Expected> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Expected> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// A value that may be left out. `null` is none: to leave it out is the only way to the default.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

fn at_least_one<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    from.deserialize_seq(AtLeastOne(PhantomData))
}

/// Where it is asked while the array is read, the error has the array's place.
struct AtLeastOne<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AtLeastOne<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = array.next_element()? {
            all.push(one);
        }
        if all.is_empty() {
            return Err(A::Error::custom(NO_PARTNER));
        }
        Ok(all)
    }
}

/// A string, and the piece of the file that it was read from.
struct Placed<'a> {
    text: String,
    source: &'a str,
}

impl<'de: 'a, 'a> Deserialize<'de> for Placed<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let source = <&RawValue>::deserialize(from)?.get();
        let text = serde_json::from_str(source).map_err(|_| {
            D::Error::custom(if source.starts_with('"') { ESCAPES } else { "expected a string" })
        })?;
        Ok(Self { text, source })
    }
}

impl Placed<'_> {
    /// Line and column in the file's text, which `source` is a piece of.
    fn place(&self, file: &str) -> (usize, usize) {
        place(file.as_bytes(), self.source.as_ptr().addr() - file.as_ptr().addr())
    }
}

fn decimal<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
    from.deserialize_str(Text {
        parse: |text| Decimal::from_str_exact(text).ok().filter(|_| is_plain_decimal(text)),
        expected: "a decimal number as a string, such as \"25.0000\"",
    })
}

/// A number as JSON writes it, without an exponent (RFC 8259, section 6). `Decimal` takes more:
/// `+1`, `1_0`, `.5`, `5.`, `01`.
fn is_plain_decimal(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    is_digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(is_digits)
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
pub(super) fn check(text: &str, partners: &[Object<PartnerFile<'_>>]) -> Result<(), SeedError> {
    let (mut names, mut keys) = (HashSet::new(), HashSet::new());
    for Object(partner) in partners {
        if !names.insert(&partner.name.text) {
            let message = format!(
                "a second partner named `{}`: expected each name once",
                shortened(&partner.name.text)
            );
            return Err(SeedError::at(partner.name.place(text), &message));
        }
        for key in &partner.keys {
            let wrong = if !key::is_b64token(key.text.as_bytes()) {
                key::EXPECTED
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

pub(super) fn unwrapped<T: Into<U>, U>(objects: Vec<Object<T>>) -> Vec<U> {
    objects.into_iter().map(|Object(one)| one.into()).collect()
}

impl From<PartnerFile<'_>> for PartnerSeed {
    fn from(file: PartnerFile<'_>) -> Self {
        Self {
            name: file.name.text,
            keys: file.keys.into_iter().map(|key| key.text).collect(),
            active: file.active.unwrap_or(true),
            wallet: file.wallet.map_or_else(|| Wallet::new(0), |Object(wallet)| wallet.into()),
            companies: Companies::Given(unwrapped(file.companies)),
            extras: Extras::default(),
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
            connections: unwrapped(file.connections),
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
