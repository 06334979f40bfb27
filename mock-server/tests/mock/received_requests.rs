//! A test that sleeps to wait is slow or fails at random. The checks of received requests wait, and
//! a failed one says why: what was expected, what was received, and how to see it again.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use partner_api_mock::{Fault, Mock, MockServer, Rule, Stub};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::raw;

async fn ask(mock: &Mock, target: &str, trace: &str) {
    let request = Request::get(target)
        .header("authorization", format!("Bearer {}", mock.api_key()))
        .header("x-trace", trace)
        .body(Body::empty())
        .unwrap();
    mock.service().oneshot(request).await.unwrap();
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_its_last_expected_request() {
    let mock = Mock::new();
    let asking = tokio::spawn({
        let mock = mock.clone();
        async move {
            for _ in 0..4 {
                ask(&mock, "/api/v1/companies", "").await;
                ask(&mock, "/api/v1/wallet", "").await;
                tokio::time::sleep(SECOND).await;
            }
        }
    });
    let start = Instant::now();
    let calls = mock.partner().received_requests().path("wallet");
    assert_eq!(calls.wait_for(3, 60 * SECOND).await.unwrap().len(), 3);
    assert!(start.elapsed() < 3 * SECOND, "{:?}", start.elapsed());
    let all = mock.received_requests().wait_for(8, 60 * SECOND).await.unwrap();
    assert_eq!((all.len(), all[0].path.as_str()), (8, "/api/v1/companies"));
    calls.wait_for(0, SECOND).await.unwrap();
    asking.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_its_time_and_says_what_is_missing() {
    let mock = Mock::new();
    ask(&mock, "/api/v1/wallet", "").await;
    let start = Instant::now();
    let unmet = mock
        .partner()
        .received_requests()
        .path("wallet")
        .wait_for(2, 2 * SECOND)
        .await
        .unwrap_err();
    assert!(start.elapsed() >= 2 * SECOND);
    let text = unmet.to_string();
    assert!(
        text.starts_with("expected  at least 2 requests within 2s of any method, /api/v1/wallet\n"),
        "{text}"
    );
    assert!(text.contains("\nreceived  1 of the 1 requests of partner `default`\n"), "{text}");
}

#[tokio::test]
async fn several_waits_can_wait_for_requests_over_sockets() {
    let mock = MockServer::start().await.unwrap();
    let (one, two) = (mock.add_partner("one"), mock.add_partner("two"));
    let wait = |partner: &partner_api_mock::Partner| {
        let calls = partner.received_requests().status(200);
        tokio::spawn(async move { calls.wait_for(2, 20 * SECOND).await })
    };
    let waiting = [wait(&one), wait(&two), wait(&one)];
    for key in [one.issue_key(), two.issue_key()] {
        for _ in 0..2 {
            raw::wallet_with(mock.address(), &key).await;
        }
    }
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn requests_are_matched_by_every_condition() {
    let mock = Mock::new();
    ask(&mock, "/api/v1/wallet?a=1", "one").await;
    ask(&mock, "/api/v1/wallet", "two").await;
    ask(&mock, "/api/v1/nowhere", "two").await;
    let calls = || mock.received_requests();
    calls().exactly(3).unwrap();
    calls().at_least(2).unwrap();
    calls().path("wallet").exactly(2).unwrap();
    calls().path("/nowhere").exactly(1).unwrap();
    calls().method("GET").exactly(3).unwrap();
    calls().method("POST").exactly(0).unwrap();
    calls().query("a=1").exactly(1).unwrap();
    calls().status(404).exactly(1).unwrap();
    calls().header("X-Trace", "two").exactly(2).unwrap();
    calls().path("wallet").header("x-trace", "two").exactly(1).unwrap();
    calls().header("authorization", "[redacted]").exactly(3).unwrap();
    assert!(calls().exactly(2).is_err() && calls().at_least(4).is_err());
}

/// Replaces the real durations by `duration N ms`.
fn without_durations(text: &str) -> String {
    let mut parts = text.split("duration ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (millis, rest) = part.split_once(" ms").unwrap();
        assert!(millis.parse::<f64>().is_ok(), "{millis}");
        format!("{text}duration N ms{rest}")
    })
}

#[tokio::test(start_paused = true)]
async fn an_error_shows_the_expected_the_received_and_the_nearest_requests() {
    let mock = Mock::new();
    let partner = mock.partner();
    partner.fail_next(Fault::status(503).delay(SECOND / 4)).unwrap();
    mock.faults()
        .add(Rule::new(Fault::reset()).operation("companies").probability(0.0).rng_seed(7))
        .unwrap();
    ask(&mock, "/api/v1/companies", "abc-1").await;
    ask(&mock, "/api/v1/wallet?x", "abc-2").await;

    let calls = partner.received_requests().method("GET").path("wallet").header("x-trace", "abd-2");
    let unmet = calls.exactly(1).unwrap_err();
    let expected = "\
expected  exactly 1 request of GET, /api/v1/wallet, header x-trace: abd-2
received  0 of the 2 requests of partner `default`
nearest   req-2 GET /api/v1/wallet?x -> 200 (served), duration N ms, delay 0 ms
          header x-trace: expected  abd-2
                          received  abc-2
                                      ^
journal   req-1 GET /api/v1/companies -> 503 (served), duration N ms, delay 250 ms by rule 1 \
(status=503 delay=250ms times=1), request 1
          req-2 GET /api/v1/wallet?x -> 200 (served), duration N ms, delay 0 ms
repeat    partner `default`; its rules: none; the mock's rules: `connection=reset \
operation=companies probability=0.0 rngSeed=7`; applied rules: `status=503 delay=250ms times=1`";
    assert_eq!(without_durations(&unmet.to_string()), expected);
    assert_eq!(format!("{unmet:?}"), format!("\n{unmet}"), "so that unwrap shows it");
}

#[tokio::test(start_paused = true)]
async fn a_check_can_be_limited_to_requests_after_another() {
    let mock = Mock::new();
    ask(&mock, "/api/v1/wallet", "").await;
    let [first] = &mock.requests()[..] else { panic!("one request") };
    let after = mock.received_requests().path("wallet").after(first);
    after.exactly(0).unwrap();
    let text = after.wait_for(1, SECOND).await.unwrap_err().to_string();
    assert!(text.contains("received  0 of the 0 requests of this mock after req-1\n"), "{text}");
    ask(&mock, "/api/v1/wallet", "").await;
    assert_eq!(after.wait_for(1, SECOND).await.unwrap()[0].request_id, "req-2");
}

#[tokio::test]
async fn an_error_lists_the_newest_of_many_requests_and_no_key() {
    let mock = Mock::new();
    for _ in 0..30 {
        ask(&mock, &format!("/{}", mock.api_key()), &mock.api_key()).await;
    }
    let calls = mock.received_requests().header("x-trace", "one").query("a");
    let text = calls.at_least(1).unwrap_err().to_string();
    assert!(text.contains("journal   10 before these\n          req-11 "), "{text}");
    assert!(!text.contains(&mock.api_key()) && text.contains("pk_live_[redacted]"), "{text}");
    assert!(text.contains("query: expected  a\n                 received  (none)\n"), "{text}");
}

#[tokio::test]
async fn an_error_for_too_many_requests_lists_those_that_match() {
    let mock = Mock::new();
    ask(&mock, "/api/v1/templates", "").await;
    for _ in 0..22 {
        ask(&mock, "/api/v1/wallet", "").await;
    }
    let text = mock.received_requests().path("wallet").exactly(1).unwrap_err().to_string();
    let begins = "expected  exactly 1 request of any method, /api/v1/wallet\n\
                  received  22 of the 23 requests of this mock\n\
                  matched   2 before these\n          req-4 GET /api/v1/wallet -> 200 (served)";
    assert!(text.starts_with(begins), "{text}");
    assert!(!text.contains("templates") && text.contains("req-23 GET"), "{text}");
}

#[tokio::test]
async fn differences_of_long_bodies_are_short_and_quick() {
    let mock = Mock::new();
    mock.add_stub(Stub::post("stats")).unwrap();
    let body = |last: &str| format!("{}{last}", "\u{1}a".repeat(200_000));
    for last in ["one", "two"] {
        let request = Request::post("/api/v1/stats")
            .header("authorization", format!("Bearer {}", mock.api_key()))
            .body(Body::from(body(last)))
            .unwrap();
        mock.service().oneshot(request).await.unwrap();
    }
    let calls = mock.received_requests().path("/api/v1/stats").body(body("twice"));
    let text = calls.exactly(1).unwrap_err().to_string();
    assert!(text.contains("\nnearest   req-2 POST /api/v1/stats"), "{text}");
    let begins = |what: &str| format!("{what}  …{}", "\\u{1}a".repeat(49));
    assert!(text.contains(&begins("expected")) && text.contains(&begins("received")), "{text}");
    assert!(text.contains("a\\u{1}atwice\n") && text.contains("a\\u{1}atwo\n"), "{text}");
    assert!(text.len() < 20_000, "{}", text.len());
}

#[tokio::test]
async fn a_key_in_a_condition_is_never_shown() {
    let mock = Mock::new();
    ask(&mock, "/api/v1/wallet", "").await;
    let secret = "pk_live_a-canary.1";
    let calls = mock.received_requests().header("x-key", secret).query(format!("k={secret}"));
    let calls = calls.body(secret).method(secret).path(format!("/{secret}"));
    for shown in [calls.exactly(1).unwrap_err().to_string(), format!("{calls:?}")] {
        assert!(shown.contains("pk_live_[redacted]") && !shown.contains("canary"), "{shown}");
    }
}
