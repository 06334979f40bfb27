//! What is at stake: a test with a paused clock has no socket, and must meet the same faults: as
//! the errors of a transport, and in no time at all.

use std::io::ErrorKind;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use partner_api_mock::{Delay, Fault, Mock, MockService};
use tokio::time::Instant;
use tower::ServiceExt as _;

const WALLET: &str =
    r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

/// A mock whose next request meets this fault.
fn mock(fault: Fault) -> Mock {
    let mock = Mock::new();
    mock.fail_next(fault).unwrap();
    mock
}

fn request(mock: &Mock) -> Request<Body> {
    let bearer = format!("Bearer {}", mock.api_key());
    let request = Request::get("/api/v1/wallet").header("authorization", bearer);
    request.body(Body::empty()).unwrap()
}

async fn call(mock: &Mock) -> std::io::Result<Response<Body>> {
    mock.service().oneshot(request(mock)).await
}

/// What came of the body, and how it ended.
async fn read(answer: Response<Body>) -> (String, Option<ErrorKind>) {
    let (mut body, mut bytes) = (answer.into_body(), Vec::new());
    let end = loop {
        match body.frame().await {
            Some(Ok(frame)) => bytes.extend(frame.into_data().unwrap()),
            Some(Err(error)) => break Some(kind(error)),
            None => break None,
        }
    };
    (String::from_utf8(bytes).unwrap(), end)
}

fn kind(error: axum::Error) -> ErrorKind {
    error.into_inner().downcast::<std::io::Error>().unwrap().kind()
}

#[tokio::test(start_paused = true)]
async fn without_a_fault_it_is_the_same_service() {
    let mock = Mock::new();
    let answer = call(&mock).await.unwrap();
    assert_eq!(answer.headers()["content-length"], "80");
    assert_eq!(read(answer).await, (WALLET.to_owned(), None));
    let head = Request::head("/api/v1/wallet").body(Body::empty()).unwrap();
    let answer = mock.service().oneshot(head).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-length"]),
        (401, &"32".parse().unwrap())
    );
    assert_eq!(read(answer).await, (String::new(), None));
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_the_error_that_a_socket_gives() {
    for (fault, expected) in [
        (Fault::reset(), ErrorKind::ConnectionReset),
        (Fault::reset_after_request(), ErrorKind::ConnectionReset),
        (Fault::close(), ErrorKind::UnexpectedEof),
        (Fault::garbage(), ErrorKind::InvalidData),
    ] {
        let mock = mock(fault.clone());
        assert_eq!(call(&mock).await.unwrap_err().kind(), expected, "{fault:?}");
        assert_eq!(mock.requests().len(), 1);

        mock.fail_next(fault).unwrap();
        let answer = mock.router().oneshot(request(&mock)).await.unwrap();
        assert_eq!(read(answer).await, (String::new(), Some(expected)), "a router cannot fail");
    }
}

#[tokio::test]
async fn a_status_without_a_body_has_no_length_either() {
    for status in [204, 304] {
        let answer = call(&mock(Fault::status(status))).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers().get("content-length"), None);
        assert_eq!(read(answer).await, (String::new(), None));
    }
}

#[tokio::test]
async fn garbage_is_told_by_the_error_of_an_http_library() {
    let error = call(&mock(Fault::garbage())).await.unwrap_err();
    let cause = error.get_ref().unwrap().downcast_ref::<hyper::Error>();
    assert!(cause.unwrap().is_parse(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_body_is_what_came_and_then_the_error() {
    for (fault, length, expected, end) in [
        (
            Fault::passthrough().truncate(40),
            Some("80"),
            &WALLET[..40],
            Some(ErrorKind::UnexpectedEof),
        ),
        (
            Fault::passthrough().content_length(90),
            Some("90"),
            WALLET,
            Some(ErrorKind::UnexpectedEof),
        ),
        (Fault::passthrough().content_length(10), Some("10"), &WALLET[..10], None),
        (Fault::malformed_chunk(), None, &WALLET[..40], Some(ErrorKind::InvalidData)),
        (Fault::passthrough().malformed_json(), Some("79"), &WALLET[..79], None),
    ] {
        let answer = call(&mock(fault)).await.unwrap();
        let header = answer.headers().get("content-length");
        assert_eq!(header.map(|length| length.to_str().unwrap()), length);
        assert_eq!(read(answer).await, (expected.to_owned(), end));
    }
}

#[tokio::test(start_paused = true)]
async fn waits_take_their_time_on_the_paused_clock_and_to_the_millisecond() {
    let hour = Duration::from_secs(3600);
    for (fault, head, body) in [
        (Fault::passthrough().delay(hour), hour, Duration::ZERO),
        (Fault::status(503).delay(hour), hour, Duration::ZERO),
        (Fault::passthrough().slow_headers(hour), hour, Duration::ZERO),
        (Fault::passthrough().throttle(hour), Duration::ZERO, hour),
        (Fault::passthrough().throttle(hour).delay(hour), hour, hour),
    ] {
        let mock = mock(fault.clone());
        let start = Instant::now();
        let answer = call(&mock).await.unwrap();
        assert_near(start.elapsed(), head, &fault);
        read(answer).await;
        assert_near(start.elapsed(), head + body, &fault);
    }
}

/// A timer rounds up to the millisecond, once for each of the 80 pieces of the body.
fn assert_near(took: Duration, expected: Duration, fault: &Fault) {
    let late = took.checked_sub(expected).unwrap_or(Duration::MAX);
    assert!(late <= Duration::from_millis(81), "{fault:?}: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_closed_before_a_delay_is_over_waits_for_it() {
    let delay = Duration::from_secs(5);
    let mock = mock(Fault::reset().delay(delay));
    let start = Instant::now();
    assert!(call(&mock).await.is_err());
    assert_near(start.elapsed(), delay, &Fault::reset());
}

#[tokio::test(start_paused = true)]
async fn silence_has_no_end() {
    let mock = mock(Fault::hang());
    let year = Duration::from_secs(365 * 24 * 3600);
    assert!(tokio::time::timeout(year, call(&mock)).await.is_err());
    assert_eq!(mock.requests().len(), 1, "the request came all the same");
}

#[tokio::test(start_paused = true)]
async fn a_random_delay_is_the_one_in_the_journal_and_comes_again_with_the_seed() {
    let median = Duration::from_millis(90);
    let mut runs = Vec::new();
    for _ in 0..2 {
        let mock = Mock::new();
        let fault = Fault::passthrough().delay(Delay::log_normal(median, 0.5));
        mock.faults().add(fault).unwrap();
        for _ in 0..200 {
            let start = Instant::now();
            call(&mock).await.unwrap();
            let delay = mock.requests().pop().unwrap().fault.unwrap().delay();
            assert_near(start.elapsed(), delay, &Fault::passthrough());
        }
        let delays = mock.requests().into_iter().map(|one| one.fault.unwrap().delay());
        runs.push(delays.collect::<Vec<_>>());
    }
    assert_eq!(runs[0], runs[1]);
    let shorter = runs[0].iter().filter(|delay| **delay < median).count();
    assert!((80..120).contains(&shorter), "{shorter} of 200 are below the median");
    assert!(runs[0].iter().any(|delay| *delay > 2 * median), "there is a tail");
}

#[tokio::test(start_paused = true)]
async fn a_body_larger_than_memory_is_no_matter() {
    let huge = 1 << 40;
    let mut answer = call(&mock(Fault::passthrough().pad_to(huge))).await.unwrap();
    assert_eq!(answer.headers()["content-length"], huge.to_string());
    let mut came = 0;
    while came < 10_000_000 {
        came += answer.body_mut().frame().await.unwrap().unwrap().into_data().unwrap().len();
    }
}

#[test]
fn a_service_can_be_joined_to_a_client_on_any_thread() {
    fn fits<S>(_: S)
    where
        S: tower::Service<Request<Body>, Response = Response<Body>, Error = std::io::Error>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
    }
    let _ = fits::<MockService>;
}
