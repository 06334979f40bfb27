//! The page can be read in dark mode and on a phone, and has no motion for users who want no
//! motion.

use partner_api_mock::{Company, Connection};
use serde_json::json;

use crate::{client, shown};

const VIEWS: [&str; 9] = [
    "requests",
    "faults",
    "reference",
    "mock",
    "partners/p-1/requests",
    "partners/p-1/companies",
    "partners/p-1/wallet",
    "partners/p-1/keys",
    "partners/p-1/faults",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_view_is_wider_than_a_phone() {
    let Some((mock, browser)) = shown("").await else { return };
    let long = "unbroken".repeat(40);
    mock.partner().add_company(Company::new(&long, &long).with_connection(Connection::new(&long)));
    let _ = client(&mock).get(format!("stats/{long}")).send_empty().await;
    for width in [320, 360, 390, 768] {
        browser.set_width(width);
        for view in VIEWS {
            browser.open(&format!("{}/_mock/#/{view}", mock.url()));
            browser.until("document.querySelector('main section')?.childElementCount > 0");
            browser.run("all('main details').forEach((one) => (one.open = true))");
            let wider = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert!(wider.as_i64().unwrap() <= 0, "{view} at {width}: {wider} too wide");
        }
    }
    assert_eq!(browser.console_messages(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_the_menu_of_partners_opens_and_closes() {
    let Some((_mock, browser)) = shown("").await else { return };
    browser.set_width(360);
    browser.until_shown("No request yet.");
    let is_open = || browser.run("return isSeen(document.querySelector('.partners a'))");
    assert_eq!(is_open(), json!(false));
    browser.press("Menu");
    browser.press("default0");
    browser.until("document.querySelector('h1').textContent === 'default'");
    assert_eq!(is_open(), json!(false));
}

/// The contrast ratio of two colours, by WCAG 2.2.
const CONTRAST: &str = "
    const light = (colour) => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => part / 255)
            .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (one) => {
        const colour = getComputedStyle(one).backgroundColor;
        return /, 0\\)$/.test(colour) ? ground(one.parentElement) : colour;
    };
    const poor = [];
    for (const one of all('body *')) {
        const hasText = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!hasText || !isSeen(one) || one.disabled) continue;
        const [a, b] = [light(getComputedStyle(one).color), light(ground(one))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) poor.push(`${one.className || one.tagName}: ${contrast.toFixed(2)}`);
    }
    return [...new Set(poor)];";

#[tokio::test(flavor = "multi_thread")]
async fn every_text_has_enough_contrast_in_light_and_dark_mode() {
    let Some((mock, browser)) = shown("").await else { return };
    client(&mock).wallet().await.unwrap();
    client(&mock).get("stats").send_empty().await.unwrap_err();
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefer("prefers-color-scheme", scheme);
        grounds.push(browser.run("return getComputedStyle(document.body).backgroundColor"));
        for view in VIEWS {
            browser.open(&format!("{}/_mock/#/{view}", mock.url()));
            browser.until("document.querySelector('main section')?.childElementCount > 0");
            browser.run("all('main details').forEach((one) => (one.open = true))");
            assert_eq!(browser.run(CONTRAST), json!([]), "{view}, {scheme}");
        }
    }
    assert_ne!(grounds[0], grounds[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_with_reduced_motion() {
    let Some((_mock, browser)) = shown("").await else { return };
    browser.until_shown("Live");
    let moving = || browser.run("return document.getAnimations().length");
    assert_ne!(moving(), json!(0));
    browser.prefer("prefers-reduced-motion", "reduce");
    assert_eq!(moving(), json!(0));
}
