//! The page can do everything that the control API can do to partners, keys, data and faults, and
//! shows the state that the mock reports.

use std::collections::BTreeSet;

use partner_api_mock::{Fault, Rule};
use serde_json::json;

use crate::{client, shown};

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_is_created_with_a_valid_key_deactivated_renamed_and_deleted() {
    let Some((mock, browser)) = shown("").await else { return };
    browser.press("New …");
    browser.fill("Balance", "much");
    browser.press("Create");
    browser.until("labelled('Balance').getAttribute('aria-invalid')");
    browser.fill("Name", "Suite 7");
    browser.fill("Balance", "12");
    browser.fill("Companies to generate", "25");
    browser.press("Create");
    let key = browser.until("document.querySelector('.key code')?.textContent");
    let key = key.as_str().unwrap();
    browser.press("Done");
    browser.until_shown("25 companies");
    let client = client(&mock).with_api_key(key).unwrap();
    assert_eq!(client.wallet().await.unwrap().balance, 12);

    browser.press("Deactivate");
    browser.until_shown("inactive: 401");
    client.wallet().await.unwrap_err();
    browser.press("Activate");
    browser.until("named('Deactivate')");
    client.wallet().await.unwrap();

    browser.press("Rename …");
    browser.fill("Name", "Suite 8");
    browser.press("Rename");
    browser.until("document.querySelector('h1').textContent === 'Suite 8'");

    browser.press("Delete …");
    browser.press("Delete");
    browser.until("all('.partners a').length === 1");
    assert_eq!(mock.partners().len(), 1);
    assert!(!browser.text("body").contains(key), "a key is shown once");
    assert_eq!(browser.console_messages(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_issued_shown_once_and_revoked_and_a_given_one_is_accepted() {
    let Some((mock, browser)) = shown("#/partners/p-1/keys").await else { return };
    browser.press("Issue a key");
    let key = browser.until("document.querySelector('.fresh .key code')?.textContent");
    let issued = client(&mock).with_api_key(key.as_str().unwrap()).unwrap();
    issued.wallet().await.unwrap();
    browser.press("Hide the key");
    assert!(!browser.text("body").contains(key.as_str().unwrap()));

    browser.press("Accept an existing key");
    browser.fill("Key", "not a key");
    browser.press("Accept this key");
    browser.until("labelled('Key').getAttribute('aria-invalid')");
    browser.fill("Key", "pk_live_mine");
    browser.press("Accept this key");
    browser.until("all('.rows li').length === 3");
    let mine = client(&mock).with_api_key("pk_live_mine").unwrap();
    mine.wallet().await.unwrap();

    browser.press_at("li:nth-child(2) button");
    browser.press("Revoke");
    browser.until("all('.rows li')[1].textContent.includes('revoked')");
    issued.wallet().await.unwrap_err();
    mine.wallet().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_added_edited_with_its_connections_found_and_removed() {
    let Some((mock, browser)) = shown("#/partners/p-1/companies").await else { return };
    let partner = mock.partner();
    browser.press("Add …");
    browser.fill("Name", "Blue Bakery");
    browser.press("Add a connection");
    browser.fill("Quality rating", "RED");
    browser.press("Add");
    browser.until_shown("1–2 of 2 companies");
    let added = partner.companies().pop().unwrap();
    assert_eq!(
        (added.name.as_str(), added.connections[0].quality_rating.as_str()),
        ("Blue Bakery", "RED")
    );

    browser.press("Edit Blue Bakery");
    browser.fill("Name", "Blue Café");
    browser.fill("Status", "a word nobody knows");
    browser.press("Save");
    browser.until("named('Edit Blue Café')");
    let edited = partner.companies().pop().unwrap();
    assert_eq!(
        (edited.id, edited.connections[0].status.as_str()),
        (added.id, "a word nobody knows")
    );

    browser.press("Edit Blue Café");
    browser.press("Remove this connection");
    browser.press("Save");
    browser.until("!document.querySelector('dialog')");
    assert!(partner.companies().pop().unwrap().connections.is_empty());

    browser.press("Remove Acme Coffee");
    browser.press("Remove");
    browser.until_shown("1–1 of 1 company");
    assert_eq!(partner.companies().len(), 1);
    browser.press("Remove all …");
    browser.press("Remove all");
    browser.until_shown("No company yet.");
    assert!(partner.companies().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_companies_replace_the_existing_ones() {
    let Some((mock, browser)) = shown("#/partners/p-1/companies").await else { return };
    browser.until_shown("Acme Coffee");
    browser.press("Generate …");
    browser.fill("How many", "120");
    browser.press("Generate");
    browser.until_shown("1–50 of 120 companies");
    assert_eq!(mock.partner().companies().len(), 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_made_elsewhere_appear_and_unsaved_input_is_kept() {
    let Some((mock, browser)) = shown("#/partners/p-1/wallet").await else { return };
    browser.until("labelled('Balance')?.value === '8450'");
    mock.partner().update_wallet(|wallet| wallet.balance = 1);
    browser.until("labelled('Balance')?.value === '1'");
    browser.fill("Balance", "5");
    mock.partner().update_wallet(|wallet| wallet.balance = 2);
    browser.until_shown("The wallet has changed since");
    assert_eq!(browser.run("return labelled('Balance').value"), json!("5"));
    browser.press("show what is served");
    browser.until("labelled('Balance').value === '2'");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_preset_fault_can_be_switched_and_any_other_written() {
    let Some((mock, browser)) = shown("#/partners/p-1/faults").await else { return };
    browser.until_shown("No active rules.");
    let rules =
        browser.run("return all('[role=switch][data-rule]').map((one) => one.dataset.rule)");
    let rules = rules.as_array().unwrap();
    assert!(rules.len() >= 12, "{rules:?}");
    for rule in rules {
        let is = |on: &str| {
            let condition = "all('[data-rule]').find((one) => one.dataset.rule === args[0]).getAttribute('aria-checked') === args[1]";
            browser.until_with(condition, json!([rule, on]));
        };
        let press = || {
            browser.run_with(
                "all('[data-rule]').find((one) => one.dataset.rule === args).click()",
                rule.clone(),
            )
        };
        press();
        is("true");
        let active = mock.partner().faults().active();
        assert_eq!(
            active.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [rule.as_str().unwrap()]
        );
        press();
        is("false");
        assert!(mock.partner().faults().active().is_empty());
    }

    browser.fill("Rule", "status=418 operation=wallet times=2");
    browser.press("Add the rule");
    browser.until_shown("no requests yet");
    client(&mock).wallet().await.unwrap_err();
    browser.until_shown("applied to 1 request");
    browser.press("Remove status=418 operation=wallet times=2");
    browser.until_shown("No active rules.");
    client(&mock).wallet().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preset_fault_can_be_for_one_call_and_for_a_time() {
    let Some((mock, browser)) = shown("#/faults").await else { return };
    browser.until("labelled('For')?.options.length === 3");
    browser.run("labelled('For').value = 'operation=wallet'; labelled('When').value = 'times=1'");
    browser.press("503 Unavailable: The service is overloaded, or restarts.");
    browser.until_shown("status=503 operation=wallet times=1");
    let client = client(&mock);
    client.companies().await.unwrap();
    client.wallet().await.unwrap_err();
    client.wallet().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_for_all_partners_is_not_the_switch_of_one_partners_fault() {
    let Some((mock, browser)) = shown("#/partners/p-1/faults").await else { return };
    browser.press("401 for every key: What a switched-off partner gets: invalid_token.");
    browser.until_shown("inactive: 401");
    assert!(!mock.partner().is_active());
}

/// The options of a rule on the page are those of the page on faults.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_knows_every_option_of_a_rule() {
    let Some((_mock, browser)) = shown("#/faults").await else { return };
    browser.press("All options of a rule");
    let words = browser.run("return all('.word').map((one) => one.textContent.split('=')[0])");
    let words: BTreeSet<_> =
        words.as_array().unwrap().iter().filter_map(|word| word.as_str()).collect();
    let faults = include_str!("../../../docs/faults.md").split_once("\n## ").unwrap().1;
    let rows = faults.lines().filter(|line| line.starts_with("| `"));
    let known = rows.flat_map(|row| {
        let cell = row.split(" | ").next().unwrap_or_default();
        cell.split('`')
            .skip(1)
            .step_by(2)
            .flat_map(|code| code.split(' '))
            .map(|word| word.split('=').next().unwrap())
    });
    // The place where a rule is added decides for which partner it is.
    let known: BTreeSet<_> = known.filter(|word| *word != "partner").collect();
    assert_eq!(words, known);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_shows_each_call_and_tries_it_with_its_own_key() {
    let Some((mock, browser)) = shown("#/reference").await else { return };
    browser.until_shown("Returns your current credit balance and pricing.");
    browser.until_shown(&format!(
        "curl {}/api/v1/companies -H \"Authorization: Bearer $PARTNER_API_KEY\"",
        mock.url()
    ));
    browser.press("Try GET wallet");
    browser.until_shown("Choose or issue a key first");
    browser.press("Issue a key to try");
    browser.until("labelled('Key').value.startsWith('pk_live_')");
    let key = browser.run("return labelled('Key').value");
    assert!(!browser.text("body").contains(key.as_str().unwrap()), "it is masked");
    browser.press("Try GET wallet");
    browser.until("all('.result').some((one) => one.textContent.includes('200') && one.textContent.includes('8450'))");
    assert_eq!(mock.partner().received_requests().path("wallet").exactly(1).unwrap().len(), 1);

    // Not only for the next request: a browser repeats a request when a kept connection is reset.
    mock.partner().faults().add(Rule::new(Fault::reset())).unwrap();
    browser.press("Try GET companies");
    browser.until_shown("No complete response");
    assert_eq!(browser.run("return document.getElementById('banner').hidden"), json!(true));
    for part in ["documented", "assumed", "creditUnitPrice", "Where the reference is silent"] {
        browser.until_shown(part);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_paused_moved_and_resumed_and_everything_is_reset() {
    let Some((mock, browser)) = shown("#/mock").await else { return };
    browser.press("Pause the clock");
    browser.until_shown("Advance by");
    let before = browser.text(".clock");
    browser.press("+1 h");
    browser.until_with("document.querySelector('.clock').textContent !== args", before);
    browser.fill("Set to", "soon");
    browser.press("Set");
    browser.until("labelled('Set to').getAttribute('aria-invalid')");
    browser.fill("Set to", "2030-01-01T00:00:00.000Z");
    browser.press("Set");
    browser.until("document.querySelector('.clock').textContent.startsWith('2030-01-01T00:00:00')");
    browser.press("Resume the clock");
    browser.until("named('Pause the clock')");

    mock.add_partner("second");
    mock.partner().update_wallet(|wallet| wallet.balance = 1);
    browser.until("all('.partners a').length === 2");
    browser.press("Reset …");
    browser.press("Reset");
    browser.until("all('.partners a').length === 1");
    assert_eq!(mock.partner().wallet().balance, 8450);
}
