//! The page shows the state of the mock and stays usable: without data, with much data, with
//! invalid input, and while the mock is gone.

use partner_api_mock::{Company, Connection};
use serde_json::json;

use crate::{client, served, shown};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_mock_says_what_to_do_next() {
    let Some((mock, browser)) = shown("").await else { return };
    browser.until_shown("No request yet.");
    browser.until_shown(&format!("curl {}/api/v1/wallet", mock.url()));

    mock.partner().set_companies(Vec::new());
    browser.press("default0");
    browser.press("Companies0");
    browser.until_shown("No company yet.");
    browser.press("Faults0");
    browser.until_shown("No active rules.");
    assert_eq!(browser.console_messages(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_companies_are_found_and_paged_with_few_nodes() {
    let Some((mock, browser)) = shown("").await else { return };
    let company = |at| {
        Company::new(format!("clx{at}"), format!("Company {at}"))
            .with_connection(Connection::new(format!("cn{at}")))
    };
    mock.partner().set_companies((0..100_000).map(company));
    browser.open(&format!("{}/_mock/#/partners/p-1/companies", mock.url()));
    browser.until_shown("1–50 of 100,000 companies");
    browser.press("Next");
    browser.until_shown("51–100 of 100,000 companies");
    browser.fill("Search", "company 99999");
    browser.until_shown("1–1 of 1 company");
    browser.until_shown("clx99999");
    let nodes = browser.run("return all('*').length");
    assert!(nodes.as_u64().unwrap() < 3000, "{nodes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_requests_have_a_bounded_number_of_nodes() {
    let Some((mock, browser)) = shown("").await else { return };
    let client = client(&mock);
    for _ in 0..1200 {
        client.wallet().await.unwrap();
    }
    browser.until("all('.requests > li')[0]?.dataset.key === 'req-1200'");
    browser.until_shown("200 of 1,000 requests");
    let rows = || browser.run("return all('.requests > li').length");
    assert_eq!(rows(), json!(200));
    browser.press("Show 200 more");
    browser.until_shown("400 of 1,000 requests");
    assert_eq!(rows(), json!(400));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_mock_is_shown_at_the_field_that_it_names() {
    let Some((mock, browser)) = shown("#/partners/p-1/wallet").await else { return };
    browser.until("labelled('Balance')?.value === '8450'");
    browser.fill("Balance", "12x");
    browser.press("Save");
    let said = |label: &str| {
        browser.until_with(
            "labelled(args)?.getAttribute('aria-invalid') && labelled(args) === document.activeElement
                && labelled(args).getAttribute('aria-describedby').split(' ')
                    .map((id) => document.getElementById(id).textContent).join(' ')",
            label,
        )
    };
    let message = said("Balance");
    assert!(message.as_str().unwrap().contains("12x"), "{message}");
    assert_eq!(mock.partner().wallet().balance, 8450, "nothing is half applied");

    browser.press("Faults0");
    browser.fill("Rule", "statu=503");
    browser.press("Add the rule");
    let message = said("Rule");
    assert!(message.as_str().unwrap().contains("did you mean `status`?"), "{message}");

    browser.press("Companies1");
    browser.press("Edit Acme Coffee");
    browser.fill("Onboarded", "yesterday");
    browser.press("Save");
    said("Onboarded");
    browser.fill("Onboarded", "2026-06-01T10:12:00.000Z");
    browser.fill("Templates", "-1");
    browser.press("Save");
    said("Templates");
    assert_eq!(browser.console_messages(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_numbers_are_shown_and_sent_exactly() {
    let Some((mock, browser)) = shown("#/partners/p-1/wallet").await else { return };
    browser.until("labelled('Balance')?.value === '8450'");
    for balance in [i64::MAX, i64::MIN] {
        browser.fill("Balance", &balance.to_string());
        browser.press("Save");
        browser.until_with(
            "document.querySelector('main pre').textContent.includes(args)",
            balance.to_string(),
        );
        assert_eq!(mock.partner().wallet().balance, balance);
        let shown = browser.run("return labelled('Balance').value");
        assert_eq!(shown, json!(balance.to_string()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_mock_is_gone_the_page_says_so_keeps_the_input_and_recovers() {
    let Some((mock, browser)) = shown("#/partners/p-1/wallet").await else { return };
    browser.until("labelled('Balance')?.value === '8450'");
    browser.fill("Balance", "77");
    let address = mock.address();
    mock.shutdown().await;
    browser.until_shown("The mock does not respond.");
    browser.press("Save");
    browser.until_shown("What you entered is still here");

    let mock = served(address).await;
    browser.until("document.getElementById('banner').hidden");
    assert_eq!(browser.run("return labelled('Balance').value"), json!("77"));
    browser.press("Save");
    browser.until_shown("The wallet is saved.");
    assert_eq!(mock.partner().wallet().balance, 77);
    assert_eq!(browser.run("return performance.getEntriesByType('navigation').length"), json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requests_of_a_restarted_mock_replace_the_old_ones() {
    let Some((mock, browser)) = shown("").await else { return };
    let client_before = client(&mock);
    for _ in 0..3 {
        client_before.wallet().await.unwrap();
    }
    browser.until("all('.requests > li').length === 3");
    let address = mock.address();
    mock.shutdown().await;
    browser.until_shown("The mock does not respond.");

    let mock = served(address).await;
    let _ = client(&mock).get("stats").send_empty().await;
    browser.until("all('.requests > li').length === 1");
    browser.until_shown("/api/v1/stats");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_view_says_so_or_shows_the_requests() {
    let Some((mock, browser)) = shown("#/partners/p-99/keys").await else { return };
    browser.until_shown("This partner is not there.");
    for place in ["#/constructor", "#/partners/p-1/constructor", "#/%", "#nonsense"] {
        browser.open(&format!("{}/_mock/{place}", mock.url()));
        browser.until_shown("No request yet.");
    }
    assert_eq!(browser.console_messages(), [""; 0]);
}
