//! Everything on the page can be reached and done with the keyboard, and the focus is never lost.

use serde_json::json;

use crate::driver::Browser;
use crate::{client, shown};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

fn focused(browser: &Browser) -> String {
    let script =
        "const one = document.activeElement; return `${one.tagName} ${textOf(one).slice(0, 40)}`";
    browser.run(script).as_str().unwrap().to_owned()
}

/// Presses Tab until the control with this name has the focus.
fn tab_to(browser: &Browser, name: &str) {
    let passed = (0..80).map(|_| {
        browser.keys(TAB);
        focused(browser)
    });
    let passed: Vec<_> = passed.take_while(|one| !one.ends_with(&format!(" {name}"))).collect();
    assert!(passed.len() < 80, "{name} is not reached: {passed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_the_focus_is_that_of_the_page_and_the_focus_is_visible() {
    let Some((_mock, browser)) = shown("").await else { return };
    browser.until_shown("No request yet.");
    let mut stops = Vec::new();
    for _ in 0..9 {
        browser.keys(TAB);
        stops.push(focused(&browser));
        let outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle");
        assert_eq!(outline, json!("solid"), "{stops:?}");
    }
    assert_eq!(
        stops,
        [
            "BUTTON Skip to content",
            "A Partner API mock",
            "A All requests",
            "A Faults for all",
            "A API reference",
            "A Clock and reset",
            "BUTTON New …",
            "A default0",
            "INPUT ",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_opens_a_row_and_selects_a_view() {
    let Some((mock, browser)) = shown("").await else { return };
    client(&mock).wallet().await.unwrap();
    browser.until("all('summary').length === 1");
    browser.run("document.querySelector('.toolbar button:last-child').focus()");
    browser.keys(TAB);
    browser.keys(ENTER);
    browser.until("document.querySelector('.requests details').open");
    browser.until_shown("user-agent");

    browser.run("named('API reference').focus()");
    browser.keys(ENTER);
    // The heading of the new view has the focus, so that the next Tab continues there.
    browser.until("document.activeElement.tagName === 'H1' && document.activeElement.textContent === 'API reference'");
    assert_eq!(browser.run("return document.title"), json!("API reference · Partner API mock"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_takes_the_focus_ends_with_escape_and_gives_the_focus_back() {
    let Some((mock, browser)) = shown("").await else { return };
    browser.until_shown("No request yet.");
    tab_to(&browser, "New …");
    browser.keys(ENTER);
    browser.until("document.activeElement === labelled('Name')");
    browser.keys(ESCAPE);
    browser.until("!document.querySelector('dialog')");
    assert_eq!(focused(&browser), "BUTTON New …");

    browser.keys(ENTER);
    browser.until("document.activeElement === labelled('Name')");
    browser.keys("By keyboard");
    browser.keys(ENTER);
    browser.until_shown("Copy it now.");
    browser.until("document.activeElement.textContent === 'Done'");
    browser.keys(ENTER);
    browser.until("document.querySelector('h1').textContent === 'By keyboard'");
    assert_eq!(mock.partners().len(), 2);

    // In the dialog of an action that cannot be undone, the button to cancel has the focus.
    tab_to(&browser, "Delete …");
    browser.keys(ENTER);
    browser.until("document.activeElement.textContent === 'Cancel'");
    browser.keys(ENTER);
    browser.until("!document.querySelector('dialog')");
    assert_eq!(mock.partners().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_space_bar_switches_a_fault_and_keeps_the_focus() {
    let Some((mock, browser)) = shown("#/partners/p-1/faults").await else { return };
    browser.until_shown("No active rules.");
    browser.run("document.querySelector('[role=switch]').focus()");
    browser.keys(" ");
    browser.until("document.activeElement.getAttribute('aria-checked') === 'true'");
    assert!(client(&mock).wallet().await.is_err());
    browser.keys(" ");
    browser.until("document.activeElement.getAttribute('aria-checked') === 'false'");
    assert!(client(&mock).wallet().await.is_ok());
}
