//! The operations of the contract, the calls of the client and the routes of the mock are the same,
//! so that an operation cannot be added to one side only.

use std::collections::BTreeSet;

use partner_api_mock::{MockServer, ROUTES};
use partner_api_tests::client::CALLS;
use partner_api_tests::contract::Contract;
use partner_api_tests::peer::ask;
use partner_api_tests::{Checked, operations};

/// The names of the public methods that return a `Call`, from the client's source.
fn calls_in(source: &str) -> BTreeSet<&str> {
    let methods = source.split("pub fn ").skip(1).filter_map(|method| method.split_once('('));
    let calls = methods.filter(|(_, rest)| {
        rest.split('{').next().is_some_and(|signature| signature.contains("Call<"))
    });
    calls.map(|(name, _)| name).collect()
}

#[test]
fn the_client_has_a_call_for_each_operation_and_no_other() -> Checked {
    let contract = Contract::published()?;
    let operations = CALLS.map(|(_, operation)| contract.operation(operation).unwrap());
    operations::check(&contract, "the client", operations.map(|one| (one.method, one.path)))?;

    let source = include_str!("../../client/src/client/mod.rs");
    assert_eq!(calls_in(source), CALLS.map(|(call, _)| call).into());
    Ok(())
}

#[test]
fn the_mock_has_a_route_for_each_operation_and_no_other() -> Checked {
    let contract = Contract::published()?;
    let base = contract.base_path()?;
    let routes = ROUTES.iter().map(|route| (route.method, route.path.strip_prefix(base).unwrap()));
    operations::check(&contract, "the mock", routes)
}

#[tokio::test]
async fn the_mock_serves_the_methods_of_the_contract_and_rejects_all_others() -> Checked {
    let contract = Contract::published()?;
    let mock = MockServer::start().await?;
    let key = format!("Authorization: Bearer {}", mock.api_key());
    let mut served = BTreeSet::new();
    for operation in contract.operations()? {
        for method in ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "LIST"] {
            let target = format!("{}{}", contract.base_path()?, operation.path);
            let response = ask(mock.url(), method, &target, &[&key]).await?;
            match response.status {
                200 => assert!(served.insert((method, operation.path))),
                status => assert_eq!(status, 405, "{method} {target}"),
            }
        }
    }
    operations::check(&contract, "the mock, over HTTP,", served)
}

#[test]
fn client_and_mock_do_not_depend_on_each_other() {
    // With a shared type, both could be wrong in the same way.
    for manifest in
        [include_str!("../../client/Cargo.toml"), include_str!("../../mock-server/Cargo.toml")]
    {
        assert_eq!(manifest.lines().find(|line| line.starts_with("partner-api")), None);
    }
}

#[test]
fn a_call_is_found_in_the_source_in_any_layout() {
    let source = "pub fn a(&self) -> Call<A> {}\n    pub fn b(\n        &self,\n        id: &str,\n    ) \
                  -> Call<Vec<B>> {\n pub fn c(&self) -> &str { Call<C> }\n fn d(&self) -> Call<D> {";
    assert_eq!(calls_in(source), ["a", "b"].into());
}
