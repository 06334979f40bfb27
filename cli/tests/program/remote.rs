//! Runs the program against a mock of the test instead of a live service.

use std::process::{Command, Stdio};

use partner_api_mock::{MockServer, Partner, ResponseTemplate, Stub};

pub(crate) const COMPANIES: &str = r#"{"data":[{"id":"clx123...","name":"Acme Coffee","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[{"id":"clx456...","wabaId":"102290129340398","phoneNumberId":"106540352242922","displayPhoneNumber":"+237 6 90 00 00 00","qualityRating":"GREEN","status":"connected"}],"_count":{"templates":4}}]}"#;
pub(crate) const WALLET: &str =
    r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

/// The exit code and the output of a program.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program with these environment variables only.
pub(crate) async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_partner-api"));
    command.env_clear().args(arguments).envs(environment.iter().copied()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the command against this mock, with the key of its default partner.
pub(crate) async fn against(mock: &MockServer, arguments: &[&str]) -> Run {
    let variables = [("PARTNER_API_BASE_URL", mock.url()), ("PARTNER_API_KEY", &mock.api_key())];
    let run = run(arguments, &variables).await;
    for said in [&run.stdout, &run.stderr] {
        assert!(!said.contains(&mock.api_key()), "the key is shown: {said}");
    }
    run
}

/// Replaces a documented body.
pub(crate) fn serve(partner: &Partner, operation: &str, body: impl Into<String>) {
    let stub = Stub::get(operation).override_documented();
    partner.add_stub(stub.respond(ResponseTemplate::json(200, body.into()))).unwrap();
}

/// Replaces a part of the text, which must contain it.
pub(crate) fn altered(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} in {text}");
    text.replace(from, to)
}

/// The output on a page of the docs, between a line and an end. Its account is [`DRIFTED`].
pub(crate) fn shown<'a>(page: &'a str, after: &str, until: &str) -> &'a str {
    let rest = page.split_once(after).unwrap().1;
    rest.split_once(until).unwrap().0
}

/// A list of companies with some drift in it.
pub(crate) const DRIFTED: &str = r#"{"data":[{"id":"clx123","name":"Acme Coffee","email":"hunter@example.com","onboardedAt":"2026-06-01T10:12:00Z","connections":[{"id":"clx456","wabaId":"102290129340398","phoneNumberId":"106540352242922","displayPhoneNumber":"+237 6 90 12 34 56","qualityRating":"GREEN","status":"connected"},{"id":"clx457","wabaId":null,"phoneNumberId":"106540352242923","displayPhoneNumber":"+237 6 90 12 34 57","qualityRating":"UNKNOWN","status":"connected"}],"_count":{"templates":4}},{"id":"clx789","name":"Blue Bakery","email":null,"onboardedAt":"2026-06-01T10:12:00.000Z","connections":[],"_count":{"templates":"4"}}]}"#;
