//! At stake: what the service adds is kept, can be looked at, and is told of once.

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

fn watched(builder: ClientBuilder) -> (ClientBuilder, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    (builder.on_drift(move |drift| log.lock().unwrap().push(drift.to_string())), told)
}

#[tokio::test]
async fn each_unknown_field_and_word_is_told_of_once_kept_or_streamed() {
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
            RawServer::answering(json(page(&companies).replace('\u{1b}', "\\u001b"))).await;
        let (builder, told) = watched(server.builder());
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
        let mut told = told.lock().unwrap().clone();
        told.sort();
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_wallet_drifts_too_and_what_is_documented_does_not() {
    let server = RawServer::answering(json(WALLET.replace('{', r#"{"overdraft":0,"#))).await;
    let (builder, told) = watched(server.builder());
    let wallet = builder.build().unwrap().wallet().await.unwrap();
    assert_eq!(wallet.unknown_fields().get("overdraft"), Some("0"));
    assert_eq!(*told.lock().unwrap(), ["unknown field wallet.overdraft"]);

    let server = RawServer::answering(json(WALLET)).await;
    let (builder, told) = watched(server.builder());
    builder.build().unwrap().wallet().await.unwrap();
    assert!(told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_stands_beside_a_list_can_be_looked_at() {
    let server = RawServer::answering(json(page(&[]))).await;
    let response = server.client().companies().with_response().await.unwrap();
    let fields: Vec<_> = response.unknown_fields.iter().collect();
    assert_eq!(fields, [("nextCursor", r#""abc""#), ("total", r#"{"n":1e400}"#)]);
}

#[tokio::test]
async fn a_service_that_invents_names_without_end_does_not_fill_the_memory() {
    let fields: Vec<_> =
        (0..MAX_DRIFT_REPORTS * 2).map(|count| format!(r#""f{count}":0,"#)).collect();
    let fields = fields.concat();
    let server = RawServer::answering(json(WALLET.replace('{', &format!("{{{fields}")))).await;
    let (builder, told) = watched(server.builder());
    builder.build().unwrap().wallet().await.unwrap();
    assert_eq!(told.lock().unwrap().len(), MAX_DRIFT_REPORTS);
}

#[tokio::test]
async fn lists_that_are_not_documented_are_one_whatever_identifiers_are_in_their_paths() {
    let server = RawServer::answering(json(r#"{"data":[],"next":1}"#)).await;
    let (builder, told) = watched(server.builder());
    let client = builder.build().unwrap();
    for id in ["1", "2", "3"] {
        client.get(["templates", id, "messages"]).send_list::<u8>().await.unwrap();
    }
    assert_eq!(*told.lock().unwrap(), ["unknown field *.next"]);
}

#[tokio::test]
async fn a_key_that_is_sent_back_is_not_told() {
    let server = RawServer::answering(json(WALLET.replace('{', &format!(r#"{{"{KEY}":0,"#)))).await;
    let (builder, told) = watched(server.builder());
    builder.build().unwrap().wallet().await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["unknown field wallet.[redacted]"]);
}
