//! Requests to the mock appear on the page as they arrive, and open to the request, its response
//! and its disposition.

use partner_api_mock::{Fault, ResponseTemplate, Rule, Stub};
use serde_json::json;

use crate::{client, shown};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_appears_without_a_reload_and_opens_to_request_and_response() {
    let Some((mock, browser)) = shown("").await else { return };
    browser.until_shown("No request yet.");
    mock.partner().faults().add(Rule::new(Fault::status(503)).times(1)).unwrap();
    mock.partner()
        .add_stub(Stub::post("templates").respond(ResponseTemplate::json(201, r#"{"id":"t-1"}"#)))
        .unwrap();
    let client = client(&mock);
    client.wallet().await.unwrap_err();
    let body = json!({ "name": "welcome" });
    client.post("templates").json(&body).send_empty().await.unwrap();

    browser.until("all('.requests > li').length === 2");
    browser.press_at("li:nth-child(2) summary");
    browser.until_shown("status=503 times=1 rule 1, request 1");
    browser.press_at("li:nth-child(1) summary");
    browser.until_shown("\"name\": \"welcome\"");
    let inside = browser.text("li:nth-child(1) .inside");
    for part in ["stubbed", "POST /api/v1/templates", "authorization", "[redacted]", "201"] {
        assert!(inside.contains(part), "{part} in {inside}");
    }
    assert!(!browser.text("body").contains(&mock.api_key()));
    assert_eq!(browser.console_messages(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_can_be_filtered_paused_and_cleared() {
    let Some((mock, browser)) = shown("").await else { return };
    let client = client(&mock);
    client.wallet().await.unwrap();
    client.companies().await.unwrap();
    client.get("stats").send_empty().await.unwrap_err();
    let rows = |count: u64| browser.until_with("all('.requests > li').length === args", count);
    rows(3);
    browser.fill("Filter", "COMPANIES");
    rows(1);
    browser.fill("Filter", "no such thing");
    browser.until_shown("No request matches.");
    browser.press("Show all");
    rows(3);
    browser.run("kind.value = 'client'; kind.dispatchEvent(new Event('change'))");
    rows(1);
    browser.run("kind.value = 'all'; kind.dispatchEvent(new Event('change'))");

    browser.press("Pause");
    browser.until_shown("Paused");
    client.wallet().await.unwrap();
    // The count beside it comes another way, so the request is there by now, and is not shown.
    browser.until("all('.partners .count')[0].textContent === '4'");
    rows(3);
    browser.press("Go on");
    rows(4);

    browser.press("Clear …");
    browser.press("Clear");
    browser.until_shown("No request yet.");
    assert!(mock.requests().is_empty());
    client.wallet().await.unwrap();
    rows(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_row_stays_open_when_more_requests_arrive() {
    let Some((mock, browser)) = shown("").await else { return };
    let client = client(&mock);
    client.wallet().await.unwrap();
    browser.press_at("li summary");
    browser.until_shown("user-agent");
    for _ in 0..5 {
        client.wallet().await.unwrap();
    }
    browser.until("all('.requests > li').length === 6");
    browser.until("document.querySelector('[data-key=req-1] details').open");
    let focused = browser.run("return document.activeElement.closest('li')?.dataset.key");
    assert_eq!(focused, json!("req-1"));
}

/// Runs a command in a shell in which `curl` prints its arguments and its input.
fn run_in(shell: &str, command: &str) -> Option<String> {
    let curl = "curl() { printf '<%s>' \"$@\"; case \"$*\" in *@-) cat;; esac; }\n";
    let folder = std::env::temp_dir().join(format!("copied-{shell}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let script = format!("{curl}{command}");
    let run = std::process::Command::new(shell).args(["-c", &script]).current_dir(&folder).output();
    let left = std::fs::read_dir(&folder).unwrap().count();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(left, 0, "{shell} ran a part of the text: {command}");
    Some(String::from_utf8(run.ok()?.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_copied_as_curl_stays_within_its_quotes_in_every_shell() {
    let Some((mock, browser)) = shown("").await else { return };
    let origin = format!("http://{}", mock.address());
    for body in [
        "plain",
        "it's",
        "\\n'; touch pwned #",
        "\n'; touch pwned #",
        "\u{1}'; touch pwned #",
        "$(touch pwned)`touch pwned`!!\u{7}$(touch pwned)\"`touch pwned`",
        "@/etc/passwd",
        "é\u{9b}31m\\0101%s\n\n",
    ] {
        let one = json!({
            "method": "POST", "path": "/api/v1/it's", "query": "a=$(touch%20pwned)", "body": body,
            "headers": [["authorization", "[redacted]"], ["x-a", "a'\tb $(touch pwned)"], ["host", "x"]],
        });
        browser.run_with(
            "import('/_mock/page/requests.js').then((page) => (window.copied = page.curl(args)))",
            one,
        );
        let command = browser.until("window.copied");
        let command = command.as_str().unwrap();
        browser.run("window.copied = ''");
        assert!(!command.replace(['\n'], "").contains(char::is_control), "{command:?}");
        for shell in ["dash", "bash", "zsh", "sh"] {
            let Some(printed) = run_in(shell, command) else { continue };
            let start = format!(
                "<-X><POST><{origin}/api/v1/it's?a=$(touch%20pwned)><-H><Authorization: Bearer >\
                 <-H><x-a: a'\tb $(touch pwned)>"
            );
            let sent = printed.strip_prefix(&start);
            let sent = sent.unwrap_or_else(|| panic!("{shell}: {printed:?}\n{command}"));
            let expected = [format!("<--data-raw><{body}>"), format!("<--data-binary><@->{body}")];
            assert!(expected.iter().any(|one| one == sent), "{shell}: {sent:?}\n{command}");
        }
    }
}
