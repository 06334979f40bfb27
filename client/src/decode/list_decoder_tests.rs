use std::fmt;

use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::*;
use crate::models::companies::Company;

/// The items, and the result of the decoder at the end.
type Decoded<T> = (Vec<Item<T>>, Result<(), BodyError>);

fn decode<T: DeserializeOwned>(pieces: &[&[u8]]) -> Decoded<T> {
    let mut decoder = ListDecoder::new();
    let mut items = Vec::new();
    let mut result = Ok(());
    for piece in pieces {
        result = result.and_then(|()| decoder.push(piece, &mut |item| items.push(item)));
    }
    let result = result.and_then(|()| decoder.finish(&HeaderMap::new()));
    (items, result)
}

fn decode_whole<T: DeserializeOwned>(body: &[u8]) -> Decoded<T> {
    decode(&[body])
}

/// Another reader of the same envelope: `serde_json` over the whole body.
#[derive(Debug)]
struct Envelope(Vec<Box<RawValue>>);

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvelopeVisitor;

        impl<'de> Visitor<'de> for EnvelopeVisitor {
            type Value = Envelope;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
                let mut data = None;
                while let Some(name) = map.next_key::<String>()? {
                    if name != "data" {
                        map.next_value::<IgnoredAny>()?;
                    } else if data.replace(map.next_value()?).is_some() {
                        return Err(A::Error::custom("twice"));
                    }
                }
                data.map(Envelope).ok_or_else(|| A::Error::custom("none"))
            }
        }

        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

fn agrees_with_another_reader(body: &[u8]) {
    let (items, result) = decode_whole::<Box<RawValue>>(body);
    let other = std::str::from_utf8(body).ok().and_then(|text| {
        serde_json::from_str::<Envelope>(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()
    });
    let shown = String::from_utf8_lossy(body);
    match other {
        Some(Envelope(expected)) => {
            assert_eq!(result, Ok(()), "{shown}");
            let got: Vec<_> = items.iter().map(|item| item.as_ref().unwrap().get()).collect();
            let expected: Vec<_> = expected.iter().map(|item| item.get()).collect();
            assert_eq!(got, expected, "{shown}");
        }
        None => assert!(result.is_err(), "{shown}"),
    }
}

fn agrees_at_every_split(body: &[u8]) {
    let whole = decode_whole::<i32>(body);
    for split in 0..=body.len() {
        let (first, second) = body.split_at(split);
        assert_eq!(
            decode::<i32>(&[first, second]),
            whole,
            "{:?} | {:?}",
            first.escape_ascii(),
            second.escape_ascii()
        );
    }
    let bytes: Vec<_> = body.chunks(1).collect();
    assert_eq!(decode::<i32>(&bytes), whole, "{:?}", body.escape_ascii());
}

const DOCUMENTS: &[&str] = &[
    r#"{"data":[]}"#,
    r#"{"data":[1,2,3]}"#,
    r#"{ "data" : [ 1 , 22 , -3 ] } "#,
    "\u{feff}{\"data\":[1]}",
    r#"{"x":{"a":["]}",{"data":[9]}]},"data":[1],"total":1e999}"#,
    r#"{"d\u0061ta":[7]}"#,
    r#"{"é":"\u00e9\"","data":[1]}"#,
    // What is wrong with an item leaves the others alone.
    r#"{"data":[1,"two",{"three":[3]},null,5]}"#,
    r#"{"data":[99999999999,1.5,5]}"#,
    r#"{"data":["\ud800",5]}"#,
    // What is wrong with the JSON does not.
    "",
    " ",
    "\u{feff}",
    "\u{feff}\u{feff}{\"data\":[]}",
    "7",
    "null",
    "[]",
    "[[1]]",
    "{",
    "{}",
    "{}}",
    r#"{"data"}"#,
    r#"{"data":}"#,
    r#"{"data":null}"#,
    r#"{"data":{}}"#,
    r#"{"data":"[1]"}"#,
    r#"{"data":12}"#,
    r#"{"data":[1],"data":[2]}"#,
    r#"{"data":[1]"#,
    r#"{"data":[1"#,
    r#"{"data":[1,"#,
    r#"{"data":[1,]}"#,
    r#"{"data":[,1]}"#,
    r#"{"data":[1 2]}"#,
    r#"{"data":[1]]}"#,
    r#"{"data":[1}}"#,
    r#"{"data":[tru]}"#,
    r#"{"data":[nul"#,
    r#"{"data":[01]}"#,
    r#"{"data":[1,{"a":}]}"#,
    r#"{"data":[1]}x"#,
    r#"{"data":[1]}{"data":[2]}"#,
    r#"{"data":[1],}"#,
    r#"{,"data":[1]}"#,
    r#"{"x":[1,},"data":[1]}"#,
    r#"{x:1,"data":[1]}"#,
    r#"{"data":[1],"x":tru}"#,
    "{\"data\":[1],\"x\":\"\n\"}",
    "{\"data\"\u{a0}:[1]}",
    "{\"data\":[1,\u{a0}2]}",
    "{\"data\":[1,\u{c}2]}",
    "{\"data\":[1\u{c},2]}",
    "{\"data\":[\u{b}1]\u{c}}",
];

#[test]
fn every_document_reads_the_same_at_every_split_and_as_another_reader_reads_it() {
    for document in DOCUMENTS {
        agrees_at_every_split(document.as_bytes());
        agrees_with_another_reader(document.as_bytes());
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_wherever_they_stand() {
    for body in [
        &b"{\"data\":[\"\xff\"]}"[..],
        b"{\"data\":[1,\xff2]}",
        b"{\"data\":[1],\"x\":\"\xc3\x28\"}",
        b"{\"\xff\":1,\"data\":[1]}",
        b"\xff",
        b"{\"data\":[\"\xe2\x82\"]}",
    ] {
        agrees_at_every_split(body);
        agrees_with_another_reader(body);
        assert!(decode_whole::<String>(body).1.is_err());
    }
}

#[test]
fn a_malformed_item_is_named_and_kept_and_the_others_come() {
    let good = r#"{"id":"c","name":"n","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[],"_count":{"templates":4}}"#;
    let bad = good.replace("[]", r#"[{"id":"x","wabaId":7}]"#);
    let body = format!(r#"{{"data":[{good},{bad},{good}]}}"#);
    let (items, result) = decode_whole::<Company>(body.as_bytes());
    assert_eq!(result, Ok(()));
    let [Ok(_), Err(invalid_item), Ok(_)] = &items[..] else { panic!("{items:?}") };
    assert_eq!(invalid_item.error.path, "data[1].connections[0].wabaId");
    assert_eq!(invalid_item.error.message, "invalid type: integer, expected a string");
    assert_eq!(invalid_item.raw, bad);
}

#[test]
fn a_missing_field_is_named_by_its_whole_path() {
    let body = br#"{"data":[{"id":"c","name":"n","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[]}]}"#;
    let (items, _) = decode_whole::<Company>(body);
    let [Err(invalid_item)] = &items[..] else { panic!("{items:?}") };
    assert_eq!(invalid_item.error.path, "data[0]._count");
}

#[test]
fn what_is_wrong_with_the_envelope_is_named() {
    for (body, path, message) in [
        ("7", ".", "expected an object with the list in its field data"),
        ("{}", "data", MISSING),
        (r#"{"data":null}"#, "data", "invalid type: null, expected a sequence"),
        (r#"{"data":{"a":1}}"#, "data", "invalid type: map, expected a sequence"),
        (r#"{"data":[],"data":[]}"#, "data", "the field is there twice"),
        (r#"{"data":[1 2]}"#, "data[1]", "expected `,` or `]`"),
        (r#"{"data":[1,]}"#, "data[1]", "expected value"),
        (r#"{"data":[{"a":}]}"#, "data[0]", "expected value"),
    ] {
        let error = decode_whole::<i32>(body.as_bytes()).1.unwrap_err();
        assert_eq!(error.kind, BodyErrorKind::Invalid);
        let DecodeError { path: got_path, message: got_message } = error.error;
        assert_eq!((got_path.as_str(), got_message.as_str()), (path, message), "{body}");
    }
}

#[test]
fn a_body_that_was_cut_is_told_from_one_that_is_wrong() {
    let body = br#"{"a":[1],"data":[1,"two",{}],"b":null}"#;
    for cut in 0..body.len() {
        let error = decode_whole::<i32>(&body[..cut]).1.unwrap_err();
        assert_eq!(error.kind, BodyErrorKind::Truncated, "{cut}: {error:?}");
    }
}

#[test]
fn depth_is_no_danger() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let body = format!(r#"{{"x":{deep},"data":[{deep},1]}}"#);
    let (items, result) = decode_whole::<i32>(body.as_bytes());
    assert_eq!(result, Ok(()));
    assert!(matches!(&items[..], [Err(_), Ok(1)]));
}

#[test]
fn nothing_but_a_value_that_has_not_ended_is_held() {
    let mut decoder = ListDecoder::<i32>::new();
    let mut count = 0;
    decoder.push(b"{\"data\":[", &mut |_| ()).unwrap();
    for _ in 0..10_000 {
        decoder.push(b"12345,", &mut |_| count += 1).unwrap();
        assert!(decoder.pending().len() < 8);
    }
    assert_eq!(count, 10_000);
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i32>().prop_map(|value| value.to_string()),
        any::<f64>().prop_map(|value| serde_json::to_string(&value).unwrap()),
        ".{0,8}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(r#""\u0041\ud83d\ude00\n\"\\]}""#.to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let space = prop_oneof![Just(""), Just(" "), Just("\r\n\t")];
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..4), space.clone()).prop_map(
                |(values, space)| format!(
                    "[{space}{}{space}]",
                    values.join(&format!("{space},{space}"))
                )
            ),
            (prop::collection::vec((".{0,4}", inner), 0..4), space).prop_map(|(fields, space)| {
                let fields: Vec<_> = fields
                    .into_iter()
                    .map(|(name, value)| {
                        format!("{}{space}:{value}", serde_json::to_string(&name).unwrap())
                    })
                    .collect();
                format!("{{{}{space}}}", fields.join(","))
            }),
        ]
    })
}

fn envelope() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        3 => prop::collection::vec(json(), 0..5).prop_map(|values| format!("\"data\":[{}]", values.join(","))),
        1 => json().prop_map(|value| format!("\"data\":{value}")),
        2 => json().prop_map(|value| format!("\"more\":{value}")),
    ];
    prop::collection::vec(field, 0..4).prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

/// A document, and the same with a byte of it replaced, left out or doubled.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    (envelope(), any::<prop::sample::Index>(), any::<u8>(), 0..4_u8).prop_map(
        |(text, index, byte, damage)| {
            let mut bytes = text.into_bytes();
            let at = index.index(bytes.len());
            match damage {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, bytes[at]),
                _ => {}
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_document_reads_the_same_at_every_split_and_as_another_reader_reads_it(body in damaged()) {
        agrees_at_every_split(&body);
        agrees_with_another_reader(&body);
    }
}
