//! Every response of the mock, successful or not, is read from a plain socket and checked strictly:
//! status, headers, content type, and a body without undeclared fields.

use partner_api_mock::{Company, Connection, MockServer, ROUTES, Wallet};
use partner_api_tests::contract::Contract;
use partner_api_tests::http::Response;
use partner_api_tests::{Checked, peer, reference, response};
use serde_json::Value;

const COMPANIES: &str = "/api/v1/companies";
const WALLET: &str = "/api/v1/wallet";

/// A mock, and the contract that its responses are checked against.
struct Judged {
    mock: MockServer,
    contract: Contract,
}

impl Judged {
    async fn start() -> Checked<Self> {
        let (mock, contract) = (MockServer::start().await?, Contract::published()?);
        Ok(Self { mock, contract })
    }

    /// Sends a request, and checks the response.
    async fn ask(&self, method: &str, target: &str, headers: &[&str]) -> Checked<Response> {
        let response = peer::ask(self.mock.url(), method, target, headers).await?;
        response::check(&self.contract, method, target, &response)
            .map_err(|wrong| format!("{method} {target} {headers:?}: {wrong}"))?;
        Ok(response)
    }

    /// As [`Judged::ask`], with the key of the first partner.
    async fn ask_with_key(&self, method: &str, target: &str) -> Checked<Response> {
        let key = format!("Authorization: Bearer {}", self.mock.api_key());
        self.ask(method, target, &[&key]).await
    }

    async fn get(&self, target: &str) -> Checked<Value> {
        let response = self.ask_with_key("GET", target).await?;
        Ok(serde_json::from_slice(&response.body)?)
    }
}

fn company(id: usize, connections: usize) -> Company {
    let mut company = Company::new(format!("clx{id}"), format!("Company {id}"));
    let connection = |number| Connection::new(format!("clx{id}-{number}"));
    company.connections = (0..connections).map(connection).collect();
    company
}

#[tokio::test]
async fn a_new_mock_sends_the_samples_of_the_reference_verbatim() -> Checked {
    let judged = Judged::start().await?;
    for operation in judged.contract.operations()? {
        let target = format!("{}{}", judged.contract.base_path()?, operation.path);
        let sample = reference::sample(operation.id).ok_or("the operation has no sample")?;
        let response = judged.ask_with_key(operation.method, &target).await?;
        assert_eq!(reference::minified(response.text()?), reference::minified(sample));
    }
    Ok(())
}

#[tokio::test]
async fn no_companies_are_an_empty_list() -> Checked {
    let judged = Judged::start().await?;
    judged.mock.partner().set_companies(Vec::new());
    assert_eq!(judged.get(COMPANIES).await?, serde_json::json!({ "data": [] }));
    Ok(())
}

#[tokio::test]
async fn a_company_without_connections_has_an_empty_list_of_them() -> Checked {
    let judged = Judged::start().await?;
    judged.mock.partner().set_companies(vec![company(1, 0)]);
    let body = judged.get(COMPANIES).await?;
    assert_eq!(body["data"][0]["connections"], serde_json::json!([]));
    Ok(())
}

#[tokio::test]
async fn many_companies_are_in_one_response_and_in_their_order() -> Checked {
    let judged = Judged::start().await?;
    judged.mock.partner().set_companies((0..2000).map(|id| company(id, id % 4)));
    let body = judged.get(COMPANIES).await?;
    let ids = body["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap());
    assert!(ids.eq((0..2000).map(|id| format!("clx{id}"))));
    Ok(())
}

#[tokio::test]
async fn any_text_is_sent_unchanged() -> Checked {
    let judged = Judged::start().await?;
    let texts =
        ["", "Café ☕ 喫茶店 👩🏽‍🍳", "\"quoted\" \\ and / and </script>", "\u{0}\u{7f}\u{2028}\r\n"];
    let called = |text: &&str| Company::new(*text, *text);
    judged.mock.partner().set_companies(texts.iter().map(called));
    let body = judged.get(COMPANIES).await?;
    let names = body["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap());
    assert!(names.eq(texts));
    Ok(())
}

#[tokio::test]
async fn every_known_rating_and_any_moment_is_in_the_contract() -> Checked {
    let judged = Judged::start().await?;
    let moments =
        ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59.9Z", "2026-06-01T12:12:00.000123+02:00"];
    for (rating, moment) in ["GREEN", "YELLOW", "RED"].into_iter().zip(moments) {
        let mut company = company(1, 1);
        company.connections[0].quality_rating = rating.to_owned();
        company.onboarded_at = moment.parse()?;
        company.template_count = 1 << 53;
        judged.mock.partner().set_companies(vec![company]);
        let body = judged.get(COMPANIES).await?;
        assert_eq!(body["data"][0]["connections"][0]["qualityRating"], rating);
    }
    Ok(())
}

#[tokio::test]
async fn every_balance_and_price_is_in_the_contract() -> Checked {
    let judged = Judged::start().await?;
    for (balance, price) in
        [(0, "0.0000"), (-1, "25"), (i64::MAX, "0.0000000001"), (i64::MIN, "123456789012345678.5")]
    {
        let mut wallet = Wallet::new(balance);
        wallet.credit_unit_price = price.parse()?;
        wallet.cost_per_message = 0;
        judged.mock.partner().set_wallet(wallet);
        let body = judged.get(WALLET).await?;
        assert_eq!(
            (body["balance"].as_i64(), body["creditUnitPrice"].as_str()),
            (Some(balance), Some(price))
        );
    }
    Ok(())
}

#[tokio::test]
async fn each_reason_for_401_has_its_documented_code() -> Checked {
    let judged = Judged::start().await?;
    let (revoked, inactive) =
        (judged.mock.add_partner("revoked"), judged.mock.add_partner("inactive"));
    let (revoked_key, inactive_key) = (revoked.issue_key(), inactive.issue_key());
    revoked.revoke_key(&revoked_key)?;
    inactive.deactivate();

    let good = format!("Authorization: Bearer {}", judged.mock.api_key());
    let bare = format!("Authorization: {}", judged.mock.api_key());
    let basic = format!("Authorization: Basic {}", judged.mock.api_key());
    let revoked_key = format!("Authorization: Bearer {revoked_key}");
    let inactive_key = format!("Authorization: Bearer {inactive_key}");
    let missing: [&[&str]; 5] =
        [&[], &["Authorization:"], &["Authorization: Bearer"], &[&bare], &[&basic]];
    let invalid: [&[&str]; 5] = [
        &["Authorization: Bearer pk_live_unknown"],
        &["Authorization: Bearer not a token"],
        &[&revoked_key],
        &[&inactive_key],
        &[&good, &good],
    ];
    for target in [COMPANIES, WALLET] {
        for (refused, sample) in
            [(missing, reference::MISSING_BEARER_TOKEN), (invalid, reference::INVALID_TOKEN)]
        {
            for headers in refused {
                let response = judged.ask("GET", target, headers).await?;
                assert_eq!(response.status, 401, "{headers:?}");
                let body = reference::minified(response.text()?);
                assert_eq!(body, reference::minified(sample), "{headers:?}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_path_is_404_with_and_without_a_key() -> Checked {
    let judged = Judged::start().await?;
    for target in [
        "/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/companies/",
        "/api/v1/companies/clx123...",
        "/api/v1//companies",
        "/api/v1/Companies",
        "/api/v2/companies",
        "/companies",
        "/api/v1/templates",
        "/api/v1/campaigns",
        "/api/v1/messages",
        "/api/v1/stats",
    ] {
        if ROUTES.iter().any(|route| route.path == target) {
            continue; // announced then, documented now
        }
        for method in ["GET", "POST", "HEAD"] {
            assert_eq!(judged.ask_with_key(method, target).await?.status, 404);
            assert_eq!(judged.ask(method, target, &[]).await?.status, 404);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_method_is_405_with_the_allowed_methods() -> Checked {
    let judged = Judged::start().await?;
    for target in [COMPANIES, WALLET] {
        for method in ["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "LIST"] {
            let response = judged.ask_with_key(method, target).await?;
            assert_eq!((response.status, response.headers.get("allow")), (405, Some("GET, HEAD")));
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_response_to_head_is_that_to_get_without_the_body() -> Checked {
    let judged = Judged::start().await?;
    for target in [COMPANIES, WALLET] {
        let get = judged.ask_with_key("GET", target).await?;
        let head = judged.ask_with_key("HEAD", target).await?;
        assert_eq!(head.status, get.status);
        for name in ["content-type", "content-length"] {
            assert_eq!(head.headers.get(name), get.headers.get(name), "{name}");
        }
        assert_eq!(judged.ask("HEAD", target, &[]).await?.status, 401);
    }
    Ok(())
}

#[tokio::test]
async fn the_mock_fails_the_check_against_a_contract_with_a_renamed_field() -> Checked {
    for (field, renamed, target) in
        [("phoneNumberId", "phoneId", COMPANIES), ("balance", "credits", WALLET)]
    {
        let contract = Contract::altered(field, renamed)?;
        let judged = Judged { contract, ..Judged::start().await? };
        let verdict = judged.ask_with_key("GET", target).await;
        assert!(verdict.is_err(), "{field} → {renamed} went unnoticed");
    }
    Ok(())
}
