//! A test that pauses the mock's clock and moves it: a delay of a minute takes no time, no wait
//! ends too early or too late, and a clock that is not paused is the machine's.

use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use partner_api_mock::{Fault, Mock, MockServer, Rule};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::raw;

const WALLET: &str =
    r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;
const SECOND: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(20);

fn noon() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

/// Opens a connection and requests the wallet. Returns when the request is in the journal.
async fn asked(mock: &MockServer) -> raw::Connection {
    let before = mock.requests().len();
    let mut connection = raw::Connection::open(mock.address()).await;
    let key = mock.api_key();
    let request =
        format!("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\r\n");
    connection.send(request).await;
    mock.received_requests().wait_for(before + 1, TIMEOUT).await.unwrap();
    connection
}

/// Panics if the mock has sent anything, or sends anything before the clock is moved.
async fn assert_nothing_came(mock: &MockServer, connection: &raw::Connection) {
    // Everything that was ready to be sent has been sent when another request has its response.
    for _ in 0..3 {
        raw::exchange(mock.address(), "GET / HTTP/1.1\r\nhost: m\r\nconnection: close\r\n\r\n")
            .await;
        assert!(connection.is_open());
    }
}

async fn call(mock: &Mock) -> Response<Body> {
    let bearer = format!("Bearer {}", mock.api_key());
    let request = Request::get("/api/v1/wallet").header("authorization", bearer);
    mock.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_clock_that_is_not_paused_is_the_machines() {
    let mock = MockServer::start().await.unwrap();
    let clock = mock.clock();
    let before = Timestamp::now();
    assert!(clock.now() >= before && !clock.is_paused());
    let response = raw::wallet_with(mock.address(), &mock.api_key()).await;
    let received_at = mock.requests()[0].received_at;
    assert!((before..=Timestamp::now()).contains(&received_at));
    let date = DateTimeParser::new().parse_timestamp(response.header("date").unwrap()).unwrap();
    assert!(date.duration_since(before).abs() < SignedDuration::from_mins(1));

    let response = call(&mock).await;
    assert_eq!(response.headers().get("date"), None, "without a socket, the response has no Date");
}

#[tokio::test]
async fn a_paused_clock_is_the_time_of_the_journal_and_the_date_of_every_response() {
    let mock = MockServer::start().await.unwrap();
    let clock = mock.clock();
    clock.set(noon());
    assert!(clock.is_paused());
    for (moved, date) in [
        (Duration::ZERO, "Tue, 24 Nov 2026 12:00:00 GMT"),
        (Duration::from_millis(999), "Tue, 24 Nov 2026 12:00:00 GMT"),
        (Duration::from_millis(1), "Tue, 24 Nov 2026 12:00:01 GMT"),
        (86_400 * SECOND, "Wed, 25 Nov 2026 12:00:01 GMT"),
    ] {
        clock.advance(moved).unwrap();
        for key in [mock.api_key().as_str(), "pk_live_unknown"] {
            let response = raw::wallet_with(mock.address(), key).await;
            assert_eq!(response.header("date"), Some(date));
            assert_eq!(mock.requests().pop().unwrap().received_at, clock.now());
        }
        assert_eq!(call(&mock).await.headers()["date"], date);
        for fault in [Fault::status(503), Fault::passthrough().truncate(1)] {
            mock.fail_next(fault).unwrap();
            let response = raw::wallet_with(mock.address(), &mock.api_key()).await;
            assert_eq!(response.header("date"), Some(date));
        }
    }
    clock.resume();
    assert!(!clock.is_paused() && clock.now() != noon());
    let response = raw::wallet_with(mock.address(), &mock.api_key()).await;
    assert_ne!(response.header("date"), Some("Wed, 25 Nov 2026 12:00:01 GMT"));
}

#[tokio::test]
async fn a_date_that_a_rule_sets_is_kept() {
    let mock = Mock::new();
    mock.clock().set(noon());
    mock.fail_next(Fault::status(503).header("date", "yesterday")).unwrap();
    assert_eq!(call(&mock).await.headers()["date"], "yesterday");
}

#[test]
fn a_clock_can_be_moved_only_while_it_is_paused() {
    let clock = Mock::new().clock();
    let error = clock.advance(SECOND).unwrap_err();
    assert!(error.to_string().contains("call pause() before advance()"), "{error}");
    clock.pause();
    let paused = clock.now();
    clock.pause();
    assert_eq!(clock.now(), paused, "paused twice, it stays");
    clock.advance(SECOND).unwrap();
    assert_eq!(clock.now().duration_since(paused), SignedDuration::from_secs(1));
    clock.advance(Duration::MAX).unwrap();
    assert_eq!(clock.now(), Timestamp::MAX);
    clock.resume();
    assert!(clock.advance(SECOND).is_err());
    assert!(format!("{clock:?}").contains("is_paused: false"));
}

#[tokio::test]
async fn a_delay_of_half_a_minute_is_over_when_the_clock_has_been_moved_past_it() {
    for fault in [
        Fault::passthrough().delay(30 * SECOND),
        Fault::passthrough().slow_headers(30 * SECOND),
        Fault::passthrough().delay(10 * SECOND).slow_headers(20 * SECOND),
        Fault::passthrough().throttle(30 * SECOND),
        Fault::passthrough().delay(5 * SECOND).slow_headers(5 * SECOND).throttle(20 * SECOND),
    ] {
        let mock = MockServer::start().await.unwrap();
        let clock = mock.clock();
        clock.pause();
        mock.partner().fail_next(fault.clone()).unwrap();
        let mut connection = asked(&mock).await;
        if fault == Fault::passthrough().delay(30 * SECOND) {
            clock.advance(Duration::from_millis(29_999)).unwrap();
            assert_nothing_came(&mock, &connection).await;
            clock.advance(Duration::from_millis(1)).unwrap();
        } else {
            // One step ends waits that follow each other, even if the mock notices them late.
            clock.advance(30 * SECOND).unwrap();
        }
        let response = connection.response().await;
        assert_eq!((response.status, response.body.as_str()), (200, WALLET), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_the_journal_is_in_progress_however_soon_the_clock_is_moved() {
    let mock = MockServer::start().await.unwrap();
    mock.clock().pause();
    mock.partner()
        .faults()
        .add(Fault::passthrough().delay(30 * SECOND).throttle(30 * SECOND))
        .unwrap();
    for _ in 0..100 {
        let mut connection = asked(&mock).await;
        mock.clock().advance(60 * SECOND).unwrap();
        assert_eq!(connection.response().await.body, WALLET);
    }
}

#[tokio::test]
async fn each_of_many_waits_ends_at_its_own_time() {
    let mock = MockServer::start().await.unwrap();
    let clock = mock.clock();
    clock.pause();
    let mut waiting = Vec::new();
    for seconds in [30, 10, 20] {
        mock.partner().fail_next(Fault::passthrough().delay(seconds * SECOND)).unwrap();
        waiting.push((seconds, asked(&mock).await));
    }
    for now in [10, 20, 30] {
        clock.advance(10 * SECOND).unwrap();
        for (at, connection) in &mut waiting {
            if *at == now {
                assert_eq!(connection.response().await.body, WALLET);
            } else if *at > now {
                assert_nothing_came(&mock, connection).await;
            }
        }
    }
}

#[tokio::test]
async fn setting_the_clock_neither_ends_nor_prolongs_a_wait() {
    let mock = MockServer::start().await.unwrap();
    let clock = mock.clock();
    clock.set(noon());
    mock.partner().fail_next(Fault::passthrough().delay(30 * SECOND)).unwrap();
    let mut connection = asked(&mock).await;
    clock.set("2030-01-01T00:00:00Z".parse().unwrap());
    assert_nothing_came(&mock, &connection).await;
    clock.set("2020-01-01T00:00:00Z".parse().unwrap());
    clock.advance(30 * SECOND).unwrap();
    let response = connection.response().await;
    assert_eq!(response.body, WALLET);
    assert_eq!(response.header("date"), Some("Wed, 01 Jan 2020 00:00:30 GMT"));
}

#[tokio::test(start_paused = true)]
async fn a_wait_pauses_with_the_clock_and_continues_in_real_time_after_resume() {
    let mock = Mock::new();
    let clock = mock.clock();
    mock.fail_next(Fault::passthrough().delay(30 * SECOND)).unwrap();
    let started = Instant::now();
    let waiting = tokio::spawn({
        let mock = mock.clone();
        async move { call(&mock).await }
    });
    tokio::time::sleep(10 * SECOND).await;
    clock.pause();
    tokio::time::sleep(3600 * SECOND).await;
    assert!(!waiting.is_finished(), "the wait is paused");
    clock.advance(5 * SECOND).unwrap();
    tokio::time::sleep(3600 * SECOND).await;
    assert!(!waiting.is_finished(), "15 of 30 seconds are over");
    clock.resume();
    waiting.await.unwrap();
    let (expected, took) = (7225 * SECOND, started.elapsed());
    assert!((expected..expected + SECOND).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_can_be_paused_and_resumed_from_a_thread_without_a_runtime() {
    let mock = Mock::new();
    let clock = mock.clock();
    clock.pause();
    mock.fail_next(Fault::passthrough().delay(30 * SECOND)).unwrap();
    let waiting = tokio::spawn({
        let mock = mock.clone();
        async move { call(&mock).await }
    });
    mock.received_requests().wait_for(1, TIMEOUT).await.unwrap();
    std::thread::spawn(move || {
        clock.advance(29 * SECOND).unwrap();
        clock.resume();
    })
    .join()
    .unwrap();
    assert_eq!(tokio::time::timeout(TIMEOUT, waiting).await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn without_a_socket_the_body_is_sent_by_the_same_clock() {
    let mock = Mock::new();
    let clock = mock.clock();
    clock.pause();
    mock.fail_next(Fault::passthrough().throttle(80 * SECOND)).unwrap();
    let mut body = call(&mock).await.into_body();
    for at in 0..80 {
        let mut piece = std::pin::pin!(body.frame());
        let ready = poll_once(piece.as_mut()).await;
        assert!(ready.is_none(), "{at} s, and byte {at} was sent");
        clock.advance(SECOND).unwrap();
        assert_eq!(piece.await.unwrap().unwrap().into_data().unwrap(), WALLET[at..=at]);
    }
    assert!(body.frame().await.is_none());
}

/// Polls the future once.
async fn poll_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut future).poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn a_retry_after_date_has_the_given_distance_from_the_responses_date() {
    let mock = MockServer::start().await.unwrap();
    let busy = || Rule::new(Fault::status(503).retry_after_date_in(90 * SECOND)).times(1);
    let dates = |response: &raw::Response| {
        let parse = |name| DateTimeParser::new().parse_timestamp(response.header(name).unwrap());
        let (date, retry) = (parse("date").unwrap(), parse("retry-after").unwrap());
        (date, retry.duration_since(date))
    };
    mock.faults().add(busy()).unwrap();
    let before = Timestamp::now();
    let (date, away) = dates(&raw::wallet_with(mock.address(), &mock.api_key()).await);
    // hyper caches its Date for up to a second.
    assert!((90..=91).contains(&away.as_secs()), "{away:?}");
    assert!(date.duration_since(before).abs() < SignedDuration::from_mins(1));

    mock.clock().set(noon());
    mock.faults().add(busy()).unwrap();
    let response = raw::wallet_with(mock.address(), &mock.api_key()).await;
    assert_eq!(dates(&response), (noon(), SignedDuration::from_secs(90)));

    let late = Fault::status(503).delay(30 * SECOND).retry_after_date_in(90 * SECOND);
    mock.partner().fail_next(late).unwrap();
    let mut connection = asked(&mock).await;
    mock.clock().advance(30 * SECOND).unwrap();
    let (date, away) = dates(&connection.response().await);
    assert_eq!(date.duration_since(noon()), SignedDuration::from_secs(30));
    assert_eq!(away, SignedDuration::from_secs(90), "counted from when the response begins");
}

#[tokio::test]
async fn a_mock_that_ends_ends_the_waits_for_its_clock() {
    for ends in [false, true] {
        let limit = Duration::from_millis(1);
        let mock = MockServer::builder().drain_timeout(limit).start().await.unwrap();
        let clock = mock.clock();
        clock.pause();
        mock.partner().fail_next(Fault::passthrough().delay(30 * SECOND)).unwrap();
        let mut connection = asked(&mock).await;
        if ends {
            mock.shutdown().await;
        } else {
            drop(mock);
        }
        assert_eq!(connection.rest().await, b"");
        clock.advance(SECOND).unwrap();
    }
}
