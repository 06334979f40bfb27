//! The account as a seed file has it, in the order of the reference's samples. It is read tolerantly:
//! what a seed cannot hold is left out, and the mock serves its default.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The key in the file, which is not a key of the account, and says so.
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

/// The body of `GET /companies`. Items that are not objects are left out.
#[derive(Deserialize)]
pub(super) struct Companies {
    #[serde(deserialize_with = "objects")]
    pub(super) data: Vec<Company>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Wallet {
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
    pub(super) balance: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
    pub(super) currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "price")]
    pub(super) credit_unit_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
    pub(super) cost_per_message: Option<i64>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Company {
    #[serde(deserialize_with = "readable")]
    pub(super) id: String,
    #[serde(deserialize_with = "readable")]
    pub(super) name: String,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "milliseconds",
        deserialize_with = "readable"
    )]
    pub(super) onboarded_at: Option<Timestamp>,
    #[serde(deserialize_with = "objects_if_any")]
    pub(super) connections: Vec<Connection>,
    #[serde(
        rename = "_count",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "readable"
    )]
    pub(super) count: Option<Count>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Connection {
    #[serde(deserialize_with = "readable")]
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
    pub(super) waba_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
    pub(super) phone_number_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
    pub(super) display_phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
    pub(super) quality_rating: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
    pub(super) status: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Count {
    pub(super) templates: u64,
}

/// Reads the value, or takes the default instead of one of another type.
fn readable<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Default + for<'a> Deserialize<'a>,
    D: Deserializer<'de>,
{
    let text = <&RawValue>::deserialize(from)?.get();
    // serde would read a list as the fields of an object in their order.
    let value = (!text.starts_with('[')).then(|| serde_json::from_str(text).ok());
    Ok(value.flatten().unwrap_or_default())
}

/// Reads the items that are objects. Anything but a list is an error.
fn objects<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
where
    T: for<'a> Deserialize<'a>,
    D: Deserializer<'de>,
{
    let items = Vec::<&RawValue>::deserialize(from)?.into_iter().map(RawValue::get);
    let objects = items.filter(|text| text.starts_with('{'));
    Ok(objects.filter_map(|text| serde_json::from_str(text).ok()).collect())
}

/// The same; anything but a list is an empty one.
fn objects_if_any<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
where
    T: for<'a> Deserialize<'a>,
    D: Deserializer<'de>,
{
    let text = <&RawValue>::deserialize(from)?.get();
    Ok(objects(&mut serde_json::Deserializer::from_str(text)).unwrap_or_default())
}

/// The price with its scale, also if it is a number, as a seed requires it: digits on both sides of
/// the point, no exponent, no leading zero.
fn price<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = <&RawValue>::deserialize(from)?.get().trim_matches('"');
    let price = Decimal::from_str_exact(text).ok().filter(|price| price.to_string() == text);
    Ok(price.map(|price| price.to_string()))
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
