//! A fault applies to the requests that it was meant for and to no others, and a failed run can be
//! repeated: with the same seed, beside any other tests, on any number of threads.

use axum::body::Body;
use http::Request;
use partner_api_mock::{Fault, Mock, Partner, Rule};
use tower::ServiceExt as _;

async fn status_of(mock: &Mock, path: &str, key: &str) -> u16 {
    let request = Request::get(path).header("authorization", format!("Bearer {key}"));
    let request = request.body(Body::empty()).unwrap();
    mock.service().oneshot(request).await.unwrap().status().as_u16()
}

async fn wallet(mock: &Mock, key: &str) -> u16 {
    status_of(mock, "/api/v1/wallet", key).await
}

fn rule() -> Rule {
    Rule::new(Fault::status(503))
}

/// Which of the next requests, counted from 1, get the fault.
async fn hits(rule: Rule, requests: u64) -> Vec<u64> {
    let mock = Mock::new();
    mock.faults().add(rule).unwrap();
    let mut hits = Vec::new();
    for request in 1..=requests {
        if wallet(&mock, "pk_live_x").await == 503 {
            hits.push(request);
        }
    }
    hits
}

#[tokio::test]
async fn each_schedule_is_on_when_it_says() {
    for (rule, expected) in [
        (rule(), vec![1, 2, 3, 4, 5, 6, 7, 8]),
        (rule().times(2), vec![1, 2]),
        (rule().times(0), vec![]),
        (rule().after(3).times(2), vec![4, 5]),
        (rule().every(3), vec![3, 6]),
        (rule().every(3).times(1), vec![3]),
        (rule().after(1).every(3), vec![4, 7]),
        (rule().flapping(2, 3), vec![1, 2, 6, 7]),
        (rule().after(u64::MAX), vec![]),
        (rule().flapping(u64::MAX, u64::MAX).times(1), vec![1]),
    ] {
        assert_eq!(hits(rule.clone(), 8).await, expected, "{rule}");
    }
}

#[tokio::test]
async fn rates_of_0_and_1_are_exact_and_others_near() {
    for seed in 0..20 {
        assert_eq!(hits(rule().probability(0.0).rng_seed(seed), 100).await, [0; 0]);
        assert_eq!(hits(rule().probability(1.0).rng_seed(seed), 100).await.len(), 100);
        let quarter = hits(rule().probability(0.25).rng_seed(seed), 300).await.len();
        assert!((50..100).contains(&quarter), "{quarter}");
    }
}

#[tokio::test]
async fn a_seed_means_the_same_for_ever() {
    assert_eq!(hits(rule().probability(0.2).rng_seed(7), 20).await, [8, 14, 15, 18]);
}

#[tokio::test]
async fn a_rule_applies_to_an_operation_a_path_or_everything() {
    for (rule, [companies, wallet, other, wrong_method]) in [
        (rule(), [503, 503, 503, 503]),
        (rule().operation("wallet"), [200, 503, 404, 405]),
        (rule().operation("companies"), [503, 200, 404, 405]),
        (rule().operation("/api/v1/templates"), [200, 200, 503, 405]),
        (rule().operation("/api/v1/wallet"), [200, 503, 404, 405]),
    ] {
        let mock = Mock::new();
        mock.faults().add(rule.clone()).unwrap();
        let key = mock.api_key();
        assert_eq!(status_of(&mock, "/api/v1/companies", &key).await, companies, "{rule}");
        assert_eq!(status_of(&mock, "/api/v1/wallet", &key).await, wallet, "{rule}");
        assert_eq!(status_of(&mock, "/api/v1/templates", &key).await, other, "{rule}");
        let post = Request::post("/api/v1/wallet").body(Body::empty()).unwrap();
        let response = mock.service().oneshot(post).await.unwrap();
        assert_eq!(response.status().as_u16(), wrong_method, "{rule}");
    }
}

#[tokio::test]
async fn a_rule_can_apply_to_one_partner_or_key_only() {
    let mock = Mock::new();
    let (one, two) = (mock.add_partner("one"), mock.add_partner("two"));
    let (key, second, other) = (one.issue_key(), one.issue_key(), two.issue_key());

    one.faults().add(rule()).unwrap();
    assert_eq!(wallet(&mock, &key).await, 503);
    assert_eq!(wallet(&mock, &other).await, 200);
    assert_eq!(wallet(&mock, "pk_live_x").await, 401);
    one.faults().clear();

    let by_name = mock.faults().add(rule().partner("two")).unwrap();
    assert_eq!([wallet(&mock, &key).await, wallet(&mock, &other).await], [200, 503]);
    by_name.remove();

    mock.faults().add(rule().key(&second)).unwrap();
    assert_eq!([wallet(&mock, &key).await, wallet(&mock, &second).await], [200, 503]);
    mock.faults().clear();

    one.deactivate();
    one.fail_next(Fault::status(503)).unwrap();
    assert_eq!(wallet(&mock, &key).await, 503, "it is its key, though it is refused");
}

#[tokio::test]
async fn rules_for_the_next_request_apply_one_after_the_other() {
    let mock = Mock::new();
    let partner = mock.partner();
    for status in [503, 429, 500] {
        partner.fail_next(Fault::status(status)).unwrap();
    }
    partner.faults().add(Rule::new(Fault::status(504)).every(2)).unwrap();
    let mut seen = Vec::new();
    for _ in 0..7 {
        seen.push(wallet(&mock, &mock.api_key()).await);
    }
    assert_eq!(seen, [503, 429, 500, 200, 504, 200, 504]);
}

#[tokio::test]
async fn a_rule_counts_its_hits_and_can_be_removed() {
    let mock = Mock::new();
    let partner = mock.partner();
    let always = partner.faults().add(Fault::status(503)).unwrap();
    let once = mock.fail_next(Fault::status(500)).unwrap();
    assert_eq!(partner.faults().rules(), ["status=503"]);
    assert_eq!(mock.faults().rules(), ["status=500 times=1"]);
    for _ in 0..3 {
        assert_eq!(wallet(&mock, &mock.api_key()).await, 503);
    }
    always.remove();
    always.remove();
    assert_eq!(wallet(&mock, &mock.api_key()).await, 500);
    assert_eq!(wallet(&mock, &mock.api_key()).await, 200);
    assert_eq!((always.hits(), once.hits()), (3, 1));
    assert!(partner.faults().rules().is_empty());

    partner.fail_next(Fault::reset()).unwrap();
    mock.faults().clear();
    assert_eq!(partner.faults().rules(), ["connection=reset times=1"], "each clears its own");
    partner.faults().clear();
    assert_eq!(wallet(&mock, &mock.api_key()).await, 200);
}

#[tokio::test]
async fn an_exhausted_rule_of_a_partner_takes_no_memory() {
    let mock = Mock::new();
    for _ in 0..100 {
        mock.partner().fail_next(Fault::status(503)).unwrap();
        assert_eq!(wallet(&mock, &mock.api_key()).await, 503);
        assert_eq!(mock.partner().faults().rules(), [""; 0]);
    }
}

/// Which of a partner's requests got a fault, and the draws of those requests.
fn faults_of(partner: &Partner) -> (Vec<bool>, Vec<Option<f64>>) {
    let requests = partner.requests();
    let hit = requests.iter().map(|request| request.fault.is_some()).collect();
    let faults = requests.iter().filter_map(|request| request.fault.as_ref());
    (hit, faults.map(partner_api_mock::AppliedFault::draw).collect())
}

/// Adds the partners in this order, and sends the requests of each on a separate thread.
async fn run(
    names: &[&'static str],
    seed: u64,
) -> Vec<(&'static str, (Vec<bool>, Vec<Option<f64>>))> {
    let mock = Mock::new();
    mock.faults().add(rule().probability(0.1).rng_seed(seed)).unwrap();
    let mut tasks = Vec::new();
    for name in names {
        let partner = mock.add_partner(*name);
        partner.faults().add(rule().probability(0.3).rng_seed(seed)).unwrap();
        let (service, key) = (mock.service(), partner.issue_key());
        let asking = tokio::spawn(async move {
            for _ in 0..100 {
                let request = Request::get("/api/v1/wallet")
                    .header("authorization", format!("Bearer {key}"))
                    .body(Body::empty())
                    .unwrap();
                service.clone().oneshot(request).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        tasks.push((*name, partner, asking));
    }
    let mut all = Vec::new();
    for (name, partner, asking) in tasks {
        asking.await.unwrap();
        all.push((name, faults_of(&partner)));
    }
    all.sort_by_key(|(name, _)| *name);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_seed_and_requests_give_the_same_faults_beside_other_tests() {
    let first = run(&["a", "b", "c", "d"], 7).await;
    for names in [["a", "b", "c", "d"], ["d", "b", "a", "c"]] {
        assert_eq!(run(&names, 7).await, first);
    }
    assert_eq!(run(&["c"], 7).await[0], first[2], "alone or not");
    assert_ne!(run(&["c"], 8).await[0], first[2]);
    assert_ne!(first[0].1, first[1].1, "partners do not fail in step");

    let (hits, draws) = &first[0].1;
    let count = hits.iter().filter(|hit| **hit).count();
    assert!((15..60).contains(&count), "{count} of 100");
    assert!(draws.iter().all(|draw| draw.unwrap() < 0.3));
}

#[tokio::test]
async fn the_journal_names_the_rule_and_the_draw_but_no_key() {
    let mock = Mock::new();
    let key = mock.api_key();
    mock.partner().faults().add(rule().operation("companies")).unwrap();
    let added = mock.partner().faults().add(rule().key(&key).after(1).probability(1.0)).unwrap();
    for _ in 0..2 {
        wallet(&mock, &key).await;
    }
    let requests = mock.requests();
    let fault = requests[1].fault.as_ref().unwrap();
    assert_eq!(fault.rule(), "status=503 key=[redacted] after=1 probability=1.0");
    assert_eq!((fault.rule_number(), fault.request_number()), (2, 2));
    assert!((0.0..1.0).contains(&fault.draw().unwrap()));
    assert!(fault.to_string().starts_with("rule 2 (status=503 key=[redacted]"), "{fault}");
    let shown = format!("{added:?} {added} {requests:?} {:?}", mock.partner().faults());
    assert!(!shown.contains(&key), "{shown}");
}
