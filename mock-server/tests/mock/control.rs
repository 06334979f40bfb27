//! The control API: a change by a test in another language applies immediately and completely; a
//! rejected request changes nothing and names the wrong field; and faults and outages of the
//! simulated service do not reach the control API.

use partner_api_mock::{MAX_CONTROL_BODY, Outage};
use serde_json::{Value, json};

use crate::asking::{ask, start, told};
use crate::raw;

#[tokio::test]
async fn a_partner_that_is_made_over_http_is_served_and_gone_when_it_is_removed() {
    let mock = start().await;
    let address = mock.address();
    let new = r#"{"name":"suite","wallet":{"balance":12},"companies":[{"id":"c","name":"Ç"}]}"#;
    let added = ask(address, "POST", "/partners", new).await;
    let (id, key) = (added.body["id"].as_str().unwrap(), added.body["key"].as_str().unwrap());
    assert_eq!((added.status, added.location), (201, Some(format!("/_mock/partners/{id}"))));

    let wallet = raw::wallet_with(address, key).await;
    assert!(wallet.body.starts_with(r#"{"balance":12,"#), "{wallet:?}");
    let shown = ask(address, "GET", &format!("/partners/{id}/wallet"), "").await;
    assert_eq!(shown.text, wallet.body);
    let partner = told(address, "GET", &format!("/partners/{id}"), "", 200).await;
    assert_eq!(partner["requests"], 1);

    told(address, "PATCH", &format!("/partners/{id}"), r#"{"active":false}"#, 200).await;
    assert_eq!(raw::wallet_with(address, key).await.status, 401);
    told(address, "PATCH", &format!("/partners/{id}"), r#"{"active":true}"#, 200).await;
    assert_eq!(raw::wallet_with(address, key).await.status, 200);

    told(address, "POST", &format!("/partners/{id}/faults"), r#"{"status":503}"#, 201).await;
    told(address, "DELETE", &format!("/partners/{id}"), "", 204).await;
    assert_eq!(raw::wallet_with(address, key).await.error(), "invalid_token");
    for what in ["", "/wallet", "/keys", "/faults", "/requests", "/companies/c"] {
        told(address, "GET", &format!("/partners/{id}{what}"), "", 404).await;
    }
    told(address, "GET", "/faults/f-1", "", 404).await;
    let left = told(address, "GET", "/requests", "", 200).await;
    assert_eq!(left["data"].as_array().unwrap().len(), 1, "only the one with an unknown key");
}

#[tokio::test]
async fn an_id_and_a_key_are_used_only_once() {
    let mock = start().await;
    let address = mock.address();
    let one = told(address, "POST", "/partners", r#"{"name":"a","keys":["k1","k2"]}"#, 201).await;
    assert_eq!((&one["id"], one.get("key")), (&json!("p-2"), None));
    let refused = ask(address, "POST", "/partners", r#"{"name":"b","keys":["k3","k2"]}"#).await;
    assert_eq!((refused.status, refused.error().0), (409, "conflict"));
    assert!(!refused.text.contains("k2"), "{}", refused.text);
    assert_eq!(mock.partners().len(), 2);
    assert_eq!(raw::wallet_with(address, "k3").await.status, 401);

    told(address, "DELETE", "/partners/p-2", "", 204).await;
    let again = told(address, "POST", "/partners", r#"{"name":"b","keys":["k2","k3"]}"#, 201).await;
    assert_ne!(again["id"], "p-2");
    assert_eq!(raw::wallet_with(address, "k2").await.status, 200);
    for wrong in ["p-02", "p-+4", "P-1", "p-1 ", "p-", "1", "p-18446744073709551616"] {
        let path = format!("/partners/{}", wrong.replace(' ', "%20"));
        told(address, "GET", &path, "", 404).await;
    }
}

#[tokio::test]
async fn keys_are_shown_once_and_known_by_their_fingerprint_afterwards() {
    let mock = start().await;
    let address = mock.address();
    let added = ask(address, "POST", "/partners/p-1/keys", r#"{"key":"pk_live_mine"}"#).await;
    // The first 8 digits of `printf %s pk_live_mine | sha256sum`.
    assert_eq!(added.body, json!({"id": "1855bd44", "key": "pk_live_mine", "revoked": false}));
    assert_eq!(added.location.as_deref(), Some("/_mock/partners/p-1/keys/1855bd44"));
    assert_eq!(raw::wallet_with(address, "pk_live_mine").await.status, 200);
    told(address, "DELETE", "/partners/p-1/keys/1855bd44", "", 204).await;
    assert_eq!(raw::wallet_with(address, "pk_live_mine").await.status, 401);

    let keys = ask(address, "GET", "/partners/p-1/keys", "").await;
    assert_eq!(keys.body["data"][1], json!({"id": "1855bd44", "revoked": true}));
    assert!(!keys.text.contains("pk_live"), "{}", keys.text);
    assert_eq!(told(address, "GET", "/partners/p-1", "", 200).await["keys"], 1);
    for wrong in ["two words", "", "tab\\t"] {
        let body = format!(r#"{{"key":"{wrong}"}}"#);
        let refused = ask(address, "POST", "/partners/p-1/keys", &body).await;
        assert_eq!((refused.status, refused.error().1), (400, "key"));
    }
    // A partner cannot revoke another partner's key.
    told(address, "POST", "/partners", r#"{"name":"other","keys":["pk_live_other"]}"#, 201).await;
    let other = told(address, "GET", "/partners/p-2/keys", "", 200).await;
    let path = format!("/partners/p-1/keys/{}", other["data"][0]["id"].as_str().unwrap());
    told(address, "DELETE", &path, "", 404).await;
    assert_eq!(raw::wallet_with(address, "pk_live_other").await.status, 200);
}

#[tokio::test]
async fn a_change_is_made_whole_or_not_at_all() {
    let mock = start().await;
    let address = mock.address();
    let everything = || (mock.partner().wallet(), mock.partner().companies());
    let before = everything();
    for (method, path, body, field) in [
        ("PATCH", "/wallet", r#"{"balance":1,"currency":5}"#, "currency"),
        ("PATCH", "/wallet", r#"{"balance":1,"creditUnitPrice":".5"}"#, "creditUnitPrice"),
        ("PATCH", "/wallet", r#"{"balance":1,"curency":"EUR"}"#, "curency"),
        ("PATCH", "/wallet", r#"{"balance":1,"balance":2}"#, ""),
        ("PATCH", "/wallet", r#"{"balance":null}"#, "balance"),
        ("PUT", "/wallet", r#"{"balance":1e3}"#, "balance"),
        ("PUT", "/companies", r#"{"data":[{"id":"a","name":"A"},{"id":"b"}]}"#, "data[1]"),
        ("PUT", "/companies", r#"{"data":[],"generate":{"companies":1}}"#, "generate"),
        ("PUT", "/companies", r#"{"generate":{"companies":1000001}}"#, "generate"),
        (
            "PATCH",
            "/companies/clx123...",
            r#"{"name":"B","_count":{"templates":-1}}"#,
            "_count.templates",
        ),
        ("PATCH", "/companies/clx123...", r#"{"name":"B","connections":[{}]}"#, "connections[0]"),
        (
            "PATCH",
            "/connections/clx456...",
            r#"{"status":"x","qualityRating":[]}"#,
            "qualityRating",
        ),
    ] {
        let refused = ask(address, method, &format!("/partners/p-1{path}"), body).await;
        let (error, at, message) = refused.error();
        assert_eq!((refused.status, error), (400, "invalid"), "{path} {body}");
        assert!(at.starts_with(field), "{body}: {at:?}: {message}");
        assert!(field.is_empty() || message.starts_with(at), "{at}: {message}");
        assert_eq!(everything(), before, "{path} {body}");
    }
    let both = r#"{"name":"new","active":"no"}"#;
    let refused = ask(address, "PATCH", "/partners/p-1", both).await;
    assert_eq!((refused.status, refused.error().1), (400, "active"));
    assert_eq!((mock.partner().name(), mock.partner().is_active()), ("default".into(), true));
    assert_eq!(mock.partners().len(), 1);
}

#[tokio::test]
async fn fields_that_a_patch_does_not_have_stay_unchanged() {
    let mock = start().await;
    let address = mock.address();
    let path = "/partners/p-1/companies/clx123...";
    let before = told(address, "GET", path, "", 200).await;
    let after = told(address, "PATCH", path, r#"{"name":"Renamed"}"#, 200).await;
    let mut expected = before.clone();
    expected["name"] = json!("Renamed");
    assert_eq!(after, expected);
    told(address, "PATCH", "/partners/p-1/wallet", r#"{"balance":9223372036854775807}"#, 200).await;
    let shown = ask(address, "GET", "/partners/p-1/wallet", "").await.text;
    let all = r#"{"balance":9223372036854775807,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;
    assert_eq!(shown, all);
}

#[tokio::test]
async fn faults_and_the_journal_do_not_affect_the_control_api() {
    let mock = start().await;
    let address = mock.address();
    for rule in [r#"{"connection":"hang"}"#, r#"{"status":500,"operation":"/_mock/info"}"#] {
        told(address, "POST", "/faults", rule, 201).await;
        told(address, "GET", "/info", "", 200).await;
    }
    let stub = ask(address, "POST", "/stubs", r#"{"path":"/"}"#).await;
    assert_eq!((stub.status, stub.error().1), (400, "path"));
    told(address, "PATCH", "/partners/p-1", r#"{"active":false}"#, 200).await;
    told(address, "GET", "/partners/p-1", "", 200).await;
    assert_eq!(mock.requests(), []);
    let faults = told(address, "GET", "/faults", "", 200).await;
    assert!(faults["data"].as_array().unwrap().iter().all(|fault| fault["hits"] == 0));
    told(address, "DELETE", "/faults", "", 204).await;
    assert!(mock.faults().rules().is_empty());
}

#[tokio::test]
async fn an_exhausted_rule_leaves_the_list_and_can_still_be_read() {
    let mock = start().await;
    let (address, key) = (mock.address(), mock.api_key());
    let added =
        told(address, "POST", "/partners/p-1/faults", r#"{"status":503,"times":1}"#, 201).await;
    assert_eq!(
        added,
        json!({"id": "f-1", "rule": {"status": 503, "times": 1}, "text": "status=503 times=1",
               "hits": 0, "reached": 0, "partner": "p-1", "active": true, "expired": false})
    );
    assert_eq!(raw::wallet_with(address, &key).await.status, 503);
    assert_eq!(raw::wallet_with(address, &key).await.status, 200);
    let list = told(address, "GET", "/partners/p-1/faults", "", 200).await;
    assert_eq!(list, json!({"data": []}));
    let spent = told(address, "GET", "/faults/f-1", "", 200).await;
    assert_eq!((&spent["hits"], &spent["active"]), (&json!(1), &json!(false)));
    assert_eq!((&spent["reached"], &spent["expired"]), (&json!(1), &json!(false)));
    told(address, "DELETE", "/partners/p-1/faults", "", 204).await;
    told(address, "GET", "/faults/f-1", "", 404).await;
}

#[tokio::test]
async fn a_rule_is_read_as_json_and_as_text_and_an_error_names_the_option() {
    let mock = start().await;
    let address = mock.address();
    let text = r#""status=503 retryAfter=1 operation=wallet key=pk_live_secret""#;
    let added = ask(address, "POST", "/faults", text).await;
    assert_eq!(added.status, 201);
    assert!(!added.text.contains("secret"), "{}", added.text);
    let body = r#"{"body":"key: pk_live_secret","times":0}"#;
    let added = ask(address, "POST", "/faults", body).await;
    assert!(!added.text.contains("secret"), "{}", added.text);

    for (body, field, said) in [
        (r#"{"staus":503}"#, "staus", "did you mean `status`?"),
        (r#"{"status":42}"#, "status", "from 200 to 599"),
        (r#"{"status":"503"}"#, "status", "expected"),
        (r#"{"every":2,"flapping":"1/1","status":503}"#, "every", "expected one of them"),
        (r#"{"status":503,"operation":"walet"}"#, "operation", "did you mean `wallet`?"),
        (r#"{"status":503,"partner":"defaul"}"#, "partner", "did you mean `default`?"),
        (r#"{"connection":"resett"}"#, "connection", "did you mean `reset`?"),
        (r#""staus=503""#, "", "did you mean `status`?"),
        (r#""status=503 times=x""#, "times", "expected"),
        (r#"{"rule":"status=503"}"#, "rule", "unknown field `rule`"),
        ("5", "", "expected a rule as an object or as text"),
        ("{}", "", "expected a fault"),
    ] {
        let refused = ask(address, "POST", "/faults", body).await;
        let (error, at, message) = refused.error();
        assert_eq!((refused.status, error, at), (400, "invalid", field), "{body}: {message}");
        assert!(message.contains(said), "{body}: {message}");
    }
    assert_eq!(mock.faults().rules().len(), 2);
}

#[tokio::test]
async fn a_stub_requires_a_key_and_cannot_contain_code() {
    let mock = start().await;
    let (address, key) = (mock.address(), mock.api_key());
    let ask_stats = async |key: &str| {
        let request = format!(
            "GET /api/v1/stats HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\
             connection: close\r\n\r\n"
        );
        raw::exchange(address, request).await
    };
    let stub = r#"{"path":"stats","json":{"sent":1.50},"headers":{"x-a":"1"},"status":202}"#;
    let added = told(address, "POST", "/partners/p-1/stubs", stub, 201).await;
    let response = ask_stats(&key).await;
    assert_eq!((response.status, response.body.as_str()), (202, r#"{"sent":1.50}"#));
    assert_eq!(response.header("x-a"), Some("1"));
    assert_eq!(
        response.header("x-partner-api-mock"),
        None,
        "the simulated service says nothing of it"
    );
    assert_eq!(ask_stats("pk_live_nobodys").await.status, 401);
    let path = format!("/stubs/{}", added["id"].as_str().unwrap());
    told(address, "DELETE", &path, "", 204).await;
    assert_eq!(ask_stats(&key).await.status, 404);

    for (body, field) in [
        (r#"{"path":"wallet"}"#, "overrideDocumented"),
        (r#"{"path":""}"#, "path"),
        (r#"{"path":"x?y=1"}"#, "path"),
        (r#"{"path":"x","file":"/etc/passwd"}"#, "file"),
        (r#"{"path":"x","url":"http://evil.example"}"#, "url"),
        (r#"{"path":"x","script":"1+1"}"#, "script"),
        (r#"{"path":"x","json":1,"body":"1"}"#, "body"),
        (r#"{"path":"x","status":204,"body":"1"}"#, "body"),
        (r#"{"path":"x","status":99}"#, "status"),
        (r#"{"path":"x","headers":{"content-length":"9"}}"#, "headers.content-length"),
        (r#"{"path":"x","headers":{"x-a":"a\nb"}}"#, "headers.x-a"),
        (r#"{"path":"x","method":"G E T"}"#, "method"),
    ] {
        let refused = ask(address, "POST", "/stubs", body).await;
        let (error, at, message) = refused.error();
        assert_eq!((refused.status, error, at), (400, "invalid", field), "{body}: {message}");
    }
}

#[tokio::test]
async fn the_clock_is_paused_moved_and_resumed() {
    let mock = start().await;
    let address = mock.address();
    let set = r#"{"paused":true,"now":"2026-06-01T10:12:00Z"}"#;
    told(address, "PUT", "/clock", set, 200).await;
    told(address, "POST", "/clock/advance", r#"{"by":"1m"}"#, 200).await;
    let response = raw::wallet_with(address, &mock.api_key()).await;
    assert_eq!(response.header("date"), Some("Mon, 01 Jun 2026 10:13:00 GMT"));
    let all = told(address, "GET", "/requests", "", 200).await;
    assert_eq!(all["data"][0]["at"], "2026-06-01T10:13:00.000Z");
    for (path, body, field) in [
        ("/clock", r#"{"paused":false,"now":"2026-06-01T10:12:00Z"}"#, "now"),
        ("/clock", r#"{"paused":true,"now":"today"}"#, "now"),
        ("/clock", r#"{"now":"2026-06-01T10:12:00Z"}"#, "paused"),
        ("/clock", r#"{"paused":1}"#, "paused"),
    ] {
        let refused = ask(address, "PUT", path, body).await;
        assert_eq!((refused.status, refused.error().1), (400, field), "{body}");
    }
    let refused = ask(address, "POST", "/clock/advance", r#"{"by":"-1s"}"#).await;
    assert_eq!((refused.status, refused.error().1), (400, "by"));
    assert!(mock.clock().is_paused());
    told(address, "PUT", "/clock", r#"{"paused":false}"#, 200).await;
    assert!(!mock.clock().is_paused());
    let refused = ask(address, "POST", "/clock/advance", r#"{"by":"1s"}"#).await;
    assert_eq!((refused.status, refused.error().0), (409, "conflict"));
}

#[tokio::test]
async fn a_reset_restores_the_start() {
    let mock = start().await;
    let address = mock.address();
    let info = || async {
        let mut info = told(address, "GET", "/info", "", 200).await;
        let partner = told(address, "GET", "/partners", "", 200).await;
        info["all"] = partner["data"][0].clone();
        info
    };
    let before = info().await;
    told(address, "POST", "/partners", r#"{"name":"more"}"#, 201).await;
    told(address, "DELETE", "/partners/p-1/companies", "", 204).await;
    told(address, "POST", "/partners/p-1/keys", "", 201).await;
    told(address, "POST", "/faults", r#"{"status":503}"#, 201).await;
    told(address, "POST", "/stubs", r#"{"path":"stats"}"#, 201).await;
    told(address, "PUT", "/clock", r#"{"paused":true}"#, 200).await;
    raw::wallet_with(address, &mock.api_key()).await;
    told(address, "POST", "/reset", "", 204).await;
    assert_eq!(info().await, before);
    assert!(!mock.clock().is_paused() && mock.requests().is_empty());
    assert_eq!(raw::wallet_with(address, &mock.api_key()).await.status, 200);
    let stubs = told(address, "GET", "/stubs", "", 200).await;
    assert_eq!(stubs, json!({"data": []}));
}

#[tokio::test]
async fn the_error_for_a_body_that_is_not_utf_8_or_json_has_its_position() {
    let mock = start().await;
    let address = mock.address();
    for (body, said) in [
        (&b"{\"name\":\n  \"x\",}"[..], "line 2, column 7"),
        (b"", "EOF while parsing a value"),
        (b"{\"name\":\"\xff\"}", "not UTF-8"),
        (b"{\"name\":\"x\"} {}", "trailing characters"),
    ] {
        let head = format!(
            "POST /_mock/partners HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let response = raw::exchange(address, [head.as_bytes(), body].concat()).await;
        let parsed: Value = serde_json::from_str(&response.body).unwrap();
        let message = parsed["message"].as_str().unwrap();
        assert_eq!(response.status, 400, "{message}");
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(mock.partners().len(), 1);
}

#[tokio::test]
async fn a_body_above_the_limit_is_rejected_and_one_within_it_is_read() {
    let mock = start().await;
    let address = mock.address();
    let piece = " ".repeat(1 << 20);
    for (pieces, status) in [(MAX_CONTROL_BODY >> 20, 413), ((MAX_CONTROL_BODY >> 20) - 1, 200)] {
        let mut connection = raw::Connection::open(address).await;
        let head = format!(
            "PATCH /_mock/partners/p-1 HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        connection.send(head).await;
        for _ in 0..pieces {
            // The mock may reject the request before all of it is sent.
            let chunk = format!("100000\r\n{piece}\r\n");
            if connection.try_send(chunk).await.is_err() {
                break;
            }
        }
        let _ = connection.try_send("f\r\n{\"active\":true}\r\n0\r\n\r\n").await;
        assert_eq!(connection.last_response().await.status, status, "{pieces} MiB");
    }
}

#[tokio::test]
async fn after_an_outage_of_the_whole_port_the_control_api_is_back_with_it() {
    let mock = start().await;
    let address = mock.address();
    told(address, "POST", "/partners", r#"{"name":"before"}"#, 201).await;
    mock.start_outage(Outage::Reset).unwrap();
    mock.end_outage().unwrap();
    told(address, "GET", "/partners/p-2", "", 200).await;
    told(address, "GET", "/ready", "", 200).await;
}

#[tokio::test]
async fn an_error_names_the_missing_field_and_what_this_path_expects() {
    let mock = start().await;
    let address = mock.address();
    for (method, path, body, field, said) in [
        ("POST", "/partners", "{}", "name", "name: this field is missing"),
        ("PUT", "/clock", "{}", "paused", "paused: this field is missing"),
        ("POST", "/clock/advance", "{}", "by", "by: this field is missing"),
        ("POST", "/stubs", "{}", "path", "path: this field is missing"),
        (
            "PUT",
            "/partners/p-1/companies",
            r#"{"data":[{"id":"a"}]}"#,
            "data[0].name",
            "is missing",
        ),
        ("PATCH", "/partners/p-1/wallet", "[]", "", "expected an object"),
        ("PATCH", "/partners/p-1/wallet", "", "", "EOF while parsing a value"),
        ("POST", "/partners", "[]", "", "expected an object with the `name` of a partner"),
        ("POST", "/stubs", "[]", "", "expected an object with the `path` of a stub"),
        ("POST", "/faults", "", "", "EOF while parsing a value"),
        (
            "PUT",
            "/partners/p-1/companies",
            "[]",
            "",
            "expected an object with `data`, or with `generate`",
        ),
    ] {
        let refused = ask(address, method, path, body).await;
        let (error, at, message) = refused.error();
        assert_eq!(
            (refused.status, error, at),
            (400, "invalid", field),
            "{path} {body}: {message}"
        );
        assert!(message.contains(said) && !message.contains("`partners`"), "{path}: {message}");
    }
}

#[tokio::test]
async fn a_parameter_that_would_limit_a_deletion_or_reset_is_rejected() {
    let mock = start().await;
    let address = mock.address();
    told(address, "POST", "/partners", r#"{"name":"suite"}"#, 201).await;
    raw::wallet_with(address, &mock.api_key()).await;
    for (method, path, body, field) in [
        ("DELETE", "/requests?path=companies", "", "path"),
        ("DELETE", "/partners/p-1/requests?after=req-1", "", "after"),
        ("DELETE", "/partners/p-1/companies?id=x", "", "id"),
        ("POST", "/reset?partner=suite", "", "partner"),
        ("POST", "/reset", r#"{"partner":"suite"}"#, "partner"),
        ("POST", "/reset", "[]", ""),
    ] {
        let refused = ask(address, method, path, body).await;
        assert_eq!((refused.status, refused.error().1), (400, field), "{path}: {}", refused.text);
    }
    assert_eq!((mock.partners().len(), mock.requests().len()), (2, 1));
    assert_eq!(mock.partner().companies().len(), 1);
    told(address, "POST", "/reset", "{}", 204).await;
    assert_eq!((mock.partners().len(), mock.requests().len()), (1, 0));
}

#[tokio::test]
async fn a_rule_of_one_partner_that_names_another_says_so() {
    let mock = start().await;
    let address = mock.address();
    told(address, "POST", "/partners", r#"{"name":"suite"}"#, 201).await;
    let rule = r#"{"status":503,"partner":"suite"}"#;
    let refused = ask(address, "POST", "/partners/p-1/faults", rule).await;
    let expected = "partner: found `suite` in a rule of `default`, expected that name, or none";
    assert_eq!((refused.status, refused.error().2), (400, expected));
    told(address, "POST", "/partners/p-2/faults", rule, 201).await;
    told(address, "POST", "/faults", rule, 201).await;

    told(address, "POST", "/partners", r#"{"name":"suite"}"#, 201).await;
    let refused = ask(address, "POST", "/faults", rule).await;
    assert_eq!((refused.status, refused.error().1), (400, "partner"), "{}", refused.text);
    assert!(refused.error().2.contains("several are named `suite`"), "{}", refused.text);
    told(address, "POST", "/partners/p-3/faults", rule, 201).await;
}

#[tokio::test]
async fn control_characters_and_keys_are_never_shown() {
    let mock = start().await;
    let address = mock.address();
    let nasty = "\u{1b}[31m\u{9b}31m\u{7f}\u{202e}\u{feff}\u{e9}";
    let partner = json!({"name": nasty}).to_string();
    let stub =
        json!({"path": "x", "body": "pk_live_a-canary", "headers": {"x-key": "pk_live_a.canary"}});
    for (path, body) in [("/partners", partner), ("/stubs", stub.to_string())] {
        let made = ask(address, "POST", path, &body).await;
        let listed = ask(address, "GET", path, "").await;
        for response in [made, listed] {
            let is_obeyed = |char: char| char.is_control() || "\u{202e}\u{feff}".contains(char);
            assert!(!response.text.contains(is_obeyed), "{:?}", response.text);
            assert!(!response.text.contains("canary"), "{}", response.text);
        }
    }
    let listed = ask(address, "GET", "/partners", "").await;
    assert_eq!(listed.body["data"][1]["name"], nasty);
}
