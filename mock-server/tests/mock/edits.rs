//! Edits of a real response: one value set or removed, or a list cut to its first page. Nothing
//! else changes, and an edit that finds nothing to change is an error.

use partner_api_mock::{Control, Fault, MockServer, Rule, Seed, Stub};
use serde_json::{Value, json};

use crate::{asking, raw};

async fn get(mock: &MockServer, path: &str) -> raw::Response {
    let key = mock.api_key();
    let request = format!(
        "GET /api/v1/{path} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\
         authorization: Bearer {key}\r\n\r\n"
    );
    raw::exchange(mock.address(), request).await
}

/// The response to one request with this fault.
async fn faulty(mock: &MockServer, path: &str, fault: Fault) -> raw::Response {
    mock.partner().fail_next(fault).unwrap();
    get(mock, path).await
}

#[tokio::test]
async fn one_value_is_set_and_the_rest_is_the_same_byte_for_byte() {
    let mock = MockServer::start().await.unwrap();
    let real = get(&mock, "wallet").await;
    let wallet = faulty(&mock, "wallet", Fault::passthrough().set("/balance", "many")).await;
    assert_eq!(wallet.status, 200);
    assert_eq!(wallet.body, real.body.replacen(":8450", ":\"many\"", 1));
    assert_ne!(wallet.body, real.body);

    let companies = get(&mock, "companies").await;
    let name = serde_json::from_str::<Value>(&companies.body).unwrap()["data"][0]["name"].clone();
    let nameless = faulty(&mock, "companies", Fault::passthrough().set("/data/0/name", ())).await;
    let expected = companies.body.replacen(&format!("\"name\":{name}"), "\"name\":null", 1);
    assert_eq!(nameless.body, expected);
    assert_eq!(nameless.header("content-type"), companies.header("content-type"));
}

#[tokio::test]
async fn a_value_is_removed_or_added() {
    let mock = MockServer::start().await.unwrap();
    let fault = Fault::passthrough().remove("/currency").remove("/balance").set("/a~1b", json!([]));
    let wallet = faulty(&mock, "wallet", fault).await;
    assert_eq!(wallet.body, r#"{"creditUnitPrice":"25.0000","costPerMessage":1,"a/b":[]}"#);
    let fault = Fault::passthrough().set("/data/-", 7).remove("/data/0");
    let companies: Value =
        serde_json::from_str(&faulty(&mock, "companies", fault).await.body).unwrap();
    assert_eq!(companies["data"].as_array().unwrap().last(), Some(&json!(7)));
}

#[tokio::test]
async fn texts_and_numbers_beside_the_value_are_kept_as_they_are_written() {
    let mock = MockServer::start().await.unwrap();
    let body = "{ \"a\\\"~/\" : 25.0000 ,\n\t\"\u{e9}\\u00e9\":\"\\ud83d\\ude00\",\"b\":1e400}";
    mock.add_stub(Stub::get("x").respond(partner_api_mock::ResponseTemplate::json(200, body)))
        .unwrap();
    let response = faulty(&mock, "x", Fault::passthrough().set("/b", 2)).await;
    assert_eq!(response.body, body.replace("1e400", "2"));
    let response = faulty(&mock, "x", Fault::passthrough().remove("/a\"~0~1")).await;
    assert_eq!(response.body, body.replace("\"a\\\"~/\" : 25.0000 ,\n\t", ""));
}

#[tokio::test]
async fn a_first_page_has_a_cursor() {
    let seed = Seed::from_json(r#"{"partners":[{"name":"p","generate":{"companies":3}}]}"#);
    let mock = MockServer::builder().seed(seed.unwrap()).start().await.unwrap();
    let all = get(&mock, "companies").await.body;
    let all: Value = serde_json::from_str(&all).unwrap();
    for (items, expected) in [(0, 0), (1, 1), (3, 3), (u64::MAX, 3)] {
        let page = faulty(&mock, "companies", Fault::passthrough().first_page(items)).await;
        let page: Value = serde_json::from_str(&page.body).unwrap();
        let data = all["data"].as_array().unwrap()[..expected].to_vec();
        assert_eq!(page, json!({"data": data, "nextCursor": "page-2"}), "{items}");
    }
    let fault = Fault::passthrough().first_page(1).set("/meta", json!({"hasMore": true}));
    let page = faulty(&mock, "companies", fault.remove("/nextCursor")).await;
    let page: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(page, json!({"data": [all["data"][0]], "meta": {"hasMore": true}}));
}

#[tokio::test]
async fn an_edit_with_nothing_to_change_is_a_visible_error() {
    let mock = MockServer::start().await.unwrap();
    for (path, fault, expected) in [
        (
            "companies",
            Fault::passthrough().set("/data/7/name", ()),
            "set /data/7/name: there is no item `7` in `/data`, which has",
        ),
        ("wallet", Fault::passthrough().remove("/x"), "remove /x: there is no such value"),
        ("wallet", Fault::passthrough().first_page(1), "firstPage=1: the response has no list"),
        ("nowhere", Fault::passthrough().set("/data/0", 1), "set /data/0: there is no `/data`"),
    ] {
        let response = faulty(&mock, path, fault.truncate(3)).await;
        assert_eq!((response.status, response.header("x-partner-api-mock")), (500, Some("fault")));
        assert_eq!(response.header("content-type"), Some("application/json"));
        let body: Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(body["error"], "fault_not_applied");
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(expected), "{message}");
        let last = mock.requests().pop().unwrap();
        let fault = last.fault.unwrap();
        assert!(fault.error().unwrap().starts_with(expected), "{fault}");
        assert!(fault.to_string().contains(", not applied: "));
        assert_eq!(last.status.as_u16(), 500);
    }
}

#[tokio::test]
async fn over_http_and_in_a_seed_it_has_the_same_names() {
    let rule = json!({"set": {"/data/0/name": null}, "remove": ["/data/0/id"], "firstPage": 1,
        "operation": "companies"});
    let text = r#"set={"/data/0/name":null} remove=/data/0/id firstPage=1 operation=companies"#;
    let seed =
        json!({"partners": [{"name": "p", "generate": {"companies": 3}, "faults": [rule, text]}]});
    let seed = Seed::from_json(&seed.to_string()).unwrap();
    let mock = MockServer::builder().seed(seed).control(Control::new()).start().await.unwrap();
    assert_eq!(mock.partner().faults().rules(), [text, text]);
    let added = asking::told(mock.address(), "POST", "/faults", &rule.to_string(), 201).await;
    assert_eq!(added["text"], text);
    assert_eq!(added["rule"]["set"], json!({"/data/0/name": null}));
    let body: Value = serde_json::from_str(&get(&mock, "companies").await.body).unwrap();
    assert_eq!(body["data"][0].get("name"), Some(&Value::Null));
    assert_eq!(body["data"][0].get("id"), None);
    assert_eq!(body["nextCursor"], "page-2");
    let listed = asking::told(mock.address(), "GET", "/requests", "", 200).await;
    assert_eq!(listed["data"][0]["fault"]["error"], Value::Null);
}

#[test]
fn a_text_that_is_not_a_pointer_is_rejected() {
    for (rule, expected) in [
        ("remove=data", "remove: `data`: expected a JSON pointer (RFC 6901)"),
        (r#"set={"/a~2":1}"#, "set: `/a~2`: expected a JSON pointer"),
        (r#"remove="""#, "remove: expected a part of the body"),
        ("remove=[]", "remove: invalid length 0"),
        ("remove=1", "remove: `1`: expected a JSON pointer"),
        ("set={}", "expected a fault"),
        ("firstPage=-1", "firstPage: "),
        ("remove=/a status=503", "remove, status: expected one of them"),
        ("firstPage=1 body=x", "firstPage, body: expected one of them"),
        ("remove=/a connection=reset", "connection, remove: expected one of them"),
    ] {
        let error = rule.parse::<Rule>().unwrap_err().to_string();
        assert!(error.starts_with(expected), "{rule}: {error}");
    }
    for good in [r#"remove=["/a b","/1"]"#, "remove=/1", r#"remove="/a b""#, r#"set={"":{"a":1}}"#]
    {
        assert_eq!(good.parse::<Rule>().unwrap().to_string(), good);
    }
}
