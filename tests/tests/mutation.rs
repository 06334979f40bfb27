//! Mutation tests of the checks: each check passes with the contract, and fails with a copy in
//! which one thing is changed.

use partner_api_tests::contract::{Contract, Reading};
use partner_api_tests::http::{Request, Response};
use partner_api_tests::{Checked, client, document, operations, reference, request, response};

const REQUEST: &str = "GET /api/v1/wallet HTTP/1.1\r\nhost: app.example.com\r\n\
    authorization: Bearer pk_live_xxx\r\naccept: application/json\r\n\r\n";

const BODY: &str =
    r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

const REFUSAL: &str = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\n\
    www-authenticate: Bearer\r\ncontent-length: 25\r\n\r\n{\"error\":\"invalid_token\"}";

fn response_of(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn judge(contract: &Contract, response: &str) -> Checked {
    response::check(contract, "GET", "/api/v1/wallet", &Response::parse(response.as_bytes())?)
}

/// Asserts that the check passes with the contract, and fails when `from` is replaced by `to` in
/// it.
#[track_caller]
#[expect(clippy::unwrap_used, reason = "a failure of the test, as in the tests that call it")]
fn turns_red(from: &str, to: &str, check: impl Fn(&Contract) -> Checked) {
    check(&Contract::published().unwrap()).unwrap();
    let verdict = check(&Contract::altered(from, to).unwrap());
    assert!(verdict.is_err(), "{from:?} → {to:?} was not detected");
}

fn judge_response(contract: &Contract) -> Checked {
    judge(contract, &response_of(BODY))
}

fn judge_refusal(contract: &Contract) -> Checked {
    judge(contract, REFUSAL)
}

fn judge_request(contract: &Contract) -> Checked {
    request::check(contract, &Request::parse(REQUEST.as_bytes())?).map(drop)
}

fn client_keeps_wallets(contract: &Contract) -> Checked {
    client::keeps_every_document(contract, "getWallet", Reading::Closed)
}

fn client_names_what_a_wallet_lacks(contract: &Contract) -> Checked {
    client::names_every_missing_field(contract, "getWallet")
}

fn judge_operations(contract: &Contract) -> Checked {
    let published = Contract::published()?;
    let operations = published.operations()?;
    let operations = operations.iter().map(|operation| (operation.method, operation.path));
    operations::check(contract, "the published contract", operations)
}

#[test]
fn a_renamed_field_turns_the_checks_red() {
    turns_red("costPerMessage", "messageCost", judge_response);
    turns_red("costPerMessage", "messageCost", document::holds_the_samples);
    turns_red("costPerMessage", "messageCost", document::invents_no_field);
    turns_red("costPerMessage", "messageCost", client_keeps_wallets);
    turns_red("costPerMessage", "messageCost", client_names_what_a_wallet_lacks);
}

#[test]
fn a_field_that_is_no_longer_required_turns_the_checks_red() {
    turns_red("[balance, currency", "[currency", client_keeps_wallets);
    turns_red("required: [templates]", "x-was-required: true", document::marks_what_it_assumes);
}

#[test]
fn a_dropped_field_turns_the_checks_red() {
    let declared = "        currency:\n          type: string\n          pattern: ^[A-Z]{3}$\n          \
                    x-assumed:\n            pattern: A code of ISO 4217, as XAF is.\n";
    turns_red(declared, "", judge_response);
    turns_red(declared, "", document::holds_the_samples);
}

#[test]
fn a_newly_required_field_turns_the_checks_red() {
    let (from, to) = ("[balance, currency", "[balance, owner, currency");
    turns_red(from, to, judge_response);
    turns_red(from, to, document::consistent);
    turns_red(from, to, document::holds_the_samples);
    turns_red(from, to, client_names_what_a_wallet_lacks);
}

#[test]
fn a_changed_code_turns_the_checks_red() {
    turns_red("invalid_token: documented", "bad_token: documented", judge_refusal);
    turns_red("invalid_token: documented", "bad_token: documented", document::consistent);
    turns_red("invalid_token: documented", "bad_token: documented", document::holds_the_samples);
    turns_red(
        "invalid_token: documented",
        "bad_token: documented",
        document::marks_what_it_assumes,
    );
}

#[test]
fn a_changed_type_format_or_pattern_turns_the_checks_red() {
    turns_red("          type: integer", "          type: boolean", judge_response);
    turns_red("^[A-Z]{3}$", "^[a-z]{3}$", judge_response);
    turns_red("format: date-time", "format: email", document::holds_the_samples);
    turns_red("pattern: ^Bearer( .+)?$", "pattern: ^Basic$", judge_refusal);
}

#[test]
fn a_changed_header_status_or_content_type_turns_the_checks_red() {
    turns_red("WWW-Authenticate:", "X-Other:", judge_refusal);
    turns_red("\"401\":", "\"403\":", judge_refusal);
    turns_red("\"200\":", "\"201\":", judge_response);
    turns_red("application/json:", "application/hal+json:", judge_response);
    turns_red("application/json:", "application/hal+json:", judge_request);
}

#[test]
fn a_changed_path_method_or_scheme_turns_the_checks_red() {
    for (from, to) in [
        ("  /wallet:", "  /purse:"),
        ("    get:\n      operationId: getWallet", "    put:\n      operationId: getWallet"),
    ] {
        turns_red(from, to, judge_request);
        turns_red(from, to, judge_operations);
        turns_red(from, to, judge_response);
    }
    turns_red("/api/v1\n", "/api/v2\n", judge_request);
    turns_red("scheme: bearer", "scheme: basic", judge_request);
    turns_red("security:\n  - bearerKey: []\n", "security: []\n", judge_request);
}

#[test]
fn an_added_operation_turns_the_checks_red() {
    let (from, to) = ("  /wallet:\n", "  /purse: { get: { operationId: getPurse } }\n  /wallet:\n");
    turns_red(from, to, judge_operations);
    turns_red(from, to, document::consistent);
}

#[test]
fn a_misspelt_document_turns_the_checks_red() {
    turns_red("operationId:", "operationid:", document::valid);
    turns_red("required: [data]", "required: data", document::valid);
    turns_red("required: [data]", "requried: [data]", judge_response);
    turns_red("#/components/schemas/Counts", "#/components/schemas/Count", document::consistent);
    assert!(Contract::altered("      tags: [Wallet]", "      summary: twice").is_err());
}

#[test]
fn a_false_quote_or_an_unmarked_assumption_turns_the_checks_red() {
    let marks = document::marks_what_it_assumes;
    turns_red("x-documented: Response 200", "x-documented: Response 201", marks);
    turns_red("RED: assumed", "RED: documented", marks);
    turns_red("            minimum: A message gives no credits back.\n", "", marks);
    turns_red("            type: A count is whole.\n", "", marks);
    let assumed = "      x-assumed:\n        description: RFC 9110 (15.5.5)";
    turns_red(assumed, &assumed.replace("x-assumed", "x-note"), marks);
}

#[test]
fn a_response_is_rejected_for_each_error_in_it() {
    let contract = Contract::published().unwrap();
    judge_response(&contract).unwrap();
    for (from, to) in [
        ("200 OK", "204 No Content"),
        ("application/json", "text/html"),
        ("content-length: 80", "content-length: 79"),
        ("content-length", "x-powered-by: us\r\ncontent-length"),
        ("content-length", "date: now\r\ndate: then\r\ncontent-length"),
    ] {
        let response = response_of(BODY);
        assert!(response.contains(from), "{from}");
        let verdict = judge(&contract, &response.replacen(from, to, 1));
        assert!(verdict.is_err(), "{from:?} → {to:?} was not detected");
    }
    for (from, to) in [
        ("8450", "84.5"),
        ("8450", "null"),
        ("8450", "9223372036854775808"),
        ("\"balance\"", "\"Balance\""),
        ("\"balance\"", "\"currency\""),
        ("\"25.0000\"", "25.0000"),
        ("}", ",}"),
        ("\"XAF\",", "\"XAF\",\"a\":1,"),
    ] {
        assert!(BODY.contains(from), "{from}");
        let verdict = judge(&contract, &response_of(&BODY.replacen(from, to, 1)));
        assert!(verdict.is_err(), "{from:?} → {to:?} was not detected");
    }
}

#[test]
fn a_request_is_rejected_for_each_error_in_it() {
    let contract = Contract::published().unwrap();
    judge_request(&contract).unwrap();
    for (from, to) in [
        ("GET", "POST"),
        ("wallet", "wallets"),
        ("wallet", "wallet?page=1"),
        ("/api/v1", ""),
        ("Bearer ", "bearer\t"),
        ("Bearer pk_live_xxx", "Bearer "),
        ("Bearer pk_live_xxx", "Bearer pk live"),
        ("authorization: Bearer pk_live_xxx\r\n", ""),
        ("application/json", "text/html"),
        ("accept:", "referer: https://app.example.com\r\naccept:"),
        ("\r\n\r\n", "\r\ncontent-length: 0\r\n\r\n"),
        ("\r\n\r\n", "\r\n\r\n{}"),
    ] {
        assert!(REQUEST.contains(from), "{from}");
        let altered = Request::parse(REQUEST.replacen(from, to, 1).as_bytes()).unwrap();
        let verdict = request::check(&contract, &altered);
        assert!(verdict.is_err(), "{from:?} → {to:?} was not detected");
    }
}

#[test]
fn minified_text_differs_in_digits_and_order_but_not_in_spaces() {
    let minified = reference::minified;
    assert_eq!(minified("{ \"a b\" : \"\\\" c\" ,\n 1.0 : 2 }"), "{\"a b\":\"\\\" c\",1.0:2}");
    assert_ne!(minified("{\"a\": 1.0}"), minified("{\"a\": 1.00}"));
}
