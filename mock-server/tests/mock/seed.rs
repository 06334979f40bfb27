//! The mock serves exactly the data of its seed file.

use partner_api_mock::{Company, Connection, MockServer, Seed, Wallet};

use crate::raw;

fn example() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/seed.example.json").to_owned()
}

#[tokio::test]
async fn the_mock_serves_the_example() {
    let seed = Seed::from_path(example()).unwrap();
    let mock = MockServer::builder().seed(seed).start().await.unwrap();
    let [first, second, third] = &mock.partners()[..] else { panic!("three partners") };

    assert_eq!(mock.api_key(), "pk_live_exampleexampleexample001");
    assert_eq!([first.name(), mock.partner().name()], ["Example Partner", "Example Partner"]);
    let sample = MockServer::start().await.unwrap().partner();
    assert_eq!((first.wallet(), first.companies()), (sample.wallet(), sample.companies()));

    let mut wallet = Wallet::new(3);
    wallet.currency = "EUR".into();
    wallet.credit_unit_price = "0.0385".parse().unwrap();
    assert_eq!(second.wallet(), wallet);
    let connection = Connection::new("clx791...").with_quality_rating("RED");
    let pharmacy = Company::new("clx790...", "Corner Pharmacy").with_connection(connection);
    assert_eq!(second.companies(), [Company::new("clx789...", "Blue Bakery"), pharmacy]);
    assert!(!third.is_active());

    for (key, status) in [("002", 200), ("003", 200), ("004", 401)] {
        let key = format!("pk_live_exampleexampleexample{key}");
        assert_eq!(raw::wallet_with(mock.address(), &key).await.status, status, "{key}");
    }
}

#[test]
fn the_docs_show_the_example_as_it_is() {
    let page = include_str!("../../../docs/seed-file.md");
    let example = std::fs::read_to_string(example()).unwrap();
    assert!(page.contains(&format!("```json\n{example}```\n")));
}

#[tokio::test]
async fn an_empty_seed_is_one_partner_with_a_key_and_nothing_else() {
    let mock = MockServer::builder().seed(Seed::empty()).start().await.unwrap();
    assert!(mock.partner().companies().is_empty());
    assert_eq!(raw::wallet_with(mock.address(), &mock.api_key()).await.status, 200);
}
