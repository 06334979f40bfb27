//! A service that repeats the key, anywhere, does not get it into a report or a file; and only
//! their owner can read reports with clients' data.

use partner_api_mock::{Fault, MockServer, Rule};

use crate::remote::{COMPANIES, WALLET, against, altered, run, serve};

/// Longer than the shown part of a text, so that truncation cannot leave a part of the key.
const KEY: &str =
    "pk_live_0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789";
/// No part of the key of this length may be shown.
const PART: usize = 12;

async fn mock() -> MockServer {
    let mock = MockServer::start().await.unwrap();
    mock.partner().accept_key(KEY).unwrap();
    mock
}

/// Runs `verify` in each format and `record`, with the key that the service repeats.
async fn assert_hidden(mock: &MockServer, place: &str) {
    let environment = [("PARTNER_API_BASE_URL", mock.url()), ("PARTNER_API_KEY", KEY)];
    for arguments in [
        &["verify", "--show-values"][..],
        &["verify", "--show-values", "--format", "json"],
        &["verify", "--show-values", "--format", "junit"],
        &["record"],
        &["record", "--keep-real-values"],
    ] {
        let run = run(arguments, &environment).await;
        let shown = format!("{}{}", run.stdout, run.stderr).to_ascii_lowercase();
        let key = KEY.to_ascii_lowercase();
        let random = key.strip_prefix("pk_live_").unwrap();
        let part = (0..=random.len() - PART).find_map(|at| {
            let part = &random[at..at + PART];
            shown.contains(part).then_some(part)
        });
        assert_eq!(part, None, "{place}, {arguments:?}: {run:?}");
    }
}

#[tokio::test]
async fn a_key_in_a_head_is_redacted() {
    for (place, fault) in [
        ("content type", Fault::passthrough().content_type(format!("text/{KEY}"))),
        ("redirect", Fault::status(302).header("location", format!("https://{KEY}.example/"))),
        ("error code", Fault::status(401).body(format!(r#"{{"error":"{KEY}"}}"#))),
        ("challenge", Fault::status(401).header("www-authenticate", format!("Basic {KEY}"))),
        ("retry-after", Fault::status(503).header("retry-after", KEY)),
        ("content coding", Fault::passthrough().header("content-encoding", KEY)),
        ("rate limit", Fault::passthrough().header(format!("x-ratelimit-{KEY}"), "1")),
        ("page", Fault::html_error_page(500).header("server", KEY)),
    ] {
        let mock = mock().await;
        mock.partner().faults().add(Rule::new(fault)).unwrap();
        assert_hidden(&mock, place).await;
    }
}

#[tokio::test]
async fn a_key_in_a_body_is_redacted() {
    let escaped = KEY.bytes().fold(String::new(), |text, byte| format!("{text}\\u{byte:04x}"));
    for key in [KEY, &KEY.to_ascii_uppercase(), &escaped] {
        for (operation, sample, from, to) in [
            ("companies", COMPANIES, "\"name\":", format!("\"{key}\":1,\"name\":")),
            ("companies", COMPANIES, "Acme Coffee", key.to_owned()),
            ("companies", COMPANIES, "GREEN", key.to_owned()),
            ("companies", COMPANIES, "2026-06-01T10:12:00.000Z", key.to_owned()),
            ("companies", COMPANIES, "{\"templates\":4}", format!("{{\"x\":[\"{key}\"]}}")),
            ("wallet", WALLET, "25.0000", format!("x {key}")),
            ("wallet", WALLET, "XAF", key.to_owned()),
        ] {
            let mock = mock().await;
            serve(&mock.partner(), operation, altered(sample, from, &to));
            assert_hidden(&mock, from).await;
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_report_is_readable_by_its_owner_only_and_replaces_an_older_one() {
    use std::os::unix::fs::PermissionsExt as _;

    let mock = MockServer::start().await.unwrap();
    let file = std::env::temp_dir().join(format!("report-{}", std::process::id()));
    std::fs::write(&file, "an older report").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let name = file.to_str().unwrap();
    let run = against(&mock, &["verify", "--show-values", "--output", name]).await;
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    let report = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!((run.code, mode & 0o777), (Some(0), 0o600), "{run:?}");
    assert!(report.starts_with("Partner API v1 at "), "{report}");
}
