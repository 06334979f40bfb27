//! A recorded account starts a mock that serves the same schema, does not identify the clients,
//! contains no key, and overwrites no file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use partner_api_mock::{Company, Connection, Fault, MockServer, Seed};
use serde_json::{Value, json};

use crate::remote::{COMPANIES, DRIFTED, WALLET, against, altered, run, serve, shown};

const PAGE: &str = include_str!("../../../docs/record.md");

/// The path of a file that does not exist.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("record-{}-{name}.json", std::process::id())))
    }

    fn name(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Three companies that share accounts, a number and a name, with different times.
async fn account() -> MockServer {
    let mock = MockServer::builder().seed(Seed::empty()).start().await.unwrap();
    let mut first = Connection::new("clx0001").with_status("flagged");
    first.display_phone_number = "+237 6 90 12 34 56".into();
    let mut second = Connection::new("clx0002").with_quality_rating("RED");
    second.phone_number_id = "106540352249999".into();
    second.display_phone_number = "+33 6 12-34-56-78".into();
    let mut third = first.clone();
    third.id = "clx0003".into();
    let mut acme = Company::new("clxacme001", "Acme Coffee");
    acme.onboarded_at = "2024-02-29T23:59:59.999Z".parse().unwrap();
    acme.template_count = 7;
    acme.connections = vec![first, second];
    let mut blue = Company::new("clxblue001", "Blue Bakery").with_connection(third);
    blue.onboarded_at = "2025-01-01T00:00:00.000Z".parse().unwrap();
    let mut again = Company::new("clxacme002", "Acme Coffee");
    again.onboarded_at = "2023-01-01T00:00:00.000Z".parse().unwrap();
    mock.partner().set_companies(vec![acme, blue, again]);
    mock.partner().update_wallet(|wallet| {
        wallet.balance = -120_450;
        wallet.currency = "EUR".into();
        wallet.credit_unit_price = "0.0385".parse().unwrap();
        wallet.cost_per_message = 3;
    });
    mock
}

const REAL: [&str; 14] = [
    "clx0001",
    "clx0002",
    "clx0003",
    "clxacme",
    "clxblue",
    "Acme",
    "Blue",
    "102290129340398",
    "106540352242922",
    "106540352249999",
    "90 12 34 56",
    "12-34-56",
    "120450",
    "0.0385",
];

#[tokio::test]
async fn a_recorded_seed_serves_the_same_schema_and_no_real_data() {
    let (live, file) = (account().await, File::new("round-trip"));
    let run = against(&live, &["record", "--output", file.name()]).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    let told = "partner-api: recorded companies: 3, with connections: 3\n";
    assert_eq!(run.stderr, told);
    let text = file.text();
    for real in
        REAL.iter().chain(&[live.api_key().as_str(), "2024-02-29", "2025-01-01", "2023-01-01"])
    {
        assert!(!text.contains(real), "{real}: {text}");
    }
    let asked: Vec<_> = live.requests().iter().map(|request| request.method.clone()).collect();
    assert_eq!(asked, ["GET"; 2], "it only reads");

    let seed = Seed::from_path(&file.0).unwrap();
    let mock = MockServer::builder().seed(seed).start().await.unwrap();
    assert_eq!(mock.api_key(), "pk_live_recordedrecordedrecorded");
    let verified =
        against(&mock, &["verify", "--allow", "additions", "--allow", "assumptions"]).await;
    assert_eq!(verified.code, Some(0), "{verified:?}");

    let (before, after) = (live.partner().companies(), mock.partner().companies());
    let mut renamed = BTreeMap::new();
    let mut same = |before: &str, after: &str| {
        assert_ne!(before, after);
        let known = renamed.entry(before.to_owned()).or_insert_with(|| after.to_owned());
        assert_eq!(known, after, "the same becomes the same");
    };
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        same(&before.id, &after.id);
        same(&before.name, &after.name);
        assert_eq!(before.template_count, after.template_count);
        assert_eq!(before.connections.len(), after.connections.len());
        for (before, after) in before.connections.iter().zip(&after.connections) {
            same(&before.id, &after.id);
            same(&before.waba_id, &after.waba_id);
            same(&before.phone_number_id, &after.phone_number_id);
            same(&before.display_phone_number, &after.display_phone_number);
            assert_eq!(
                (&before.quality_rating, &before.status),
                (&after.quality_rating, &after.status)
            );
        }
        for (one, other) in [(0, 1), (1, 2)] {
            let apart =
                |list: &[Company]| list[one].onboarded_at.duration_since(list[other].onboarded_at);
            assert_eq!(apart(&live.partner().companies()), apart(&mock.partner().companies()));
        }
    }
    assert_eq!(
        renamed.values().collect::<BTreeSet<_>>().len(),
        renamed.len(),
        "others stay others"
    );
    let phones: Vec<_> = after[0].connections.iter().map(|one| &one.display_phone_number).collect();
    assert_eq!(phones, ["+000 00000001", "+000 00000002"]);
    let latest = after.iter().map(|company| company.onboarded_at).max().unwrap();
    assert_eq!(format!("{latest:.3}"), "2026-06-01T10:12:00.000Z");

    let wallet = mock.partner().wallet();
    assert_eq!(wallet.balance, -1000);
    assert_eq!((wallet.currency.as_str(), wallet.cost_per_message), ("EUR", 3));
    assert_eq!(wallet.credit_unit_price.scale(), 4);
    assert_eq!(against(&live, &["record"]).await.stdout, text, "the same account, the same file");
}

#[tokio::test]
async fn real_values_are_kept_on_request_and_the_key_is_not() {
    let (live, file) = (account().await, File::new("real"));
    let run = against(&live, &["record", "--keep-real-values", "--output", file.name()]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!file.text().contains(&live.api_key()));
    let mock = MockServer::builder().seed(Seed::from_path(&file.0).unwrap()).start().await.unwrap();
    assert_eq!(mock.partner().companies(), live.partner().companies());
    assert_eq!(mock.partner().wallet(), live.partner().wallet());
}

#[tokio::test]
async fn values_that_a_seed_cannot_have_are_reported_and_the_rest_is_recorded() {
    let mock = MockServer::start().await.unwrap();
    let company = |number: u32, more: Value| {
        let mut company = json!({
            "id": format!("c-{number}"), "name": "hunter", "onboardedAt": "2026-06-01T10:12:00.000Z",
            "connections": [], "_count": { "templates": 1 },
        });
        company.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        company
    };
    let body = json!({ "next": "hunter", "data": [
        company(1, json!({ "email": "hunter@example.com", "+237690000000": 1 })),
        company(2, json!({ "email": null, "name": null, "onboardedAt": "2026-06-01T12:12:00+02:00" })),
        company(3, json!({ "onboardedAt": "hunter", "connections": null, "_count": 3 })),
        company(4, json!({ "_count": { "templates": -1, "campaigns": 2 }, "connections": [
            "hunter",
            { "id": 7, "wabaId": null, "phoneNumberId": 5, "status": "connected", "tier": "x" },
        ] })),
        "hunter",
    ] });
    serve(&mock.partner(), "companies", body.to_string());
    let wallet = altered(WALLET, "\"25.0000\"", "25.0000");
    serve(&mock.partner(), "wallet", altered(&wallet, "8450", "8450.5"));
    let run = against(&mock, &["record", "--keep-real-values"]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(
        run.stderr,
        "\
partner-api: recorded companies: 4, with connections: 1
partner-api: the responses differ from the contract; a mock serves its default for what is missing, null or of another type:
  next: unknown field, with a string (1)
  data[]: expected an object, got a string (1)
  data[].*: unknown fields (they look like data, not shown) (1)
  data[].email: unknown field, with a string or null (2)
  data[]._count: expected an object, got a number (1)
  data[]._count.campaigns: unknown field, with a number (1)
  data[]._count.templates: expected 0 or more, got less (1)
  data[].connections: expected an array, got null (1)
  data[].connections[]: expected an object, got a string (1)
  data[].connections[].tier: unknown field, with a string (1)
  data[].connections[].displayPhoneNumber: missing (1)
  data[].connections[].id: expected a string, got a number (1)
  data[].connections[].phoneNumberId: expected a string, got a number (1)
  data[].connections[].qualityRating: missing (1)
  data[].connections[].wabaId: expected a string, got null (1)
  data[].name: expected a string, got null (1)
  data[].onboardedAt: expected a time of RFC 3339, got other text (1)
  data[].onboardedAt: expected text that matches ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$, got other text (1)
  balance: expected a whole number, got one with a fraction or an exponent (1)
  creditUnitPrice: expected a string, got a number (1)
"
    );
    let seed = Seed::from_json(&run.stdout).unwrap();
    let again = MockServer::builder().seed(seed).start().await.unwrap();
    assert_eq!(again.partner().companies().len(), 4);
    assert_eq!(again.partner().wallet().credit_unit_price.to_string(), "25.0000");
}

#[tokio::test]
async fn the_docs_show_the_messages_of_record() {
    let mock = MockServer::start().await.unwrap();
    serve(&mock.partner(), "companies", DRIFTED);
    let run = against(&mock, &["record"]).await;
    assert_eq!(shown(PAGE, " --output seed.json\n", "$ partner-api mock --seed"), run.stderr);
}

#[tokio::test]
async fn an_existing_file_is_replaced_only_with_force_and_readable_by_its_owner_only() {
    let (live, file) = (MockServer::start().await.unwrap(), File::new("there"));
    std::fs::write(&file.0, "mine").unwrap();
    let run = against(&live, &["record", "--output", file.name()]).await;
    assert_eq!((run.code, file.text().as_str()), (Some(2), "mine"));
    assert!(run.stderr.ends_with(": there is a file already; pass --force to replace it\n"));
    assert!(live.requests().is_empty(), "it is seen before anything is asked");

    live.partner().fail_next(Fault::status(503)).unwrap();
    let run = against(&live, &["record", "--force", "--output", file.name()]).await;
    assert_eq!((run.code, file.text().as_str()), (Some(2), "mine"), "{run:?}");

    let run = against(&live, &["record", "--force", "--output", file.name()]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(file.text().starts_with("{\n"), "{}", file.text());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file.0).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let run = against(&live, &["record", "--output", "/no-such-folder/seed.json"]).await;
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("/no-such-folder/seed.json: cannot be written: "), "{run:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_a_device_a_pipe_and_a_directory_are_never_replaced() {
    let (live, link, other, pipe) = (
        MockServer::start().await.unwrap(),
        File::new("link"),
        File::new("other"),
        File::new("pipe"),
    );
    std::fs::write(&other.0, "mine").unwrap();
    std::os::unix::fs::symlink(&other.0, &link.0).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe.0).status().unwrap().success());
    for (path, kind) in [
        (link.name(), "a symbolic link"),
        ("/dev/null", "a device, a pipe or a socket"),
        (pipe.name(), "a device, a pipe or a socket"),
        ("/", "a directory"),
    ] {
        let expected = format!(
            "partner-api: {path}: there is {kind}, which is not replaced; choose another path\n"
        );
        for arguments in [
            &["record", "--output", path][..],
            &["record", "--force", "--output", path],
            &["verify", "--output", path],
        ] {
            let run = against(&live, arguments).await;
            assert_eq!((run.code, &run.stderr), (Some(2), &expected), "{arguments:?}");
        }
    }
    assert!(link.0.is_symlink() && other.text() == "mine");
    assert!(live.requests().is_empty(), "it is checked before anything is sent");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn output_that_cannot_be_written_is_an_error_and_a_closed_pipe_is_not() {
    use std::process::{Command, Stdio};

    let live = MockServer::start().await.unwrap();
    let command = |name: &str, stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_partner-api"));
        command.arg(name).env("PARTNER_API_BASE_URL", live.url()).stdout(stdout);
        command.env("PARTNER_API_KEY", live.api_key()).stderr(Stdio::piped());
        command
    };
    for name in ["record", "verify"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command_to_full = command(name, full.into());
        let output = tokio::task::spawn_blocking(move || command_to_full.output().unwrap());
        let output = output.await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.starts_with("partner-api: stdout: cannot be written: No space left"),
            "{said}"
        );

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command_to_closed = command(name, writer.into());
        let output = tokio::task::spawn_blocking(move || command_to_closed.output().unwrap());
        assert_eq!(output.await.unwrap().status.code(), Some(0), "{name}");
    }
}

#[tokio::test]
async fn a_very_long_number_is_recorded() {
    let mock = MockServer::start().await.unwrap();
    let number = "9".repeat(70_000);
    let companies = altered(COMPANIES, "+237 6 90 00 00 00", &number);
    serve(&mock.partner(), "companies", companies);
    let run = against(&mock, &["record"]).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("\"+000 00000001\"") && !run.stdout.contains("999"));
}

#[tokio::test]
async fn a_subdomain_of_localhost_is_another_machine() {
    let mock = MockServer::start().await.unwrap();
    let base_url = format!("http://mock.localhost:{}", mock.address().port());
    let run = against(&mock, &["record", "--base-url", &base_url]).await;
    let expected = "partner-api: --base-url: http://mock.localhost would send the API key unencrypted; use https\n";
    assert_eq!((run.code, run.stderr.as_str()), (Some(2), expected));
}

#[tokio::test]
async fn a_response_that_is_not_an_account_is_an_error_and_nothing_is_written() {
    for (operation, body, expected) in [
        ("companies", "[]", "GET /companies: the body does not have the documented structure"),
        ("companies", "{}", "GET /companies: the body does not have the documented structure"),
        (
            "companies",
            r#"{"data":{}}"#,
            "GET /companies: the body does not have the documented structure",
        ),
        (
            "companies",
            r#"{"data":["#,
            "GET /companies: the body is not JSON: EOF while parsing a list at line 1 column 9",
        ),
        ("wallet", "null", "GET /wallet: the body does not have the documented structure"),
    ] {
        let mock = MockServer::start().await.unwrap();
        serve(&mock.partner(), operation, body);
        let run = against(&mock, &["record"]).await;
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{body}");
        assert_eq!(run.stderr, format!("partner-api: {expected}\n"));
    }
    for (fault, expected) in [
        (
            Fault::html_error_page(502),
            "the service responded with 502 Bad Gateway; the service or a proxy in front of it has a problem; retry later",
        ),
        (
            Fault::status(200).body("<html>").content_type("text/html"),
            "an HTML page, as of a proxy or a login in front of the service",
        ),
        (
            Fault::status(404),
            "the service responded with 404 Not Found; check the path and the base URL",
        ),
    ] {
        let mock = MockServer::start().await.unwrap();
        mock.partner().faults().add(fault).unwrap();
        let run = against(&mock, &["record"]).await;
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        assert_eq!(run.stderr, format!("partner-api: GET /companies: {expected}\n"));
    }
    let mock = MockServer::start().await.unwrap();
    mock.partner().deactivate();
    let run = against(&mock, &["record"]).await;
    let refused = "partner-api: GET /companies: the service rejected the API key (401 invalid_token); it is unknown or revoked, or the partner is inactive: check it in the dashboard\n";
    assert_eq!((run.code, run.stderr.as_str()), (Some(2), refused));
}

#[tokio::test]
async fn a_sample_account_is_recorded_as_a_seed_of_the_same_layout() {
    let mock = MockServer::start().await.unwrap();
    let run = against(&mock, &["record", "--keep-real-values"]).await;
    let seed: Value = serde_json::from_str(&run.stdout).unwrap();
    let companies: Value = serde_json::from_str(COMPANIES).unwrap();
    assert_eq!(seed["partners"][0]["companies"], companies["data"]);
    assert_eq!(seed["partners"][0]["wallet"], serde_json::from_str::<Value>(WALLET).unwrap());
}

#[tokio::test]
async fn wrong_options_are_an_error_in_one_line_and_end_with_2() {
    let key = ("PARTNER_API_KEY", "pk_live_hunter");
    let run = run(&["record"], &[key]).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert_eq!(
        run.stderr,
        "partner-api: no base URL: pass --base-url, or set PARTNER_API_BASE_URL\n"
    );
}
