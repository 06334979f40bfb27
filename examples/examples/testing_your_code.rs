//! Application code, and its tests against the mock: without an account, a network or a fixed port.
//!
//! ```sh
//! cargo run --example testing_your_code
//! ```
//!
//! In your crate the mock is a dev-dependency, and each test below is a `#[tokio::test]` instead of
//! a line in
//! `main`.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::error::Error;

use partner_api::{Client, ConnectionStatus, UnauthorizedCode};
use partner_api_mock::{Company, Connection, MockServer};

type TestResult = Result<(), Box<dyn Error>>;

// ---- Your code -------------------------------------------------------------------------------

/// The clients to call because none of their numbers can send.
///
/// It takes a `Client` and does not read the environment, so that a test can give it a client for
/// the mock.
async fn clients_to_call(api: &Client) -> Result<Vec<String>, partner_api::Error> {
    let companies = api.companies().await?;
    let cut_off = companies.into_iter().filter(|company| {
        let mut connections = company.connections.iter();
        !connections.any(|connection| connection.status == ConnectionStatus::Connected)
    });
    Ok(cut_off.map(|company| company.name).collect())
}

// ---- Its tests -------------------------------------------------------------------------------

async fn a_client_is_called_while_its_only_number_is_cut_off() -> TestResult {
    let mock = MockServer::start().await?; // a free port; closed when `mock` is dropped
    let partner = mock.partner(); // it starts with the client that the reference shows
    let api = Client::new(mock.url(), &mock.api_key())?;
    assert!(clients_to_call(&api).await?.is_empty());

    // The data of the mock can be changed while it runs.
    partner.update_connection("clx456...", |connection| {
        connection.status = "disconnected".into();
    })?;
    assert_eq!(clients_to_call(&api).await?, ["Acme Coffee"]);

    let mut second_number = Connection::new("second");
    second_number.display_phone_number = "+237 6 90 00 00 01".into();
    partner.add_connection("clx123...", second_number)?;
    assert!(clients_to_call(&api).await?.is_empty());
    Ok(())
}

async fn partners_do_not_see_each_other() -> TestResult {
    let mock = MockServer::start().await?; // one server for many tests: each takes a partner
    let (north, south) = (mock.add_partner("north"), mock.add_partner("south"));
    north.set_companies(vec![Company::new("n1", "Northern Lights")]); // with no connection
    south.set_companies(vec![Company::new("s1", "Southern Cross")]);

    let api = Client::new(mock.url(), &north.issue_key())?;
    assert_eq!(clients_to_call(&api).await?, ["Northern Lights"]);

    // Only the partner of this key has received a request.
    assert_eq!(north.requests().len(), 1);
    assert!(south.requests().is_empty());
    Ok(())
}

async fn the_list_is_requested_once() -> TestResult {
    let mock = MockServer::start().await?;
    let api = Client::new(mock.url(), &mock.api_key())?;
    clients_to_call(&api).await?;

    let requests: Vec<_> = mock
        .partner()
        .requests()
        .iter()
        .map(|request| format!("{} {} {}", request.method, request.path, request.status.as_u16()))
        .collect();
    assert_eq!(requests, ["GET /api/v1/companies 200"]);
    Ok(())
}

async fn a_revoked_key_is_an_error_and_not_an_empty_list() -> TestResult {
    let mock = MockServer::start().await?;
    let api = Client::new(mock.url(), &mock.api_key())?;
    clients_to_call(&api).await?;

    mock.partner().revoke_key(&mock.api_key())?;
    let refused = clients_to_call(&api).await;
    let code = refused.as_ref().err().and_then(partner_api::Error::unauthorized_code);
    assert_eq!(code, Some(&UnauthorizedCode::InvalidToken));
    Ok(())
}

#[tokio::main]
async fn main() -> TestResult {
    println!("Your code, tested against the mock");
    a_client_is_called_while_its_only_number_is_cut_off().await?;
    println!("ok: a client is called while its only number is cut off");
    partners_do_not_see_each_other().await?;
    println!("ok: partners do not see each other");
    the_list_is_requested_once().await?;
    println!("ok: the list is requested once");
    a_revoked_key_is_an_error_and_not_an_empty_list().await?;
    println!("ok: a revoked key is an error and not an empty list");
    Ok(())
}
