//! Schema drift: what the service adds is kept, can be read, and is reported once.

use std::sync::{Arc, Mutex};

use partner_api::{ClientBuilder, MAX_DRIFT_REPORTS};

use crate::support::{KEY, RawServer, Step, WALLET, http_response, json};

fn company(extra: &str, quality: &str, connection_extra: &str) -> String {
    format!(
        r#"{{"id":"clx","name":"n","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[{{"id":"x","wabaId":"1","phoneNumberId":"2","displayPhoneNumber":"3","qualityRating":"{quality}","status":"connected"{connection_extra}}}],"_count":{{"templates":4}}{extra}}}"#
    )
}

fn page(companies: &[String]) -> String {
    format!(r#"{{"nextCursor":null,"data":[{}],"total":{{"n":1e400}}}}"#, companies.join(","))
}

fn with_log(builder: ClientBuilder) -> (ClientBuilder, Arc<Mutex<Vec<String>>>) {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&reports);
    (builder.on_drift(move |drift| log.lock().unwrap().push(drift.to_string())), reports)
}

#[tokio::test]
async fn each_unknown_field_and_enum_value_is_reported_once_collected_or_streamed() {
    let companies = [
        company(r#","tier":"gold""#, "PURPLE", r#","pin":1"#),
        company(r#","tier":"tin""#, "PURPLE", ""),
        company("", "GREEN", ""),
        company("", "\u{1b}[2J", ""),
    ];
    let expected = [
        "unknown enum value PURPLE at companies.data[].connections[].qualityRating",
        "unknown enum value \\u{1b}[2J at companies.data[].connections[].qualityRating",
        "unknown field companies.data[].connections[].pin",
        "unknown field companies.data[].tier",
        "unknown field companies.nextCursor",
        "unknown field companies.total",
    ];
    for streamed in [false, true] {
        let server =
            RawServer::responding(json(page(&companies).replace('\u{1b}', "\\u001b"))).await;
        let (builder, reports) = with_log(server.builder());
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
        let mut reports = reports.lock().unwrap().clone();
        reports.sort();
        assert_eq!(reports, expected);
    }
}

#[tokio::test]
async fn a_wallet_drifts_and_documented_fields_do_not() {
    let server = RawServer::responding(json(WALLET.replace('{', r#"{"overdraft":0,"#))).await;
    let (builder, reports) = with_log(server.builder());
    let wallet = builder.build().unwrap().wallet().await.unwrap();
    assert_eq!(wallet.unknown_fields().get("overdraft"), Some("0"));
    assert_eq!(*reports.lock().unwrap(), ["unknown field wallet.overdraft"]);

    let server = RawServer::responding(json(WALLET)).await;
    let (builder, reports) = with_log(server.builder());
    builder.build().unwrap().wallet().await.unwrap();
    assert!(reports.lock().unwrap().is_empty());
}

#[tokio::test]
async fn fields_beside_a_list_can_be_read() {
    let server = RawServer::responding(json(page(&[]))).await;
    let response = server.client().companies().with_response().await.unwrap();
    let fields: Vec<_> = response.unknown_fields.iter().collect();
    assert_eq!(fields, [("nextCursor", "null"), ("total", r#"{"n":1e400}"#)]);
}

#[tokio::test]
async fn reports_are_limited_so_that_endless_names_do_not_fill_the_memory() {
    let fields: Vec<_> =
        (0..MAX_DRIFT_REPORTS * 2).map(|count| format!(r#""f{count}":0,"#)).collect();
    let fields = fields.concat();
    let server = RawServer::responding(json(WALLET.replace('{', &format!("{{{fields}")))).await;
    let (builder, reports) = with_log(server.builder());
    builder.build().unwrap().wallet().await.unwrap();
    assert_eq!(reports.lock().unwrap().len(), MAX_DRIFT_REPORTS);
}

#[tokio::test]
async fn all_undocumented_lists_are_reported_as_one_since_paths_may_hold_identifiers() {
    let server = RawServer::responding(json(r#"{"data":[],"page":1}"#)).await;
    let (builder, reports) = with_log(server.builder());
    let client = builder.build().unwrap();
    for id in ["1", "2", "3"] {
        client.get(["templates", id, "messages"]).send_list::<u8>().await.unwrap();
    }
    assert_eq!(*reports.lock().unwrap(), ["unknown field *.page"]);
}

#[tokio::test]
async fn a_key_that_is_sent_back_is_redacted() {
    let server =
        RawServer::responding(json(WALLET.replace('{', &format!(r#"{{"{KEY}":0,"#)))).await;
    let (builder, reports) = with_log(server.builder());
    builder.build().unwrap().wallet().await.unwrap();
    assert_eq!(*reports.lock().unwrap(), ["unknown field wallet.[redacted]"]);
}

#[tokio::test]
async fn half_of_a_surrogate_pair_is_replaced_and_reported_wherever_it_is() {
    let half = r"Caf\ud83d";
    let companies = company(&format!(r#","note":["{half}"],"n\udc00":1"#), half, "")
        .replace(r#""id":"clx""#, &format!(r#""id":"{half}""#))
        .replace(r#""name":"n""#, &format!(r#""name":"{half}""#))
        .replace(r#""displayPhoneNumber":"3""#, &format!(r#""displayPhoneNumber":"{half}""#));
    let body = format!(r#"{{"beside":"{half}","data":[{},{companies}]}}"#, company("", "RED", ""));
    let expected = [
        "text with a lost character (U+FFFD) at companies.beside",
        "text with a lost character (U+FFFD) at companies.data[].connections[].displayPhoneNumber",
        "text with a lost character (U+FFFD) at companies.data[].id",
        "text with a lost character (U+FFFD) at companies.data[].name",
        "text with a lost character (U+FFFD) at companies.data[].note",
        "unknown enum value Caf\u{fffd} at companies.data[].connections[].qualityRating",
        "unknown field companies.beside",
        "unknown field companies.data[].note",
        "unknown field companies.data[].n\u{fffd}",
    ];
    for step in [Step::Send, Step::SendByteByByte] {
        let response = http_response("200 OK", &["connection: close"], &body);
        let server = RawServer::start(move |_| vec![Step::Read, step(response.clone())]).await;
        let (builder, reports) = with_log(server.builder());
        let client = builder.build().unwrap();
        let collected = client.companies().await.unwrap();
        let mut stream = client.companies().stream();
        let mut streamed = Vec::new();
        while let Some(company) = stream.next().await {
            streamed.push(company.unwrap());
        }
        assert_eq!(collected, streamed);
        assert_eq!((collected[1].name.as_str(), collected.len()), ("Caf\u{fffd}", 2));
        assert_eq!(collected[1].unknown_fields().get("note"), Some(r#"["Caf\ufffd"]"#));
        let mut reports = reports.lock().unwrap().clone();
        reports.sort();
        assert_eq!(reports, expected);
    }

    let server = RawServer::responding(json(WALLET.replace("XAF", half))).await;
    let (builder, reports) = with_log(server.builder());
    assert_eq!(builder.build().unwrap().wallet().await.unwrap().currency, "Caf\u{fffd}");
    assert_eq!(
        *reports.lock().unwrap(),
        ["text with a lost character (U+FFFD) at wallet.currency"]
    );

    // Types of the program, and errors that name the item that is wrong for another reason.
    let body = format!(r#"{{"data":["{half}",7,"\u{{d83d}}","b"]}}"#).replace("\\u{d83d}", half);
    let server = RawServer::responding(json(body)).await;
    let mut list = server.client().get("names").send_list::<String>().stream();
    assert_eq!(list.next().await.unwrap().unwrap(), "Caf\u{fffd}");
    assert!(list.next().await.unwrap().unwrap_err().is_list_item());
    assert_eq!(list.next().await.unwrap().unwrap(), "Caf\u{fffd}");
    assert_eq!(list.next().await.unwrap().unwrap(), "b");
}
