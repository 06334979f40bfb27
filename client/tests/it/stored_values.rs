//! Values are written and read back through every self-describing format, alone and in types of the
//! program: in a field, flattened, tagged and untagged.

use std::fmt::Debug;

use partner_api::{Company, Connection, Counts, QualityRating, Wallet};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// As it is written again: names in order, since `serde_json::Value` sorts them.
const WALLET: &str = r#"{"balance":-8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1,"limit":18446744073709551615,"tier":{"a":"café","z":[1,2.5,null,true,-3]}}"#;

fn wallet() -> Wallet {
    serde_json::from_str(WALLET).unwrap()
}

fn company() -> Company {
    serde_json::from_str(
        r#"{"id":"clx","name":"Acme","onboardedAt":"2026-06-01T10:12:00.123456Z","connections":[{"id":"x","wabaId":"1","phoneNumberId":"2","displayPhoneNumber":"+237","qualityRating":"PURPLE","status":"connected","pin":false}],"_count":{"templates":4,"campaigns":7},"owner":{"name":"Ann","tags":[]}}"#,
    )
    .unwrap()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Field<T> {
    seen: u32,
    value: T,
    others: Vec<T>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flattened<T> {
    seen: u32,
    #[serde(flatten)]
    value: T,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged<T> {
    Row(T),
    Flat(Flattened<T>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "content")]
enum Adjacent<T> {
    Row(T),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum External<T> {
    Row(T),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged<T> {
    Number(u32),
    Row(T),
}

pub(crate) trait Stored: Debug + PartialEq + Serialize + DeserializeOwned {}
impl<T: Debug + PartialEq + Serialize + DeserializeOwned> Stored for T {}

/// Writes and reads a value in each format.
pub(crate) fn comes_back<T: Stored>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "JSON text");
    assert_eq!(&serde_json::from_slice::<T>(json.as_bytes()).unwrap(), value, "JSON bytes");
    assert_eq!(&serde_json::from_reader::<_, T>(json.as_bytes()).unwrap(), value, "JSON reader");
    let tree = serde_json::to_value(value).unwrap();
    assert_eq!(&T::deserialize(&tree).unwrap(), value, "borrowed JSON value");
    assert_eq!(&serde_json::from_value::<T>(tree).unwrap(), value, "JSON value");
    let yaml = yaml_serde::to_string(value).unwrap();
    assert_eq!(&yaml_serde::from_str::<T>(&yaml).unwrap(), value, "YAML: {yaml}");
    let tree = yaml_serde::to_value(value).unwrap();
    assert_eq!(&yaml_serde::from_value::<T>(tree).unwrap(), value, "YAML value");
    let mut cbor = Vec::new();
    ciborium::into_writer(value, &mut cbor).unwrap();
    assert_eq!(&ciborium::from_reader::<T, _>(&cbor[..]).unwrap(), value, "CBOR");
    let tree = ciborium::Value::serialized(value).unwrap();
    assert_eq!(&tree.deserialized::<T>().unwrap(), value, "CBOR value");
    let named = rmp_serde::to_vec_named(value).unwrap();
    assert_eq!(&rmp_serde::from_slice::<T>(&named).unwrap(), value, "MessagePack, named");
    let positional = rmp_serde::to_vec(value).unwrap();
    assert_eq!(&rmp_serde::from_slice::<T>(&positional).unwrap(), value, "MessagePack");
}

fn comes_back_in_every_type<T: Stored + Clone>(value: &T) {
    comes_back(value);
    let value = || value.clone();
    comes_back(&Field { seen: 7, value: value(), others: vec![value(), value()] });
    comes_back(&Flattened { seen: 7, value: value() });
    comes_back(&Tagged::Row(value()));
    comes_back(&Tagged::Flat(Flattened { seen: 7, value: value() }));
    comes_back(&Adjacent::Row(value()));
    comes_back(&External::Row(value()));
    comes_back(&Untagged::Row(value()));
    comes_back(&Some(value()));
}

#[test]
fn values_with_unknown_fields_come_back_through_every_format_and_type() {
    comes_back_in_every_type(&wallet());
    comes_back_in_every_type(&company());
    comes_back_in_every_type(&company().connections[0]);
    comes_back_in_every_type(&company().counts);
}

#[test]
fn other_formats_show_unknown_fields_as_values() {
    let yaml = yaml_serde::to_string(&company()).unwrap();
    assert!(yaml.contains("owner:\n  name: Ann\n"), "{yaml}");
    let yaml = yaml.replace("pin: false", "pin: {1: a, true: [b]}");
    let read: Company = yaml_serde::from_str(&yaml).unwrap();
    let pin = read.connections[0].unknown_fields().get("pin").map(str::to_owned);
    assert_eq!(pin.as_deref(), Some(r#"{"1":"a","true":["b"]}"#));
}

#[test]
fn json_text_keeps_what_no_number_type_holds() {
    let json = r#"{"balance":1,"currency":"XAF","creditUnitPrice":"1","costPerMessage":1,"x":1e400,"y":{"b": 0.10,"a":1,"a":2}}"#;
    let texts = |wallet: &Wallet| -> Vec<String> {
        wallet.unknown_fields().iter().map(|(_, json)| json.to_owned()).collect()
    };
    let expected = ["1e400", r#"{"b": 0.10,"a":1,"a":2}"#];
    for wallet in [
        serde_json::from_str::<Wallet>(json).unwrap(),
        serde_json::from_slice(json.as_bytes()).unwrap(),
        serde_json::from_reader(json.as_bytes()).unwrap(),
    ] {
        assert_eq!(texts(&wallet), expected);
        assert_eq!(serde_json::to_string(&wallet).unwrap(), json);
        let row = Flattened { seen: 1, value: wallet };
        assert_eq!(serde_json::to_string(&row).unwrap(), json.replacen('{', r#"{"seen":1,"#, 1));
        // In other formats, a number beyond a float is kept as its text, the rest as numbers.
        let mut cbor = Vec::new();
        ciborium::into_writer(&row.value, &mut cbor).unwrap();
        let read: Wallet = ciborium::from_reader(&cbor[..]).unwrap();
        assert_eq!(texts(&read), ["1e400", r#"{"b":0.1,"a":1,"a":2}"#]);
    }
}

#[test]
fn an_unknown_value_of_any_depth_is_written_in_every_format() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let wallet: Wallet =
        serde_json::from_str(&WALLET.replace("18446744073709551615", &deep)).unwrap();
    let mut cbor = Vec::new();
    ciborium::into_writer(&wallet, &mut cbor).unwrap();
    assert!(ciborium::from_reader::<Wallet, _>(&cbor[..]).unwrap() == wallet);
}

#[test]
fn a_price_is_exact_from_json_text_and_from_strings_in_every_format() {
    const DIGITS: &str = "1234567890123456789.012345678";
    for (json, is_exact_in_a_tree) in [(DIGITS.to_owned(), false), (format!("\"{DIGITS}\""), true)]
    {
        let text = WALLET.replace("\"25.0000\"", &json);
        for wallet in [
            serde_json::from_str::<Wallet>(&text).unwrap(),
            serde_json::from_slice(text.as_bytes()).unwrap(),
            serde_json::from_reader(text.as_bytes()).unwrap(),
            serde_json::from_str::<Field<Wallet>>(&format!(
                r#"{{"seen":1,"others":[],"value":{text}}}"#
            ))
            .unwrap()
            .value,
        ] {
            assert_eq!(wallet.credit_unit_price.to_string(), DIGITS);
            comes_back_in_every_type(&wallet);
        }
        // serde's own buffer has only a float for a number with a fraction.
        let row = text.replacen('{', r#"{"seen":1,"#, 1);
        let row: Flattened<Wallet> = serde_json::from_str(&row).unwrap();
        assert_eq!(row.value.credit_unit_price.to_string() == DIGITS, is_exact_in_a_tree);
    }
    for (yaml, expected) in
        [("25", "25"), ("25.5", "25.5"), ("\"25.0000\"", "25.0000"), ("1e2", "100.0")]
    {
        let yaml =
            format!("balance: 1\ncurrency: XAF\ncreditUnitPrice: {yaml}\ncostPerMessage: 1\n");
        let wallet: Wallet = yaml_serde::from_str(&yaml).unwrap();
        assert_eq!(wallet.credit_unit_price.to_string(), expected);
    }
}

#[test]
fn wrong_values_are_rejected_in_every_format() {
    for yaml in ["[1]", "null", "abc", ".nan", "1e300"] {
        let yaml =
            format!("balance: 1\ncurrency: XAF\ncreditUnitPrice: {yaml}\ncostPerMessage: 1\n");
        let error = yaml_serde::from_str::<Wallet>(&yaml).unwrap_err().to_string();
        assert!(error.contains("a decimal"), "{error}");
    }
    let missing =
        serde_json::from_str::<Flattened<Wallet>>(r#"{"seen":1,"balance":1}"#).unwrap_err();
    assert!(missing.to_string().contains("missing field `currency`"), "{missing}");
}

fn unknown_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i32>().prop_map(|value| (f64::from(value) / 8.0).into()),
        ".{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(".{0,4}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_company() -> impl Strategy<Value = Company> {
    let connection = [".{0,6}"; 6].prop_map(|[id, waba, phone, shown, quality, status]| {
        Connection::new(
            id.into(),
            waba.into(),
            phone.into(),
            shown,
            QualityRating::from(quality),
            status.into(),
        )
    });
    let fields = prop::collection::hash_map("x.{0,4}", unknown_value(), 0..3);
    let instant = (-377_705_023_200_i64..=253_402_207_200, 0..1_000_000_000);
    let connections = prop::collection::vec(connection, 0..3);
    (".{0,8}", ".{0,8}", instant, connections, any::<u64>(), fields).prop_map(
        |(id, name, (second, nanosecond), connections, templates, fields)| {
            let onboarded_at = partner_api::jiff::Timestamp::new(second, nanosecond).unwrap();
            let counts = Counts::new(templates);
            let company = Company::new(id.into(), name, onboarded_at, connections, counts);
            let mut json = serde_json::to_value(company).unwrap();
            json.as_object_mut().unwrap().extend(fields);
            serde_json::from_value(json).unwrap()
        },
    )
}

fn any_wallet() -> impl Strategy<Value = Wallet> {
    let price = (any::<i64>(), 0..=28_u32);
    (any::<i64>(), ".{0,4}", price, any::<i64>()).prop_map(
        |(balance, currency, (mantissa, scale), cost)| {
            let price = partner_api::rust_decimal::Decimal::new(mantissa, scale);
            Wallet::new(balance, currency, price, cost)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_company_comes_back_through_every_format_and_type(company in any_company()) {
        comes_back_in_every_type(&company);
    }

    #[test]
    fn any_wallet_comes_back_through_every_format_and_type(wallet in any_wallet()) {
        comes_back_in_every_type(&wallet);
    }
}
