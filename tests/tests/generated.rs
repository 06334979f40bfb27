//! Thousands of generated companies satisfy the contract.

use partner_api_mock::{Company, MockServer};
use partner_api_tests::contract::{Contract, Reading};
use partner_api_tests::{Checked, peer, response};
use serde_json::Value;

#[tokio::test]
async fn thousands_of_generated_companies_satisfy_the_contract() -> Checked {
    let contract = Contract::published()?;
    let target = "/api/v1/companies";
    for seed in [0, 7, u64::MAX] {
        let mock = MockServer::start().await?;
        mock.partner().set_companies(Company::generate(3000, seed));
        let key = format!("Authorization: Bearer {}", mock.api_key());
        let served = peer::ask(mock.url(), "GET", target, &[&key]).await?;
        response::check(&contract, "GET", target, &served)?;

        let list: Value = serde_json::from_str(served.text()?)?;
        contract.validate(contract.body_schema("listCompanies", "200")?, Reading::Closed, &list)?;
        assert_eq!(list["data"].as_array().map(Vec::len), Some(3000));
    }
    Ok(())
}
