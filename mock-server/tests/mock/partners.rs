//! "Requests scoped automatically to your partner account": a partner never sees the data of
//! another, and a change by a test is visible to the next request.

use partner_api_mock::{Company, Connection, MockServer, NotFound, Partner, Wallet};

use crate::raw;

async fn companies(mock: &MockServer, key: &str) -> String {
    let request = format!(
        "GET /api/v1/companies HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\
         authorization: Bearer {key}\r\n\r\n"
    );
    let response = raw::exchange(mock.address(), request).await;
    assert_eq!(response.status, 200, "{response:?}");
    response.body
}

#[tokio::test]
async fn each_key_sees_its_own_partner_and_nothing_else() {
    let mock = MockServer::start().await.unwrap();
    let (one, two) = (mock.add_partner("one"), mock.add_partner("two"));
    let (key_of_one, key_of_two) = (one.issue_key(), two.issue_key());
    one.add_company(Company::new("c-1", "Only of one"));
    one.set_wallet(Wallet::new(1));
    two.set_wallet(Wallet::new(2));

    assert!(companies(&mock, &key_of_one).await.contains("Only of one"));
    assert_eq!(companies(&mock, &key_of_two).await, r#"{"data":[]}"#);
    for (key, balance) in [(&key_of_one, 1), (&key_of_two, 2), (&mock.api_key(), 8450)] {
        let body = raw::wallet_with(mock.address(), key).await.body;
        assert!(body.starts_with(&format!("{{\"balance\":{balance},")), "{body}");
    }
    assert_eq!((one.requests().len(), two.requests().len(), mock.requests().len()), (2, 2, 5));
}

#[tokio::test]
async fn a_new_partner_has_no_key_no_company_and_no_credit() {
    let mock = MockServer::start().await.unwrap();
    let partner = mock.add_partner("new");
    let names: Vec<_> = mock.partners().iter().map(Partner::name).collect();
    assert_eq!(names, ["default", "new"]);
    assert!(partner.is_active() && partner.companies().is_empty());
    assert_eq!(partner.wallet(), Wallet::new(0));
}

#[tokio::test]
async fn only_the_partner_who_has_a_key_can_revoke_it() {
    let mock = MockServer::start().await.unwrap();
    let (one, two) = (mock.add_partner("one"), mock.add_partner("two"));
    let key = one.issue_key();
    assert_eq!(two.revoke_key(&key), Err(NotFound::Key));
    assert_eq!(two.revoke_key("pk_live_never_issued"), Err(NotFound::Key));
    assert_eq!(raw::wallet_with(mock.address(), &key).await.status, 200);

    let other = one.issue_key();
    one.revoke_key(&key).unwrap();
    one.revoke_key(&key).unwrap();
    assert_eq!(raw::wallet_with(mock.address(), &key).await.status, 401);
    assert_eq!(raw::wallet_with(mock.address(), &other).await.status, 200);
}

#[tokio::test]
async fn every_change_is_visible_to_the_next_request() {
    let mock = MockServer::start().await.unwrap();
    let (partner, key) = (mock.partner(), mock.api_key());

    partner.update_wallet(|wallet| wallet.currency = "EUR".into());
    assert!(raw::wallet_with(mock.address(), &key).await.body.contains(r#""currency":"EUR""#));

    partner.add_company(Company::new("c-2", "Blue Bakery"));
    partner.add_connection("c-2", Connection::new("n-2")).unwrap();
    partner.update_connection("n-2", |one| one.status = "never seen before".into()).unwrap();
    partner.update_company("c-2", |company| company.template_count = u64::MAX).unwrap();
    let body = companies(&mock, &key).await;
    assert!(body.contains(r#""status":"never seen before""#), "{body}");
    assert!(body.contains(r#""_count":{"templates":18446744073709551615}"#), "{body}");

    assert_eq!(partner.remove_connection("n-2").unwrap().id, "n-2");
    assert_eq!(partner.remove_company("clx123...").unwrap().name, "Acme Coffee");
    assert!(companies(&mock, &key).await.starts_with(r#"{"data":[{"id":"c-2","#));

    partner.set_companies(Vec::new());
    assert_eq!(companies(&mock, &key).await, r#"{"data":[]}"#);
}

#[tokio::test]
async fn an_error_names_what_was_not_found() {
    let partner = MockServer::start().await.unwrap().partner();
    let company = Err(NotFound::Company("c".into()));
    assert_eq!(partner.update_company("c", |_| ()), company);
    assert_eq!(partner.add_connection("c", Connection::new("n")), company);
    assert_eq!(
        partner.remove_company("c").unwrap_err().to_string(),
        "this partner has no company `c`"
    );
    let connection = NotFound::Connection("n".into());
    assert_eq!(partner.update_connection("n", |_| ()), Err(connection.clone()));
    assert_eq!(partner.remove_connection("n"), Err(connection));
}

#[tokio::test]
async fn a_change_that_panics_leaves_no_old_content_and_no_half_changed_company() {
    let mock = MockServer::start().await.unwrap();
    let (key, partner) = (mock.api_key(), mock.partner());
    let before = (companies(&mock, &key).await, raw::wallet_with(mock.address(), &key).await.body);
    let change = std::panic::AssertUnwindSafe(|| {
        partner.update_wallet(|wallet| {
            wallet.balance = 2;
            panic!("half-way");
        });
    });
    assert!(std::panic::catch_unwind(change).is_err());
    let change = std::panic::AssertUnwindSafe(|| {
        partner.update_company("clx123...", |company| {
            company.name.clear();
            panic!("half-way");
        })
    });
    assert!(std::panic::catch_unwind(change).is_err());
    let wallet = raw::wallet_with(mock.address(), &key).await.body;
    assert_eq!(wallet, before.1.replace("8450", "2"));
    assert_eq!(companies(&mock, &key).await, before.0);
}

#[test]
fn a_time_has_milliseconds_and_a_price_keeps_its_scale() {
    let mut company = Company::new("c", "C");
    for (time, written) in [
        ("2026-06-01T10:12:00Z", "2026-06-01T10:12:00.000Z"),
        ("2026-06-01T10:12:00.123456789Z", "2026-06-01T10:12:00.123Z"),
    ] {
        company.onboarded_at = time.parse().unwrap();
        assert_eq!(serde_json::to_value(&company).unwrap()["onboardedAt"], written);
    }
    let mut wallet = Wallet::new(0);
    for price in ["25.0000", "25", "0.1", "-1.50"] {
        wallet.credit_unit_price = price.parse().unwrap();
        assert_eq!(serde_json::to_value(&wallet).unwrap()["creditUnitPrice"], price);
    }
}
