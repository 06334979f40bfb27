//! Every response that the contract allows can be set in the mock, is served unchanged, and is read
//! by the client.

use partner_api_mock::{Company, Connection, MockServer, Wallet};
use partner_api_tests::contract::{Contract, Reading, items};
use partner_api_tests::{Checked, client, generate, peer, response};
use serde_json::Value;
use tokio::runtime::Builder;

/// Sets each document that the contract allows for an operation in a mock, and requests it.
fn each_state_is_served_unchanged(
    operation: &str,
    put: impl Fn(&MockServer, &Value) -> Checked,
) -> Checked {
    let contract = Contract::published()?;
    let schema = contract.body_schema(operation, "200")?;
    let target = format!("{}{}", contract.base_path()?, contract.operation(operation)?.path);

    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mock = runtime.block_on(MockServer::start())?;
    let client = client::at(mock.url(), &mock.api_key())?;
    let key = format!("Authorization: Bearer {}", mock.api_key());

    let documents = generate::documents(&contract, schema, Reading::Closed)?;
    generate::for_each(&documents, |document| {
        put(&mock, document)?;
        let served = runtime.block_on(peer::ask(mock.url(), "GET", &target, &[&key]))?;
        response::check(&contract, "GET", &target, &served)?;
        let read = runtime.block_on(client::call(&client, operation))?;
        for seen in [served.text()?, &read] {
            if serde_json::from_str::<Value>(seen)? != *document {
                return Err(format!("expected {document}\nreceived {seen}").into());
            }
        }
        Ok(())
    })
}

fn text(document: &Value, name: &str) -> String {
    document[name].as_str().unwrap_or_default().to_owned()
}

fn company(document: &Value) -> Checked<Company> {
    let mut company = Company::new(text(document, "id"), text(document, "name"));
    company.onboarded_at = text(document, "onboardedAt").parse()?;
    company.connections = items(document, "connections").map(connection).collect();
    company.template_count =
        document.pointer("/_count/templates").and_then(Value::as_u64).unwrap_or_default();
    Ok(company)
}

fn connection(document: &Value) -> Connection {
    let mut connection = Connection::new(text(document, "id"));
    connection.waba_id = text(document, "wabaId");
    connection.phone_number_id = text(document, "phoneNumberId");
    connection.display_phone_number = text(document, "displayPhoneNumber");
    connection.quality_rating = text(document, "qualityRating");
    connection.status = text(document, "status");
    connection
}

fn wallet(document: &Value) -> Checked<Wallet> {
    let mut wallet = Wallet::new(document["balance"].as_i64().unwrap_or_default());
    wallet.currency = text(document, "currency");
    wallet.credit_unit_price = text(document, "creditUnitPrice").parse()?;
    wallet.cost_per_message = document["costPerMessage"].as_i64().unwrap_or_default();
    Ok(wallet)
}

#[test]
fn every_list_of_companies_that_the_contract_allows_can_be_served() -> Checked {
    each_state_is_served_unchanged("listCompanies", |mock, document| {
        let companies = items(document, "data").map(company).collect::<Checked<Vec<_>>>()?;
        mock.partner().set_companies(companies);
        Ok(())
    })
}

#[test]
fn every_wallet_that_the_contract_allows_can_be_served() -> Checked {
    each_state_is_served_unchanged("getWallet", |mock, document| {
        mock.partner().set_wallet(wallet(document)?);
        Ok(())
    })
}
