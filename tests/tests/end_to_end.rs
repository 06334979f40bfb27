//! The client returns the state of the mock, for each partner its own, and every rejection is the
//! error that names it.

use partner_api::{Counts, Error, UnauthorizedCode};
use partner_api_mock::{Company, Connection, MockServer, Wallet};
use partner_api_tests::Checked;
use partner_api_tests::client::at;
use partner_api_tests::http::Response;
use partner_api_tests::peer::{Peer, ask};

/// The company that the client should return for a company of the mock.
fn company(it: &Company) -> partner_api::Company {
    partner_api::Company::new(
        it.id.as_str().into(),
        it.name.clone(),
        it.onboarded_at,
        it.connections.iter().map(connection).collect(),
        Counts::new(it.template_count),
    )
}

fn connection(it: &Connection) -> partner_api::Connection {
    partner_api::Connection::new(
        it.id.as_str().into(),
        it.waba_id.as_str().into(),
        it.phone_number_id.as_str().into(),
        it.display_phone_number.clone(),
        it.quality_rating.as_str().into(),
        it.status.as_str().into(),
    )
}

fn wallet(it: &Wallet) -> partner_api::Wallet {
    partner_api::Wallet::new(
        it.balance,
        it.currency.clone(),
        it.credit_unit_price,
        it.cost_per_message,
    )
}

fn companies(all: &[Company]) -> Vec<partner_api::Company> {
    all.iter().map(company).collect()
}

/// The code of the 401 that a call failed with.
fn code<T>(outcome: Result<T, Error>) -> Option<UnauthorizedCode> {
    outcome.err()?.unauthorized_code().cloned()
}

#[tokio::test]
async fn the_client_returns_the_data_of_a_new_mock() -> Checked {
    let mock = MockServer::start().await?;
    let client = at(mock.url(), &mock.api_key())?;
    assert_eq!(client.companies().await?, companies(&mock.partner().companies()));
    assert_eq!(client.wallet().await?, wallet(&mock.partner().wallet()));
    Ok(())
}

#[tokio::test]
async fn a_change_in_the_mock_is_seen_by_the_next_call() -> Checked {
    let mock = MockServer::start().await?;
    let client = at(mock.url(), &mock.api_key())?;
    client.companies().await?;

    let mut changed = Company::new("clx9", "Café ☕ \"9\"");
    changed.connections = vec![Connection::new("a"), Connection::new("b")];
    changed.connections[0].quality_rating = "PURPLE".to_owned();
    changed.connections[1].status = "paused".to_owned();
    changed.template_count = 12;
    let changed = vec![changed, Company::new("clx10", "No connections")];
    mock.partner().set_companies(changed.clone());
    let mut dearer = Wallet::new(-3);
    dearer.credit_unit_price = "26.5000".parse()?;
    mock.partner().set_wallet(dearer.clone());

    assert_eq!(client.companies().await?, companies(&changed));
    let seen = client.wallet().await?;
    assert_eq!(seen, wallet(&dearer));
    assert_eq!(seen.credit_unit_price.to_string(), "26.5000");

    mock.partner().set_companies(Vec::new());
    assert_eq!(client.companies().await?, []);
    Ok(())
}

#[tokio::test]
async fn each_partner_sees_its_own_data_and_no_other() -> Checked {
    let mock = MockServer::start().await?;
    let mut clients = Vec::new();
    for number in 0..3 {
        let partner = mock.add_partner(format!("partner {number}"));
        partner.set_wallet(Wallet::new(number));
        partner.set_companies(vec![Company::new(format!("clx{number}"), "One")]);
        clients.push((at(mock.url(), &partner.issue_key())?, partner));
    }
    for (client, partner) in &clients {
        assert_eq!(client.companies().await?, companies(&partner.companies()));
        assert_eq!(client.wallet().await?, wallet(&partner.wallet()));
    }
    Ok(())
}

#[tokio::test]
async fn a_revoked_key_is_invalid_and_the_partner_s_other_key_is_not() -> Checked {
    let mock = MockServer::start().await?;
    let (first, second) = (mock.partner().issue_key(), mock.partner().issue_key());
    let (revoked, kept) = (at(mock.url(), &first)?, at(mock.url(), &second)?);
    revoked.wallet().await?;
    mock.partner().revoke_key(&first)?;
    assert_eq!(code(revoked.wallet().await), Some(UnauthorizedCode::InvalidToken));
    assert_eq!(code(revoked.companies().await), Some(UnauthorizedCode::InvalidToken));
    kept.wallet().await?;
    Ok(())
}

#[tokio::test]
async fn a_key_that_a_proxy_removes_is_a_missing_bearer_token() -> Checked {
    let mock = MockServer::start().await?;
    let refusal = ask(mock.url(), "GET", "/api/v1/wallet", &[]).await?;
    let proxy = Peer::start(Response::json(refusal.status, refusal.text()?)).await?;
    let client = at(&proxy.url(), &mock.api_key())?;
    assert_eq!(code(client.wallet().await), Some(UnauthorizedCode::MissingBearerToken));
    assert_eq!(code(client.companies().await), Some(UnauthorizedCode::MissingBearerToken));
    Ok(())
}

#[tokio::test]
async fn an_inactive_partner_is_invalid_until_it_is_active_again() -> Checked {
    let mock = MockServer::start().await?;
    let client = at(mock.url(), &mock.api_key())?;
    mock.partner().deactivate();
    assert_eq!(code(client.wallet().await), Some(UnauthorizedCode::InvalidToken));
    mock.partner().activate();
    client.wallet().await?;
    Ok(())
}

#[tokio::test]
async fn an_unknown_key_is_invalid_and_is_not_retried() -> Checked {
    let mock = MockServer::start().await?;
    let client = partner_api::Client::new(mock.url(), "pk_live_unknown")?;
    assert_eq!(code(client.wallet().await), Some(UnauthorizedCode::InvalidToken));
    assert_eq!(mock.requests().len(), 1);
    Ok(())
}
