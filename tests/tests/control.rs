//! The `OpenAPI` document of the control API is complete and exact: every route is in it and no
//! other, every declared response can be received, and every response is as declared.

#![expect(clippy::indexing_slicing, reason = "a test reports a failure by a panic")]

use std::collections::BTreeSet;

use partner_api_mock::{Control, MAX_CONTROL_BODY, MockServer, ResponseTemplate, Stub};
use partner_api_tests::contract::{Contract, items};
use partner_api_tests::control::{Observed, PREFIX, TEXT, head};
use partner_api_tests::{Checked, document};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[test]
fn the_document_is_valid_openapi_3_1_and_consistent() -> Checked {
    let contract = Contract::parse(TEXT)?;
    document::valid(&contract)?;
    document::consistent(&contract)
}

#[test]
fn the_document_has_the_routes_of_the_mock_and_no_other() -> Checked {
    let contract = Contract::parse(TEXT)?;
    let operations = contract.operations()?;
    let declared: BTreeSet<_> =
        operations.iter().map(|one| (one.method, one.path.to_owned())).collect();
    assert_eq!(declared.len(), operations.len());
    for one in &operations {
        let names: Vec<_> = one.path.split(['{', '}']).skip(1).step_by(2).collect();
        let item = &contract.document()["paths"][one.path];
        let mut described = Vec::new();
        for parameter in items(item, "parameters") {
            described.push(contract.resolved(parameter)?["name"].as_str().unwrap_or_default());
        }
        assert_eq!(described, names, "{}", one.path);
    }
    Ok(())
}

/// Unknown fields are rejected, so the document must not allow them.
#[test]
fn every_object_that_is_sent_is_closed() -> Checked {
    let contract = Contract::parse(TEXT)?;
    let mut objects = 0;
    for one in contract.operations()? {
        let Some(schema) = one.node.pointer("/requestBody/content/application~1json/schema") else {
            continue;
        };
        let schema = contract.resolved(schema)?;
        let alternatives = ["anyOf", "oneOf"].into_iter().flat_map(|key| items(schema, key));
        for schema in std::iter::once(schema).chain(alternatives) {
            let schema = contract.resolved(schema)?;
            if schema["type"] == "object" {
                assert_eq!(schema["additionalProperties"], false, "{}", one.id);
                objects += 1;
            }
        }
    }
    assert!(objects > 15, "{objects}");
    Ok(())
}

#[test]
fn the_limit_in_the_document_is_that_of_the_code() {
    assert!(TEXT.contains(&format!("more than {} MiB", MAX_CONTROL_BODY >> 20)));
}

/// A valid body for an operation, so that only the id in its path is wrong.
fn good_body(operation: &str) -> &'static str {
    match operation {
        "addPartner" => r#"{"name":"any"}"#,
        "changePartner" | "changeWallet" | "replaceWallet" | "changeCompany" | "addKey"
        | "changeConnection" => "{}",
        "replaceCompanies" => r#"{"data":[]}"#,
        "addCompany" | "replaceCompany" => r#"{"id":"c","name":"C"}"#,
        "addConnection" | "replaceConnection" => r#"{"id":"n"}"#,
        "addFault" | "addFaultOfPartner" => r#"{"status":503,"times":0}"#,
        "addStub" | "addStubOfPartner" => r#"{"path":"any"}"#,
        "setClock" => r#"{"paused":false}"#,
        "advanceClock" => r#"{"by":1}"#,
        "startOutage" => r#"{"kind":"reset","duration":"1ms"}"#,
        _ => "",
    }
}

/// Requests that every route rejects in the same way.
async fn rejected_requests(seen: &mut Observed, contract: &Contract) -> Checked {
    for one in contract.operations()? {
        let (method, usual) = (one.method, seen.usual_headers());
        let below = one.path.strip_prefix(PREFIX).unwrap_or_default();
        let path = below.replace("{partner}", "p-1").replace(['{', '}'], "");
        let body = good_body(one.id);
        let foreign = format!("origin: http://evil.example\r\n{usual}");
        assert_eq!(seen.send_with(method, &path, &foreign, body).await?.status, 403);
        let no_host = usual.replacen("host: ", "host: a b ", 1);
        assert_eq!(seen.send_with(method, &path, &no_host, body).await?.status, 400);
        if method != "GET" {
            let text = usual.replace("application/json", "text/plain");
            assert_eq!(seen.send_with(method, &path, &text, body).await?.status, 415);
        }
        if !matches!(method, "GET" | "DELETE") {
            assert_eq!(seen.send_too_large(method, &path).await?.status, 413);
        }
        assert_eq!(seen.send("OPTIONS", &path, "").await?.status, 405);
        if one.path.contains('{') {
            let path = below.replace(['{', '}'], "");
            let error = seen.expect(method, &path, body, 404).await?;
            assert_eq!(error["error"], "not_found");
        }
        if one.node.get("requestBody").is_some() {
            let path = path
                .replace("/companies/company", "/companies/c")
                .replace("/connections/connection", "/connections/n");
            for wrong in ["[]", "{", r#"{"no such field":1}"#, "null", "\u{1}"] {
                let error = seen.expect(method, &path, wrong, 400).await?;
                assert_eq!(error["error"], "invalid", "{}", one.id);
            }
        }
    }
    for path in ["/no-such-thing", "/partners/p-1/nothing", "//", "/partners/"] {
        assert_eq!(seen.send("GET", path, "").await?.status, 404);
    }
    Ok(())
}

async fn partners_and_data(seen: &mut Observed) -> Checked {
    let rich = json!({
        "name": "rich", "active": true, "keys": ["pk_live_rich"],
        "wallet": {"balance": -5, "currency": "EUR", "creditUnitPrice": "0.10", "costPerMessage": 2},
        "companies": [{"id": "a/b", "name": "A", "onboardedAt": "2026-01-02T03:04:05Z",
            "connections": [{"id": "n 1", "qualityRating": "RED", "status": "odd"}],
            "_count": {"templates": 3}}],
        "faults": [{"delay": "1ms", "times": 0}, "status=503 times=0"],
        "stubs": [{"path": "stats", "json": {"sent": 3}}],
    });
    let added = seen.expect("POST", "/partners", &rich.to_string(), 201).await?;
    assert_eq!(added.get("key"), None);
    let made = r#"{"name":"made","generate":{"companies":3,"rngSeed":7}}"#;
    let made = seen.expect("POST", "/partners", made, 201).await?;
    assert!(made["key"].as_str().is_some_and(|key| key.starts_with("pk_live_")));
    seen.expect("POST", "/partners", &rich.to_string(), 409).await?;

    let all = seen.expect("GET", "/partners", "", 200).await?;
    assert!(items(&all, "data").all(|one| one.get("key").is_none()));
    let one = format!("/partners/{}", added["id"].as_str().unwrap_or_default());
    seen.expect("GET", &one, "", 200).await?;
    seen.expect("HEAD", &one, "", 200).await?;
    seen.expect("PATCH", &one, r#"{"name":"richer","active":false}"#, 200).await?;

    seen.expect("GET", &format!("{one}/wallet"), "", 200).await?;
    seen.expect("PATCH", &format!("{one}/wallet"), r#"{"creditUnitPrice":"-1.50"}"#, 200).await?;
    seen.expect("PUT", &format!("{one}/wallet"), "{}", 200).await?;

    let companies = format!("{one}/companies");
    seen.expect("GET", &companies, "", 200).await?;
    seen.expect("GET", &format!("{companies}/a%2Fb"), "", 200).await?;
    seen.expect("PATCH", &format!("{companies}/a%2Fb"), r#"{"_count":{"templates":0}}"#, 200)
        .await?;
    let new = r#"{"id":"n2"}"#;
    seen.expect("POST", &format!("{companies}/a%2Fb/connections"), new, 201).await?;
    let connection = format!("{one}/connections/n%201");
    seen.expect("GET", &connection, "", 200).await?;
    seen.expect("PATCH", &connection, r#"{"status":"odder"}"#, 200).await?;
    seen.expect("PUT", &connection, r#"{"id":"n 1"}"#, 200).await?;
    seen.expect("DELETE", &connection, "", 204).await?;
    seen.expect("PUT", &format!("{companies}/a%2Fb"), r#"{"id":"c","name":"C"}"#, 200).await?;
    seen.expect("DELETE", &format!("{companies}/c"), "", 204).await?;
    seen.expect("POST", &companies, r#"{"id":"d","name":"D"}"#, 201).await?;
    seen.expect("PUT", &companies, r#"{"generate":{"companies":2}}"#, 200).await?;
    seen.expect("PUT", &companies, r#"{"data":[{"id":"e","name":"E"}]}"#, 200).await?;
    seen.expect("DELETE", &companies, "", 204).await?;

    let keys = format!("{one}/keys");
    let key = seen.expect("POST", &keys, "", 201).await?;
    seen.expect("POST", &keys, r#"{"key":"pk_live_mine=="}"#, 201).await?;
    seen.expect("POST", &keys, r#"{"key":"pk_live_mine=="}"#, 409).await?;
    let revoked = format!("{keys}/{}", key["id"].as_str().unwrap_or_default());
    seen.expect("DELETE", &revoked, "", 204).await?;
    seen.expect("DELETE", &revoked, "", 204).await?;
    seen.expect("GET", &keys, "", 200).await?;
    seen.expect("DELETE", &one, "", 204).await?;
    Ok(())
}

/// Every option of a rule once, without two that exclude each other.
const RULES: [&str; 9] = [
    r#"{"status":503,"htmlErrorPage":true,"retryAfter":1,"headers":{"x-a":"1"},"operation":"wallet"}"#,
    r#"{"body":"x","contentType":"text/plain","retryAfterDateIn":"2s","throttle":"2ms","key":"k"}"#,
    r#"{"delay":"lognormal(1ms,0.5)","slowHeaders":1,"truncate":3,"probability":0.0,"rngSeed":7,"ttl":"1m"}"#,
    r#"{"contentLength":9,"after":1,"every":2}"#,
    r#"{"malformedJson":true,"flapping":"2/3","operation":"/api/v1/stats"}"#,
    r#"{"invalidUtf8":true,"partner":"default"}"#,
    r#"{"padTo":4096,"times":0}"#,
    r#"{"set":{"/data/0/name":null},"remove":["/data/0/id"],"firstPage":1,"times":0}"#,
    r#"{"connection":"hang","times":0}"#,
];

async fn faults_and_stubs(seen: &mut Observed) -> Checked {
    for base in ["", "/partners/p-1"] {
        let faults = format!("{base}/faults");
        for rule in RULES {
            seen.expect("POST", &faults, rule, 201).await?;
        }
        let added = seen.expect("POST", &faults, r#""status=503 times=2""#, 201).await?;
        seen.expect("GET", &faults, "", 200).await?;
        let one = format!("/faults/{}", added["id"].as_str().unwrap_or_default());
        seen.expect("GET", &one, "", 200).await?;
        seen.expect("DELETE", &one, "", 204).await?;
        seen.expect("GET", &one, "", 404).await?;
        seen.expect("DELETE", &faults, "", 204).await?;

        let stubs = format!("{base}/stubs");
        for stub in [
            r#"{"path":"stats"}"#,
            r#"{"method":"POST","path":"templates/{id}","status":201,"json":[1.50]}"#,
            r#"{"path":"/api/v1/x","body":"text","headers":{"x-a":"1"},"status":404}"#,
            r#"{"path":"wallet","overrideDocumented":true,"status":204}"#,
        ] {
            let added = seen.expect("POST", &stubs, stub, 201).await?;
            let one = format!("/stubs/{}", added["id"].as_str().unwrap_or_default());
            seen.expect("GET", &one, "", 200).await?;
            seen.expect("DELETE", &one, "", 204).await?;
        }
        seen.expect("GET", &stubs, "", 200).await?;
        seen.expect("DELETE", &stubs, "", 204).await?;
    }
    // They were added without a partner in the path, and belong to the partner that they name.
    seen.expect("DELETE", "/partners/p-1/faults", "", 204).await?;
    Ok(())
}

async fn call(mock: &MockServer, key: &str, path: &str) -> Checked {
    let mut stream = TcpStream::connect(mock.address()).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

async fn journal(seen: &mut Observed, mock: &MockServer) -> Checked {
    let rule = r#"{"status":503,"probability":1.0,"delay":"1ms","times":1}"#;
    seen.expect("POST", "/partners/p-1/faults", rule, 201).await?;
    seen.expect("POST", "/partners/p-1/faults", r#"{"connection":"close","times":1}"#, 201).await?;
    let stub = r#"{"path":"stats","body":"text"}"#;
    seen.expect("POST", "/partners/p-1/stubs", stub, 201).await?;
    // A response from a fault, a lost response, a stub's, a large one, one to a request without a
    // key.
    seen.expect("PUT", "/partners/p-1/companies", r#"{"generate":{"companies":40}}"#, 200).await?;
    for path in ["/api/v1/wallet?x=1", "/api/v1/wallet", "/api/v1/stats", "/api/v1/companies"] {
        call(mock, &mock.api_key(), path).await?;
    }
    call(mock, "pk_live_nobodys", "/api/v1/wallet").await?;

    for base in ["", "/partners/p-1"] {
        let requests = format!("{base}/requests");
        let all = seen.expect("GET", &requests, "", 200).await?;
        let bodies = items(&all, "data").filter_map(|one| one["id"].as_str());
        let mut responses = Vec::new();
        for id in bodies {
            let one = seen.expect("GET", &format!("/requests/{id}"), "", 200).await?;
            responses.push(one["response"].clone());
        }
        assert!(items(&all, "data").all(|one| one.get("response").is_none()));
        assert!(
            responses.contains(&Value::Null) && responses.iter().any(|one| one["body"].is_string())
        );
        assert!(responses.iter().any(|one| one["body"].is_null() && one["length"].is_number()));
        seen.expect("GET", &format!("{requests}?path=wallet&status=503&exactly=1"), "", 200)
            .await?;
        seen.expect("GET", &format!("{requests}?atLeast=1000&within=1ms"), "", 409).await?;
        seen.expect("GET", &format!("{requests}?after=req-1000&within=1ms&limit=5"), "", 200)
            .await?;
    }
    for base in ["/partners/p-1", ""] {
        seen.expect("GET", &format!("{base}/report"), "", 200).await?;
        seen.expect("DELETE", &format!("{base}/requests"), "", 204).await?;
        let left = seen.expect("GET", &format!("{base}/requests"), "", 200).await?;
        assert_eq!(items(&left, "data").count(), 0);
    }
    Ok(())
}

async fn mock_and_clock(seen: &mut Observed) -> Checked {
    for path in [
        "/health",
        "/ready",
        "/info",
        "/",
        "/page/page.js",
        "/page/page.css",
        "/page/icon.svg",
        "/openapi/partner-api.yaml",
        "/openapi/control.yaml",
    ] {
        assert_eq!(seen.send("GET", path, "").await?.status, 200, "{path}");
    }
    assert_eq!(seen.send("GET", "", "").await?.status, 308);
    for (path, text) in
        [("/openapi/partner-api", partner_api_tests::contract::TEXT), ("/openapi/control", TEXT)]
    {
        let yaml = seen.send("GET", &format!("{path}.yaml"), "").await?;
        assert_eq!(yaml.text()?, text);
        let json = seen.expect("GET", &format!("{path}.json"), "", 200).await?;
        assert_eq!(&json, Contract::parse(text)?.document());
    }
    seen.expect("GET", "/clock", "", 200).await?;
    seen.expect("POST", "/clock/advance", r#"{"by":"30s"}"#, 409).await?;
    seen.expect("PUT", "/clock", r#"{"paused":true}"#, 200).await?;
    let set = r#"{"paused":true,"now":"2026-06-01T10:12:00.000Z"}"#;
    seen.expect("PUT", "/clock", set, 200).await?;
    let moved = seen.expect("POST", "/clock/advance", r#"{"by":"30s"}"#, 200).await?;
    assert_eq!(moved, json!({"now": "2026-06-01T10:12:30.000Z", "paused": true}));
    seen.expect("POST", "/reset", "", 204).await?;
    assert_eq!(seen.expect("GET", "/clock", "", 200).await?["paused"], false);
    Ok(())
}

/// One more of each kind than the limit allows.
async fn full(seen: &mut Observed, mock: &MockServer) -> Checked {
    let partner = mock.partner();
    for number in 0..10_000 {
        mock.add_partner("one of many");
        partner.faults().add("status=503 times=0".parse::<partner_api_mock::Rule>()?)?;
        let reply = ResponseTemplate::json(200, format!("{number}"));
        mock.add_stub(Stub::get("stats").respond(reply))?;
    }
    seen.expect("POST", "/partners", r#"{"name":"one more"}"#, 409).await?;
    for base in ["", "/partners/p-1"] {
        seen.expect("POST", &format!("{base}/faults"), r#"{"status":503}"#, 409).await?;
        seen.expect("POST", &format!("{base}/stubs"), r#"{"path":"stats"}"#, 409).await?;
    }
    mock.reset();
    Ok(())
}

async fn without_a_token(seen: &mut Observed, contract: &Contract) -> Checked {
    let none = seen.usual_headers().replace("authorization", "x-other");
    for one in contract.operations()? {
        let below = one.path.strip_prefix(PREFIX).unwrap_or_default();
        let path = below.replace("{file}", "page.js").replace(['{', '}'], "");
        let response = seen.send_with(one.method, &path, &none, good_body(one.id)).await?;
        let is_open = one.node["security"] == json!([]);
        assert_eq!(response.status == 401, !is_open, "{}", one.id);
    }
    Ok(())
}

async fn while_it_ends(seen: &mut Observed, mock: MockServer) -> Checked {
    let address = mock.address();
    let mut begun = TcpStream::connect(address).await?;
    let head = head("GET", "/ready", &seen.usual_headers());
    let (first, rest) = head.split_at(20);
    begun.write_all(first.as_bytes()).await?;
    // This response comes after the other connection was accepted, so that request is in progress
    // now.
    seen.expect("GET", "/ready", "", 200).await?;
    let ending = tokio::spawn(mock.shutdown());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    begun.write_all(rest.as_bytes()).await?;
    let mut response = Vec::new();
    begun.read_to_end(&mut response).await?;
    assert_eq!(seen.judge("GET", "/ready", "", &response)?.status, 503);
    Ok(ending.await?)
}

#[tokio::test]
async fn every_declared_response_can_be_received_and_is_as_declared() -> Checked {
    let contract = Contract::parse(TEXT)?;
    let mock = MockServer::builder().control(Control::new()).start().await?;
    let mut seen = Observed::new(contract.clone(), mock.address());
    mock_and_clock(&mut seen).await?;
    seen.expect(
        "POST",
        "/partners/p-1/companies",
        r#"{"id":"c","name":"C","connections":[{"id":"n"}]}"#,
        201,
    )
    .await?;
    rejected_requests(&mut seen, &contract).await?;
    seen.expect("POST", "/reset", "", 204).await?;
    partners_and_data(&mut seen).await?;
    faults_and_stubs(&mut seen).await?;
    journal(&mut seen, &mock).await?;
    full(&mut seen, &mock).await?;
    // Last, because the port is down soon after the response.
    seen.expect("POST", "/outage", r#"{"kind":"reset","duration":"10m"}"#, 202).await?;

    let other = MockServer::builder().control(Control::new().token("a-token")).start().await?;
    let mut seen = seen.continue_with(other.address(), "a-token");
    without_a_token(&mut seen, &contract).await?;
    while_it_ends(&mut seen, other).await?;
    assert_eq!(seen.unseen()?, [""; 0]);
    Ok(())
}

/// The check itself must be able to fail.
#[tokio::test]
async fn a_response_that_is_not_as_declared_fails_the_check() -> Checked {
    let mock = MockServer::builder().control(Control::new()).start().await?;
    let published = Contract::parse(TEXT)?;
    let health = "/components/schemas/Health";
    let headers = "/paths/~1_mock~1health/get/responses/200/headers";
    let control = json!({"$ref": "#/components/headers/Control"});
    for (place, value) in [
        (health.to_owned(), json!({"type": "string"})),
        (format!("{health}/properties/status"), json!({"type": "string", "enum": ["fine"]})),
        (format!("{health}/properties"), json!({"state": {"type": "string"}})),
        (headers.to_owned(), json!({"X-Another": control})),
        ("/components/headers/Control/schema/enum".to_owned(), json!(["other"])),
    ] {
        let mut altered = published.document().clone();
        *altered.pointer_mut(&place).ok_or("nothing to alter")? = value;
        // JSON is YAML.
        let altered = Contract::parse(&altered.to_string())?;
        let mut seen = Observed::new(altered, mock.address());
        assert!(seen.send("GET", "/health", "").await.is_err(), "{place}");
    }
    Ok(())
}
