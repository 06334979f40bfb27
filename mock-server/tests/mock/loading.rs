//! After another seed is loaded, or after a reset, the mock is as if it had just started with that
//! seed. A `Partner` handle or a key that the seed has stays valid throughout.

use partner_api_mock::{Company, Fault, MockServer, Partner, ResponseTemplate, Rule, Seed, Stub};

use crate::raw;

const BEFORE: &str = r#"{"partners": [
  {"name": "a", "keys": ["k-a"], "wallet": {"balance": 1}, "companies": [{"id": "c", "name": "C"}]},
  {"name": "b", "keys": ["k-b"]},
  {"name": "gone", "keys": ["k-gone"]}
]}"#;

const AFTER: &str = r#"{"partners": [
  {"name": "new", "keys": ["k-new"], "wallet": {"balance": 4}},
  {"name": "b", "keys": ["k-b2"], "active": false},
  {"name": "a", "keys": ["k-a", "k-gone"], "wallet": {"balance": 2}}
]}"#;

async fn started(seed: &str) -> MockServer {
    let seed = Seed::from_json(seed).unwrap();
    MockServer::builder().seed(seed).start().await.unwrap()
}

async fn status(mock: &MockServer, key: &str) -> u16 {
    raw::wallet_with(mock.address(), key).await.status
}

#[tokio::test]
async fn after_loading_another_seed_the_mock_is_as_if_started_with_it() {
    let mock = started(BEFORE).await;
    mock.load(Seed::from_json(AFTER).unwrap());

    for (key, expected) in
        [("k-new", 200), ("k-a", 200), ("k-gone", 200), ("k-b", 401), ("k-b2", 401)]
    {
        assert_eq!(status(&mock, key).await, expected, "{key}");
    }
    assert_eq!((mock.api_key().as_str(), mock.partner().name().as_str()), ("k-new", "new"));
    let whose = |key: &str| {
        let key = key.to_owned();
        let address = mock.address();
        async move { raw::wallet_with(address, &key).await.body }
    };
    assert!(whose("k-gone").await.starts_with(r#"{"balance":2,"#), "the key is another's now");
    assert!(whose("k-new").await.starts_with(r#"{"balance":4,"#));
    let names: Vec<_> = mock.partners().iter().map(Partner::name).collect();
    assert_eq!(names, ["a", "b", "new"], "in the order they were added");
}

#[tokio::test]
async fn a_partner_of_the_same_name_stays_and_the_others_are_removed() {
    let mock = started(BEFORE).await;
    let [a, b, gone] = &mock.partners()[..] else { panic!("three partners") };
    for key in ["k-a", "k-b", "k-gone"] {
        assert_eq!(status(&mock, key).await, 200);
    }
    let issued = a.issue_key();
    mock.add_partner("added").issue_key();
    mock.load(Seed::from_json(AFTER).unwrap());

    assert_eq!((a.wallet().balance, a.companies(), b.is_active()), (2, vec![], false));
    assert_eq!(status(&mock, &issued).await, 401, "it is no key of the seed");
    assert_eq!((a.requests().len(), b.requests().len()), (1, 1), "their journal goes on");
    assert!(gone.requests().is_empty() && gone.keys().is_empty());
    gone.update_wallet(|wallet| wallet.balance = 99);
    assert_eq!(mock.partners().len(), 3);
    assert_eq!(mock.partners().first().map(Partner::id), Some(a.id()));
}

#[tokio::test]
async fn a_key_that_was_issued_at_the_start_stays_valid() {
    let mock = MockServer::start().await.unwrap();
    let key = mock.api_key();
    mock.load(Seed::from_json(r#"{"partners": [{"name": "other"}]}"#).unwrap());
    assert_eq!(mock.api_key(), key);
    assert_eq!(status(&mock, &key).await, 200);

    mock.load(Seed::from_json(r#"{"partners": [{"name": "p", "keys": ["mine"]}]}"#).unwrap());
    assert_eq!((mock.api_key().as_str(), status(&mock, &key).await), ("mine", 401));

    let taken = r#"{"partners": [{"name": "p"}, {"name": "q", "keys": ["mine"]}]}"#;
    mock.load(Seed::from_json(taken).unwrap());
    assert_ne!(mock.api_key(), "mine");
    assert_eq!(status(&mock, &mock.api_key()).await, 200);
    assert_eq!(status(&mock, "mine").await, 200);
}

#[tokio::test]
async fn reset_restores_the_start() {
    let mock = MockServer::start().await.unwrap();
    let (partner, key) = (mock.partner(), mock.api_key());
    let sample = (partner.wallet(), partner.companies());

    let added = mock.add_partner("added").issue_key();
    partner.set_companies(Company::generate(3, 0));
    partner.update_wallet(|wallet| wallet.balance = -1);
    partner.revoke_key(&key).unwrap();
    partner.deactivate();
    partner.faults().add(Rule::new(Fault::status(503))).unwrap();
    mock.faults().add(Fault::html_error_page(502)).unwrap();
    partner.add_stub(Stub::get("stats")).unwrap();
    mock.add_stub(Stub::get("wallet").override_documented().respond(ResponseTemplate::empty(204)))
        .unwrap();
    raw::wallet(mock.address(), "").await;
    mock.clock().pause();
    mock.reset();

    assert!(mock.requests().is_empty() && !mock.clock().is_paused());
    assert_eq!((partner.wallet(), partner.companies()), sample);
    assert_eq!((mock.api_key().as_str(), mock.partners().len()), (key.as_str(), 1));
    assert_eq!((status(&mock, &key).await, status(&mock, &added).await), (200, 401));
    assert!(mock.faults().rules().is_empty() && partner.faults().rules().is_empty());
    assert_eq!(mock.requests().len(), 2);
}

#[tokio::test]
async fn after_loading_another_seed_reset_restores_that_seed() {
    let mock = started(BEFORE).await;
    mock.load(Seed::from_json(AFTER).unwrap());
    mock.partner().update_wallet(|wallet| wallet.balance = 0);
    mock.reset();
    assert_eq!((mock.partner().name().as_str(), mock.partner().wallet().balance), ("new", 4));
}

#[tokio::test]
async fn random_choices_are_the_same_after_a_reset() {
    let mock = MockServer::start().await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..3 {
        let rule = Rule::new(Fault::status(503)).probability(0.5).rng_seed(3);
        mock.partner().faults().add(rule).unwrap();
        let mut statuses = Vec::new();
        for _ in 0..12 {
            statuses.push(status(&mock, &mock.api_key()).await);
        }
        runs.push(statuses);
        mock.reset();
    }
    assert!(runs[0].contains(&503) && runs[0].contains(&200));
    assert_eq!((&runs[1], &runs[2]), (&runs[0], &runs[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_both_seeds_have_is_never_rejected_during_loading() {
    let seed = |balance: u8| {
        format!(
            r#"{{"partners": [{{"name": "p", "keys": ["k"], "wallet": {{"balance": {balance}}}}}]}}"#
        )
    };
    let mock = started(&seed(1)).await;
    let address = mock.address();
    let asking: Vec<_> = (0..4)
        .map(|_| {
            tokio::spawn(async move {
                for _ in 0..100 {
                    let response = raw::wallet_with(address, "k").await;
                    assert_eq!(response.status, 200, "{response:?}");
                }
            })
        })
        .collect();
    let mut loaded = 0_u32;
    while !asking.iter().all(tokio::task::JoinHandle::is_finished) {
        let balance = if loaded.is_multiple_of(2) { 2 } else { 1 };
        mock.load(Seed::from_json(&seed(balance)).unwrap());
        loaded += 1;
        tokio::task::yield_now().await;
    }
    for one in asking {
        one.await.unwrap();
    }
    assert_eq!(mock.partner().requests().len(), 400);
}
