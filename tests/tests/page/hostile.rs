//! Names, paths, headers and bodies may come from anyone. The page shows them as text, with every
//! character escaped that could hide or reorder text, and nothing makes it send requests elsewhere.

use partner_api_mock::{Company, Connection, Stub};
use partner_api_tests::peer::ask;
use serde_json::{Value, json};

use crate::{client, shown};

const SCRIPT: &str = r#"<img src=x onerror="window.caught=1"><script>window.caught=1</script>"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_path_header_or_body_is_shown_as_text_and_does_nothing() {
    let Some((mock, browser)) = shown("").await else { return };
    let partner = mock.add_partner(SCRIPT);
    let key = partner.issue_key();
    let long = "x".repeat(5000);
    partner.set_companies(vec![
        Company::new(SCRIPT, format!("{SCRIPT}\u{202e}\u{7}"))
            .with_connection(Connection::new(SCRIPT).with_status(SCRIPT)),
        Company::new("../../../reset?x#y", &long),
    ]);
    let target = format!("/api/v1/%3Cimg%20src=x%20onerror='window.caught=1'%3E?long={long}");
    let headers = [
        format!("x-hostile: {SCRIPT}"),
        "x-bytes: \u{202e}\u{85}\tz".to_owned(),
        format!("authorization: Bearer {key}"),
    ];
    ask(mock.url(), "GET", &target, &headers.each_ref().map(String::as_str)).await.unwrap();

    browser.press_at("li summary");
    browser.until_shown("x-hostile");
    let inside = browser.text(".inside");
    assert!(inside.contains(SCRIPT), "{inside}");
    assert!(inside.contains(r"\u{202E}"), "{inside}");

    browser.open(&format!("{}/_mock/#/partners/{}/companies", mock.url(), "p-2"));
    browser.until_shown(r"\u{202E}\u{0007}");
    browser.press_at("td button");
    browser.until_with("labelled('Status')?.value === args", SCRIPT);
    browser.press("Cancel");
    browser.press_at("tr:nth-child(2) td button");
    browser.until("labelled('Id')?.value === '../../../reset?x#y'");
    browser.press("Save");
    browser.until_shown("The company is saved.");
    assert_eq!(partner.companies().len(), 2);

    assert_eq!(browser.run("return window.caught ?? null"), Value::Null);
    let made = browser
        .run("return all('main img, main script, main b:not(.line b):not(.switch b)').length");
    assert_eq!(made, json!(0));
    let wide = browser
        .run("return document.documentElement.scrollWidth > document.documentElement.clientWidth");
    assert_eq!(wide, json!(false));
    assert_eq!(browser.console_messages(), [""; 0]);
    for address in browser.addresses() {
        assert!(address.starts_with(mock.url()), "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_control_characters_is_truncated_to_few_nodes() {
    let Some((mock, browser)) = shown("").await else { return };
    mock.partner().add_stub(Stub::post("templates")).unwrap();
    for body in ["\u{7}\u{202e}", "\u{e0041}\u{200b}"] {
        let body = body.repeat(50_000);
        client(&mock).post("templates").json(&body).send_empty().await.unwrap();
    }
    browser.until("all('.requests > li').length === 2");
    for row in [1, 2] {
        browser.press_at(&format!("li:nth-child({row}) summary"));
    }
    browser.until("document.body.innerText.match(/characters more/g)?.length === 2");
    browser.until_shown(r"\u{E0041}\u{200B}");
    let nodes = browser.run("return all('*').length");
    assert!(nodes.as_u64().unwrap() < 5000, "{nodes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_sends_requests_only_to_the_mock_without_console_messages() {
    let Some((mock, browser)) = shown("").await else { return };
    client(&mock).wallet().await.unwrap();
    let views = ["requests", "companies", "wallet", "keys", "faults"]
        .map(|view| format!("partners/p-1/{view}"));
    let whole = ["requests", "faults", "reference", "mock"].map(str::to_owned);
    for view in views.iter().chain(&whole) {
        browser.open(&format!("{}/_mock/#/{view}", mock.url()));
        browser.until("document.querySelector('main section')?.childElementCount > 0");
    }
    let addresses = browser.addresses();
    assert!(addresses.len() > 20, "{addresses:?}");
    for address in addresses {
        assert!(address.starts_with(mock.url()), "{address}");
    }
    assert_eq!(browser.console_messages(), [""; 0]);
}
