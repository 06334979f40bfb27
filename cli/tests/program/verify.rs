//! `verify` finds every difference between the live service and the contract, reports nothing that
//! is not one, shows no data of clients, and never passes what could not be checked.

use std::time::Duration;

use partner_api_mock::{
    Company, Connection, Fault, MockServer, ResponseTemplate, Rule, Seed, Stub,
};
use serde_json::Value;

use crate::remote::{COMPANIES, DRIFTED, Run, WALLET, against, altered, run, serve, shown};

/// Severity, kind, path, and the count of findings and of checked values.
type Found = (String, String, String, u64, u64);

fn found(severity: &str, kind: &str, path: &str, count: u64, of: u64) -> Found {
    (severity.to_owned(), kind.to_owned(), path.to_owned(), count, of)
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

fn findings(report: &Value) -> Vec<Found> {
    let responses = report["responses"].as_array().unwrap();
    let all = responses.iter().flat_map(|response| response["findings"].as_array().unwrap());
    all.map(|one| {
        let text = |name: &str| one[name].as_str().unwrap();
        let number = |name: &str| one[name].as_u64().unwrap();
        found(text("severity"), text("kind"), text("path"), number("count"), number("of"))
    })
    .collect()
}

const PAGE: &str = include_str!("../../../docs/verify.md");

/// Values of the samples that identify somebody.
const DATA: [&str; 7] =
    ["clx123", "Acme", "Coffee", "clx456", "102290129340398", "106540352242922", "+237"];

fn shows_no_data(run: &Run) {
    for data in DATA.iter().chain(&["8450", "25.0", "hunter"]) {
        assert!(!run.stdout.contains(data) && !run.stderr.contains(data), "{data}: {run:?}");
    }
}

#[tokio::test]
async fn a_service_that_keeps_to_the_contract_conforms() {
    let mock = MockServer::start().await.unwrap();
    let text = against(&mock, &["verify"]).await;
    assert_eq!((text.code, text.stderr.as_str()), (Some(0), ""), "{text:?}");
    assert!(text.stdout.ends_with("\nconforms: 6 of 6 responses checked\n"), "{text:?}");
    shows_no_data(&text);

    let json = report(&against(&mock, &["verify", "--format", "json"]).await);
    assert_eq!((&json["result"], findings(&json)), (&"conforms".into(), Vec::new()));
    let asked: Vec<_> = mock.requests().iter().map(|request| request.method.clone()).collect();
    // Seven requests in each run: the last allows compression.
    assert_eq!(asked, ["GET"; 14], "it only reads");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn every_difference_of_a_body_is_found_at_its_place_and_nothing_else() {
    const CONNECTION: &str = "data[].connections[]";
    let in_connection = |field: &str| format!("{CONNECTION}.{field}");
    let (company, connection) = ("\"name\":", "\"wabaId\":");
    let rows: Vec<(&str, &str, &str, Found)> = vec![
        // Missing fields: the contract assumes that every field is there.
        (
            "companies",
            "\"name\":\"Acme Coffee\",",
            "",
            found("assumption", "missing-field", "data[].name", 1, 1),
        ),
        (
            "companies",
            "\"wabaId\":\"102290129340398\",",
            "",
            found("assumption", "missing-field", &in_connection("wabaId"), 1, 1),
        ),
        (
            "companies",
            "\"templates\":4",
            "",
            found("assumption", "missing-field", "data[]._count.templates", 1, 1),
        ),
        (
            "companies",
            ",\"_count\":{\"templates\":4}",
            "",
            found("assumption", "missing-field", "data[]._count", 1, 1),
        ),
        (
            "wallet",
            "\"currency\":\"XAF\",",
            "",
            found("assumption", "missing-field", "currency", 1, 1),
        ),
        (
            "companies",
            "\"data\":",
            "\"items\":",
            found("assumption", "missing-field", "data", 1, 1),
        ),
        // Nulls.
        ("companies", "\"Acme Coffee\"", "null", found("assumption", "null", "data[].name", 1, 1)),
        (
            "companies",
            "\"102290129340398\"",
            "null",
            found("assumption", "null", &in_connection("wabaId"), 1, 1),
        ),
        ("wallet", "8450", "null", found("assumption", "null", "balance", 1, 1)),
        (
            "companies",
            "{\"templates\":4}",
            "null",
            found("assumption", "null", "data[]._count", 1, 1),
        ),
        // Wrong types.
        ("companies", "\"clx123...\"", "123", found("violation", "type", "data[].id", 1, 1)),
        (
            "companies",
            "\"102290129340398\"",
            "102290129340398",
            found("violation", "type", &in_connection("wabaId"), 1, 1),
        ),
        (
            "companies",
            "{\"templates\":4}",
            "[4]",
            found("violation", "type", "data[]._count", 1, 1),
        ),
        (
            "companies",
            "{\"templates\":4}",
            "\"hunter\"",
            found("violation", "type", "data[]._count", 1, 1),
        ),
        (
            "companies",
            "{\"templates\":4}",
            "true",
            found("violation", "type", "data[]._count", 1, 1),
        ),
        ("wallet", "8450", "\"8450\"", found("violation", "type", "balance", 1, 1)),
        ("wallet", "8450", "8450.5", found("assumption", "type", "balance", 1, 1)),
        ("wallet", "8450", "8450.0", found("assumption", "type", "balance", 1, 1)),
        ("wallet", "8450", "845e1", found("assumption", "type", "balance", 1, 1)),
        ("wallet", "8450", "18446744073709551616", found("assumption", "format", "balance", 1, 1)),
        ("wallet", "\"25.0000\"", "25.0000", found("violation", "type", "creditUnitPrice", 1, 1)),
        // Wrong texts and numbers.
        ("wallet", "25.0000", "2.5e1", found("assumption", "pattern", "creditUnitPrice", 1, 1)),
        ("wallet", "25.0000", "25,0000", found("assumption", "pattern", "creditUnitPrice", 1, 1)),
        ("wallet", "25.0000", "-25.0000", found("assumption", "pattern", "creditUnitPrice", 1, 1)),
        ("wallet", "XAF", "xaf", found("assumption", "pattern", "currency", 1, 1)),
        (
            "wallet",
            "\"costPerMessage\":1",
            "\"costPerMessage\":-1",
            found("assumption", "minimum", "costPerMessage", 1, 1),
        ),
        (
            "companies",
            "\"templates\":4",
            "\"templates\":-4",
            found("assumption", "minimum", "data[]._count.templates", 1, 1),
        ),
        (
            "companies",
            "2026-06-01T10:12:00.000Z",
            "01/06/2026",
            found("assumption", "format", "data[].onboardedAt", 1, 1),
        ),
        (
            "companies",
            "2026-06-01T10:12:00.000Z",
            "2026-02-30T10:12:00.000Z",
            found("assumption", "format", "data[].onboardedAt", 1, 1),
        ),
        (
            "companies",
            "2026-06-01T10:12:00.000Z",
            "2026-06-01T10:12:00Z",
            found("assumption", "pattern", "data[].onboardedAt", 1, 1),
        ),
        (
            "companies",
            "2026-06-01T10:12:00.000Z",
            "2026-06-01T12:12:00.000+02:00",
            found("assumption", "pattern", "data[].onboardedAt", 1, 1),
        ),
        ("companies", "Acme Coffee", "\\ud800", found("violation", "format", "data[].name", 1, 1)),
        (
            "wallet",
            "\"currency\"",
            "\"balance\":1,\"currency\"",
            found("violation", "duplicate-field", "balance", 1, 2),
        ),
        // New fields and values, at each level.
        (
            "companies",
            "{\"data\"",
            "{\"nextPage\":\"hunter\",\"data\"",
            found("addition", "unknown-field", "nextPage", 1, 1),
        ),
        (
            "companies",
            company,
            "\"email\":\"hunter@example.com\",\"name\":",
            found("addition", "unknown-field", "data[].email", 1, 1),
        ),
        (
            "companies",
            connection,
            "\"tier\":{\"a\":[1,{}]},\"wabaId\":",
            found("addition", "unknown-field", &in_connection("tier"), 1, 1),
        ),
        (
            "companies",
            "\"templates\":4",
            "\"templates\":4,\"campaigns\":2",
            found("addition", "unknown-field", "data[]._count.campaigns", 1, 1),
        ),
        (
            "wallet",
            "\"currency\"",
            "\"reserved\":8450,\"currency\"",
            found("addition", "unknown-field", "reserved", 1, 1),
        ),
        (
            "companies",
            company,
            "\"+237690000000\":1,\"name\":",
            found("addition", "unknown-field", "data[].*", 1, 1),
        ),
        (
            "companies",
            "GREEN",
            "BLUE",
            found("addition", "unknown-value", &in_connection("qualityRating"), 1, 1),
        ),
        (
            "companies",
            "\"connected\"",
            "\"flagged_by_meta\"",
            found("addition", "unknown-value", &in_connection("status"), 1, 1),
        ),
        (
            "companies",
            "\"connected\"",
            "\"since 2026, hunter\"",
            found("addition", "unknown-value", &in_connection("status"), 1, 1),
        ),
        // Bodies that are not JSON.
        ("wallet", ",\"costPerMessage\":1}", "", found("violation", "not-json", "", 1, 1)),
        ("wallet", "8450", "08450", found("violation", "not-json", "", 1, 1)),
        ("wallet", "}", "} x", found("violation", "not-json", "", 1, 1)),
    ];
    for (operation, from, to, expected) in rows {
        let mock = MockServer::start().await.unwrap();
        let sample = if operation == "wallet" { WALLET } else { COMPANIES };
        serve(&mock.partner(), operation, altered(sample, from, to));
        let run = against(&mock, &["verify", "--format", "json"]).await;
        let json = report(&run);
        let mut expected = vec![expected];
        if to == "\"items\":" {
            expected.insert(0, found("addition", "unknown-field", "items", 1, 1));
        }
        assert_eq!(findings(&json), expected, "{from} -> {to}");
        assert_eq!((run.code, &json["result"]), (Some(1), &"drift".into()), "{from} -> {to}");
        shows_no_data(&run);
        let text = against(&mock, &["verify"]).await;
        let line = format!("  {:11}  {}", expected[0].0, expected[0].2);
        assert!(text.code == Some(1) && text.stdout.contains(&line), "{line}: {text:?}");
        shows_no_data(&text);
    }
}

#[tokio::test]
async fn every_difference_of_a_head_and_of_a_rejection_is_found() {
    const MISSING: &str = r#"{"error":"missing_bearer_token"}"#;
    const INVALID: &str = r#"{"error":"invalid_token"}"#;
    let refused = |status, body: &str| {
        Fault::status(status).body(body).header("www-authenticate", "Bearer realm=\"x\"")
    };
    // The mock's first request for the wallet without a partner has no key, the second an unknown
    // one.
    let (no_key, unknown_key) = (0, 1);
    for (which, fault, expected) in [
        (no_key, refused(401, INVALID), vec![found("violation", "code", "error", 1, 1)]),
        (unknown_key, refused(401, MISSING), vec![found("violation", "code", "error", 1, 1)]),
        (
            unknown_key,
            refused(401, r#"{"error":"expired_token"}"#),
            vec![found("violation", "code", "error", 1, 1)],
        ),
        (
            unknown_key,
            refused(401, r#"{"error":"hunter 2"}"#),
            vec![found("violation", "code", "error", 1, 1)],
        ),
        (
            unknown_key,
            refused(401, r#"{"message":"no"}"#),
            vec![
                found("addition", "unknown-field", "message", 1, 1),
                found("assumption", "missing-field", "error", 1, 1),
            ],
        ),
        (
            unknown_key,
            refused(401, r#"{"error":"invalid_token","hint":"hunter"}"#),
            vec![found("addition", "unknown-field", "hint", 1, 1)],
        ),
        (unknown_key, refused(403, INVALID), vec![found("violation", "status", "", 1, 1)]),
        // The worst case. The body is not checked.
        (
            unknown_key,
            Fault::status(200).body(WALLET),
            vec![found("violation", "not-rejected", "", 1, 1)],
        ),
        (
            no_key,
            Fault::status(200).body(WALLET),
            vec![found("violation", "not-rejected", "", 1, 1)],
        ),
        (
            unknown_key,
            Fault::status(401).body(INVALID),
            vec![found("assumption", "missing-header", "WWW-Authenticate", 1, 1)],
        ),
        (
            unknown_key,
            Fault::status(401).body(INVALID).header("www-authenticate", "Basic realm=\"x\""),
            vec![found("assumption", "header", "WWW-Authenticate", 1, 1)],
        ),
        (
            unknown_key,
            refused(401, "<html>401</html>").content_type("text/html"),
            vec![found("violation", "content-type", "Content-Type", 1, 1)],
        ),
    ] {
        let mock = MockServer::start().await.unwrap();
        // This rule takes the partner's requests, so that the next applies only to requests without
        // a partner.
        mock.partner().faults().add(Fault::passthrough().delay(Duration::from_nanos(1))).unwrap();
        mock.faults().add(Rule::new(fault).operation("wallet").after(which).times(1)).unwrap();
        let run = against(&mock, &["verify", "--format", "json"]).await;
        let json = report(&run);
        assert_eq!((findings(&json), run.code), (expected, Some(1)), "{json:#}");
        shows_no_data(&run);
    }

    let mock = MockServer::start().await.unwrap();
    let plain = Fault::passthrough().content_type("text/plain; charset=utf-8");
    mock.partner().faults().add(Rule::new(plain).operation("wallet")).unwrap();
    let run = against(&mock, &["verify", "--format", "json"]).await;
    let expected = [found("violation", "content-type", "Content-Type", 1, 1)];
    assert_eq!((findings(&report(&run)), run.code), (expected.to_vec(), Some(1)));
    assert!(run.stdout.contains("expected application/json, got text/plain"), "{run:?}");

    mock.partner().faults().clear();
    mock.partner().fail_next(Fault::status(404).body(r#"{"error":"not_found"}"#)).unwrap();
    let run = against(&mock, &["verify", "--format", "json"]).await;
    assert_eq!(
        (findings(&report(&run)), run.code),
        (vec![found("violation", "status", "", 1, 1)], Some(1))
    );
}

#[tokio::test]
async fn a_failed_check_ends_with_2_and_says_why() {
    for (fault, expected) in [
        (Fault::html_error_page(502), "an HTML page with status 502"),
        (
            Fault::status(200).body("<!doctype html>").content_type("text/html; charset=utf-8"),
            "an HTML page with status 200",
        ),
        (
            Fault::status(302).header("location", "https://evil.example/login?hunter=2"),
            "the server redirected to evil.example (302); redirects are not followed",
        ),
        (
            Fault::status(308).header("location", "/hunter"),
            "the server redirected (308); redirects are not followed",
        ),
        (Fault::status(500), "the service responded with 500 Internal Server Error; "),
        (Fault::status(503), "the service responded with 503 Service Unavailable; "),
        (
            Fault::status(429).retry_after(1),
            "the service responded with 429 Too Many Requests; it asks the client to slow down",
        ),
        (Fault::reset(), "the connection to 127.0.0.1:"),
        (Fault::close(), "the connection to 127.0.0.1:"),
        (Fault::garbage(), "unexpected response from 127.0.0.1:"),
        (Fault::passthrough().truncate(20), "the connection to 127.0.0.1:"),
        (Fault::malformed_chunk(), "the connection to 127.0.0.1:"),
        (Fault::hang(), "the call timed out after 5s waiting for 127.0.0.1:"),
        (Fault::passthrough().pad_to(1 << 30), "the response body is larger than 256 MiB"),
        (Fault::passthrough().header("content-encoding", "gzip"), "the body is compressed"),
    ] {
        let mock = MockServer::start().await.unwrap();
        mock.partner().faults().add(Rule::new(fault).operation("wallet")).unwrap();
        let run = against(&mock, &["verify", "--timeout", "5s"]).await;
        assert_eq!(run.code, Some(2), "{expected}: {run:?}");
        let line = format!("\n  not checked  {expected}");
        assert!(run.stdout.contains(&line), "{expected}: {run:?}");
        assert!(run.stdout.contains("unchecked: 5 of 6 responses checked"), "{run:?}");
        shows_no_data(&run);
    }
}

#[tokio::test]
async fn a_redirect_does_not_carry_the_key_away() {
    let (mock, elsewhere) =
        (MockServer::start().await.unwrap(), MockServer::start().await.unwrap());
    let location = format!("{}/api/v1/wallet", elsewhere.url());
    mock.faults().add(Fault::status(307).header("location", location)).unwrap();
    assert_eq!(against(&mock, &["verify"]).await.code, Some(2));
    assert_eq!(against(&mock, &["record"]).await.code, Some(2));
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_rejected_key_is_reported_and_the_rejections_are_still_checked() {
    let mock = MockServer::start().await.unwrap();
    mock.partner().deactivate();
    let run = against(&mock, &["verify"]).await;
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(
        run.stdout.matches("the service rejected the API key (401 invalid_token)").count(),
        2,
        "{run:?}"
    );
    assert!(run.stdout.ends_with("unchecked: 4 of 6 responses checked\n"), "{run:?}");
}

#[tokio::test]
async fn another_service_is_not_reported_as_drift() {
    let mock = MockServer::start().await.unwrap();
    let base = format!("{}/elsewhere", mock.url());
    let run = against(&mock, &["verify", "--base-url", &base]).await;
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stdout.contains("check the base URL"), "{run:?}");
}

#[tokio::test]
async fn drift_counts_even_if_something_else_could_not_be_checked() {
    let mock = MockServer::start().await.unwrap();
    serve(&mock.partner(), "companies", r#"{"data":{}}"#);
    mock.partner().faults().add(Rule::new(Fault::status(503)).operation("wallet")).unwrap();
    let run = against(&mock, &["verify"]).await;
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("drift: 1 violation, 5 of 6 responses checked"), "{run:?}");
}

#[tokio::test]
async fn a_closed_port_and_one_without_tls_end_with_2_immediately() {
    let mock = MockServer::start().await.unwrap();
    let secure = mock.url().replace("http://", "https://");
    let address = mock.address();
    let run = against(&mock, &["verify", "--base-url", &secure]).await;
    assert_eq!(run.code, Some(2));
    assert_eq!(run.stdout.matches("TLS handshake with 127.0.0.1:").count(), 1, "{run:?}");
    assert_eq!(run.stdout.matches("the service cannot be reached").count(), 5, "{run:?}");
    mock.shutdown().await;
    let base = format!("http://{address}");
    let run = crate::remote::run(
        &["verify", "--base-url", &base],
        &[("PARTNER_API_KEY", "pk_live_hunter")],
    )
    .await;
    assert_eq!(run.code, Some(2));
    assert!(run.stdout.contains("could not connect to 127.0.0.1:"), "{run:?}");
    shows_no_data(&run);
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_not_used_for_this_machine() {
    let (mock, proxy) = (MockServer::start().await.unwrap(), MockServer::start().await.unwrap());
    let key = mock.api_key();
    let mut variables = vec![("PARTNER_API_KEY", key.as_str())];
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        variables.push((name, proxy.url()));
    }
    let run = run(&["verify", "--base-url", mock.url()], &variables).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn values_that_an_account_does_not_have_are_reported_as_not_seen() {
    let mock = MockServer::builder().seed(Seed::empty()).start().await.unwrap();
    let run = against(&mock, &["verify"]).await;
    assert_eq!(run.code, Some(0));
    assert!(run.stdout.contains("  not seen     data[] and the 13 parts below\n"), "{run:?}");
    assert!(
        run.stdout.ends_with("conforms: 6 of 6 responses checked, 14 parts not seen\n"),
        "{run:?}"
    );

    mock.partner().add_company(Company::new("c-1", "Acme Coffee"));
    let json = report(&against(&mock, &["verify", "--format", "json"]).await);
    let not_seen = json["responses"][0]["notSeen"].as_array().unwrap();
    assert_eq!(not_seen.len(), 7);
    assert!(not_seen.iter().all(|path| path.as_str().unwrap().starts_with("data[].connections[]")));

    let junit = against(&mock, &["verify", "--format", "junit"]).await.stdout;
    assert_eq!(junit.matches("<skipped ").count(), 7, "{junit}");
}

#[tokio::test]
async fn allowed_differences_are_reported_and_do_not_fail() {
    let mock = MockServer::start().await.unwrap();
    let companies = altered(COMPANIES, "GREEN", "BLUE");
    serve(&mock.partner(), "companies", altered(&companies, ".000Z", "Z"));
    for (allowed, code) in [
        (&[][..], 1),
        (&["--allow", "additions"], 1),
        (&["--allow", "assumptions"], 1),
        (&["--allow", "additions", "--allow", "assumptions"], 0),
    ] {
        let arguments = [&["verify", "--format", "junit"], allowed].concat();
        let run = against(&mock, &arguments).await;
        assert_eq!(run.code, Some(code), "{allowed:?}");
        let failures = 2 - allowed.len() / 2;
        assert_eq!(run.stdout.matches("<failure ").count(), failures, "{}", run.stdout);
        assert_eq!(run.stdout.matches("<system-out>").count(), 2 - failures, "{}", run.stdout);
        assert!(run.stdout.contains(&format!(" failures=\"{failures}\" ")), "{}", run.stdout);
    }
    let text = against(&mock, &["verify", "--allow", "additions"]).await;
    assert!(
        text.stdout
            .ends_with("drift: 1 assumption, 1 addition (allowed), 6 of 6 responses checked\n"),
        "{text:?}"
    );
    serve(&mock.partner(), "wallet", "[]");
    let all = ["verify", "--allow", "additions", "--allow", "assumptions"];
    assert_eq!(against(&mock, &all).await.code, Some(1), "drift cannot be allowed");
}

#[tokio::test]
async fn values_are_shown_on_request_and_escaped() {
    let mock = MockServer::start().await.unwrap();
    let hostile = "\\u001b[2J<b>\\u202eACME'&]]>\\\"";
    let companies = altered(COMPANIES, "GREEN", hostile);
    let companies = altered(&companies, "2026-06-01T10:12:00.000Z", hostile);
    let companies = altered(&companies, "\"name\":", &format!("\"{hostile}\":1,\"name\":"));
    serve(&mock.partner(), "companies", companies);
    for format in ["text", "json", "junit"] {
        let hidden = against(&mock, &["verify", "--format", format]).await.stdout;
        assert!(!hidden.contains("ACME"), "{hidden}");
        let shown = against(&mock, &["verify", "--show-values", "--format", format]).await.stdout;
        assert!(shown.contains("ACME"), "{shown}");
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        if format == "junit" {
            assert!(!shown.contains("<b>") && shown.contains("&lt;b&gt;"), "{shown}");
        }
    }
}

#[tokio::test]
async fn the_docs_show_the_report() {
    let mock = MockServer::start().await.unwrap();
    serve(&mock.partner(), "companies", DRIFTED);
    let run = against(&mock, &["verify"]).await;
    let told = run.stdout.replace(mock.url(), "https://app.example.com");
    assert_eq!(shown(PAGE, "partner-api verify --base-url https://app.example.com\n", "```"), told);
    assert_eq!(run.code, Some(1));
    shows_no_data(&run);
}

#[tokio::test]
async fn hundred_thousand_companies_are_one_finding() {
    let mock = MockServer::builder().seed(Seed::empty()).start().await.unwrap();
    let companies = (0..100_000).map(|number| {
        let connection = Connection::new(format!("n-{number}"));
        let mut company = Company::new(format!("c-{number}"), "Acme Coffee");
        if number % 4 == 3 {
            company = company.with_connection(connection.with_quality_rating("BLUE"));
        }
        company
    });
    mock.partner().set_companies(companies);
    let run = against(&mock, &["verify", "--format", "json"]).await;
    let json = report(&run);
    let path = "data[].connections[].qualityRating";
    assert_eq!(findings(&json), [found("addition", "unknown-value", path, 25_000, 25_000)]);
    let finding = &json["responses"][0]["findings"][0];
    assert_eq!(finding["first"], "data[3].connections[0].qualityRating");
}

#[tokio::test]
async fn many_different_values_and_names_are_data_and_not_shown() {
    let mock = MockServer::start().await.unwrap();
    let names = ["Ada", "Ben", "Cyd", "Dee", "Eli", "Fay", "Gus", "Hal", "Ida", "Joy"];
    let connection = Connection::new("n");
    let connections = names.map(|name| connection.clone().with_quality_rating(name));
    let mut company = Company::new("c", "C");
    company.connections = connections.to_vec();
    mock.partner().set_companies(vec![company]);
    let fields = names.map(|name| format!("\"{name}\":1,")).concat();
    serve(&mock.partner(), "wallet", altered(WALLET, "{", &format!("{{{fields}")));
    let run = against(&mock, &["verify"]).await;
    for name in names {
        assert!(!run.stdout.contains(name), "{run:?}");
    }
    assert!(
        run.stdout.contains(
            "qualityRating: unknown values (many different, not shown)\n               10 of 10, "
        ),
        "{run:?}"
    );
    assert!(run.stdout.contains("  addition     *: unknown fields (many different, not shown)\n               10 times\n"), "{run:?}");
}

#[tokio::test]
async fn a_too_deeply_nested_body_is_an_error() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    for (from, to, code) in [
        ("\"name\":", format!("\"deep\":{deep},\"name\":"), 1),
        ("\"Acme Coffee\"", deep.clone(), 1),
        ("{\"templates\":4}", deep.clone(), 1),
        ("[{\"id\":\"clx123...\"", format!("[{deep},{{\"id\":\"clx123...\""), 1),
    ] {
        let mock = MockServer::start().await.unwrap();
        serve(&mock.partner(), "companies", altered(COMPANIES, from, &to));
        let run = against(&mock, &["verify", "--show-values"]).await;
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.stdout.len() < 4096, "{run:?}");
        let run = against(&mock, &["record"]).await;
        assert_eq!(run.code, Some(0), "{run:?}");
    }
}

#[tokio::test]
async fn the_report_goes_to_a_file_and_the_verdict_to_stderr() {
    let mock = MockServer::start().await.unwrap();
    let file = std::env::temp_dir().join(format!("verify-{}.xml", std::process::id()));
    let name = file.to_str().unwrap();
    let run = against(&mock, &["verify", "--format", "junit", "--output", name]).await;
    let written = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""));
    assert_eq!(run.stderr, "partner-api: conforms: 6 of 6 responses checked\n");
    assert!(written.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "));
    assert_eq!(written.matches("<testcase ").count(), 29, "{written}");

    let run = against(&mock, &["verify", "--output", "/no-such-folder/report"]).await;
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("/no-such-folder/report: cannot be written: "), "{run:?}");
}

#[tokio::test]
async fn a_stub_of_the_wallet_that_follows_the_contract_conforms() {
    let mock = MockServer::start().await.unwrap();
    let reply = ResponseTemplate::json(200, format!(" {WALLET}\n"));
    let stub = Stub::get("wallet").override_documented().respond(reply);
    mock.partner().add_stub(stub).unwrap();
    assert_eq!(against(&mock, &["verify"]).await.code, Some(0));
}

#[tokio::test]
async fn wrong_options_are_an_error_in_one_line_and_end_with_2() {
    let key = ("PARTNER_API_KEY", "pk_live_hunter");
    let base = "--base-url";
    for (arguments, environment, expected) in [
        (&[][..], &[key][..], "no base URL: pass --base-url, or set PARTNER_API_BASE_URL"),
        (&[base, "https://a.example"], &[], "no key: set PARTNER_API_KEY"),
        (
            &[base, "https://a.example"],
            &[("PARTNER_API_KEY", " \n")],
            "no key: set PARTNER_API_KEY",
        ),
        (
            &[base, "https://a.example"],
            &[("PARTNER_API_KEY", "hunter 2")],
            "PARTNER_API_KEY: the API key contains an invalid character at byte offset 6; allowed are letters, digits and -._~+/, and = at the end",
        ),
        (
            &[base, "http://a.example"],
            &[key],
            "--base-url: http://a.example would send the API key unencrypted; use https",
        ),
        (
            &[],
            &[key, ("PARTNER_API_BASE_URL", "http://a.example")],
            "PARTNER_API_BASE_URL: http://a.example would send the API key unencrypted; use https",
        ),
        (
            &[base, "https://u:hunter@a.example"],
            &[key],
            "--base-url: user info before the host is not supported; set the key with PARTNER_API_KEY",
        ),
        (
            &[base, "https://a.example"],
            &[key, ("HTTPS_PROXY", "hunter:://")],
            "HTTPS_PROXY: not the URL of an HTTP proxy; expected for example http://proxy.example.com:3128",
        ),
    ] {
        let run = run(&[&["verify"], arguments].concat(), environment).await;
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert_eq!(run.stderr, format!("partner-api: {expected}\n"));
    }
}
