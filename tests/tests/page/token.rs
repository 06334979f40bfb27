//! A mock with a token asks for it on the page, says when it is wrong, and keeps it no longer than
//! the user wants.

use partner_api_mock::{Control, MockServer};
use serde_json::json;

use crate::driver::Browser;

const TOKEN: &str = "opensesame";
const KEPT: &str = "return [...Object.values(sessionStorage), ...Object.values(localStorage), document.cookie].join('')";

async fn asked() -> Option<(MockServer, Browser)> {
    let browser = Browser::start()?;
    let control = Control::new().token(TOKEN);
    let mock = MockServer::builder().control(control).start().await.unwrap();
    browser.open(&format!("{}/_mock/", mock.url()));
    browser.until_shown("This mock asks for a token");
    Some((mock, browser))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_requested_until_it_is_correct_and_not_kept() {
    let Some((_mock, browser)) = asked().await else { return };
    browser.fill("Token", "a-wrong-one");
    browser.press("Go on");
    browser.until_shown("This token was not accepted.");
    // Escape does not close the dialog.
    browser.keys("\u{e00c}");
    browser.until("labelled('Token')?.value === ''");
    browser.fill("Token", TOKEN);
    browser.press("Go on");
    browser.until_shown("No request yet.");
    browser.until("!document.querySelector('dialog')");
    assert_eq!(browser.run(KEPT), json!(""));

    browser.run("location.reload()");
    browser.until_shown("This mock asks for a token");
    assert_eq!(browser.console_messages(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_survives_a_reload_if_the_user_wants() {
    let Some((_mock, browser)) = asked().await else { return };
    browser.fill("Token", TOKEN);
    browser.run("labelled('Remember it until this tab is closed').click()");
    browser.press("Go on");
    browser.until_shown("No request yet.");
    assert_eq!(browser.run(KEPT), json!(TOKEN));
    browser.run("location.reload()");
    browser.until_shown("No request yet.");
}
