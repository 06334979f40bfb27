//! Fields and enum values that the crate does not know are kept, can be read, and are reported
//! once.

use std::sync::{Arc, Mutex};

use partner_api::{ClientBuilder, MAX_DRIFT_REPORTS};

use crate::support::{KEY, RawServer, WALLET, json};

fn company(extra: &str, quality: &str, connection_extra: &str) -> String {
    format!(
        r#"{{"id":"clx","name":"n","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[{{"id":"x","wabaId":"1","phoneNumberId":"2","displayPhoneNumber":"3","qualityRating":"{quality}","status":"connected"{connection_extra}}}],"_count":{{"templates":4}}{extra}}}"#
    )
}

fn page(companies: &[String]) -> String {
    format!(r#"{{"nextCursor":"abc","data":[{}],"total":{{"n":1e400}}}}"#, companies.join(","))
}

fn with_reports(builder: ClientBuilder) -> (ClientBuilder, Arc<Mutex<Vec<String>>>) {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&reported);
    (builder.on_drift(move |drift| log.lock().unwrap().push(drift.to_string())), reported)
}

#[tokio::test]
async fn each_unknown_field_and_enum_value_is_reported_once_for_buffered_and_streamed_lists() {
    let companies = [
        company(r#","tier":"gold""#, "PURPLE", r#","pin":1"#),
        company(r#","tier":"tin""#, "PURPLE", ""),
        company("", "GREEN", ""),
        company("", "\u{1b}[2J", ""),
    ];
    let expected = [
        "unknown field companies.data[].connections[].pin",
        "unknown field companies.data[].tier",
        "unknown field companies.nextCursor",
        "unknown field companies.total",
        "unknown word PURPLE at companies.data[].connections[].qualityRating",
        "unknown word \\u{1b}[2J at companies.data[].connections[].qualityRating",
    ];
    for streamed in [false, true] {
        let server =
            RawServer::responding(json(page(&companies).replace('\u{1b}', "\\u001b"))).await;
        let (builder, reported) = with_reports(server.builder());
        let client = builder.build().unwrap();
        for _ in 0..2 {
            if streamed {
                let mut stream = client.companies().stream();
                while let Some(company) = stream.next().await {
                    company.unwrap();
                }
            } else {
                client.clone().companies().await.unwrap();
            }
        }
        let mut reported = reported.lock().unwrap().clone();
        reported.sort();
        assert_eq!(reported, expected);
    }
}

#[tokio::test]
async fn an_unknown_field_of_a_wallet_is_reported_and_documented_fields_are_not() {
    let server = RawServer::responding(json(WALLET.replace('{', r#"{"overdraft":0,"#))).await;
    let (builder, reported) = with_reports(server.builder());
    let wallet = builder.build().unwrap().wallet().await.unwrap();
    assert_eq!(wallet.unknown_fields().get("overdraft"), Some("0"));
    assert_eq!(*reported.lock().unwrap(), ["unknown field wallet.overdraft"]);

    let server = RawServer::responding(json(WALLET)).await;
    let (builder, reported) = with_reports(server.builder());
    builder.build().unwrap().wallet().await.unwrap();
    assert!(reported.lock().unwrap().is_empty());
}

#[tokio::test]
async fn unknown_fields_beside_a_list_are_returned_with_the_response() {
    let server = RawServer::responding(json(page(&[]))).await;
    let response = server.client().companies().with_response().await.unwrap();
    let fields: Vec<_> = response.unknown_fields.iter().collect();
    assert_eq!(fields, [("nextCursor", r#""abc""#), ("total", r#"{"n":1e400}"#)]);
}

#[tokio::test]
async fn the_number_of_reports_is_limited() {
    let fields: Vec<_> =
        (0..MAX_DRIFT_REPORTS * 2).map(|count| format!(r#""f{count}":0,"#)).collect();
    let fields = fields.concat();
    let server = RawServer::responding(json(WALLET.replace('{', &format!("{{{fields}")))).await;
    let (builder, reported) = with_reports(server.builder());
    builder.build().unwrap().wallet().await.unwrap();
    assert_eq!(reported.lock().unwrap().len(), MAX_DRIFT_REPORTS);
}

#[tokio::test]
async fn reports_on_undocumented_lists_do_not_contain_their_paths() {
    let server = RawServer::responding(json(r#"{"data":[],"next":1}"#)).await;
    let (builder, reported) = with_reports(server.builder());
    let client = builder.build().unwrap();
    for id in ["1", "2", "3"] {
        client.get(["templates", id, "messages"]).send_list::<u8>().await.unwrap();
    }
    assert_eq!(*reported.lock().unwrap(), ["unknown field *.next"]);
}

#[tokio::test]
async fn a_key_that_the_service_sends_back_is_redacted_in_reports() {
    let server =
        RawServer::responding(json(WALLET.replace('{', &format!(r#"{{"{KEY}":0,"#)))).await;
    let (builder, reported) = with_reports(server.builder());
    builder.build().unwrap().wallet().await.unwrap();
    assert_eq!(*reported.lock().unwrap(), ["unknown field wallet.[redacted]"]);
}
