//! At stake: made-up companies are no excuse. Whoever tests against a generated partner tests
//! against the published API, thousands of companies long.

use partner_api_mock::{Company, MockServer};
use partner_api_tests::contract::{Contract, Reading};
use partner_api_tests::{Checked, answer, peer};
use serde_json::Value;

#[tokio::test]
async fn thousands_of_generated_companies_are_as_the_contract_has_them() -> Checked {
    let contract = Contract::published()?;
    let target = "/api/v1/companies";
    for seed in [0, 7, u64::MAX] {
        let mock = MockServer::start().await?;
        mock.partner().set_companies(Company::generate(3000, seed));
        let key = format!("Authorization: Bearer {}", mock.api_key());
        let served = peer::ask(mock.url(), "GET", target, &[&key]).await?;
        answer::check(&contract, "GET", target, &served)?;

        let list: Value = serde_json::from_str(served.text()?)?;
        contract.validate(contract.body_schema("listCompanies", "200")?, Reading::Closed, &list)?;
        assert_eq!(list["data"].as_array().map(Vec::len), Some(3000));
    }
    Ok(())
}
