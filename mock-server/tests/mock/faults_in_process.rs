//! A test with a paused clock has no socket. It gets the same faults, as errors of the transport,
//! and without waiting.

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

/// A mock that applies this fault to its next request.
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

/// The received part of the body, and the error that ended it.
async fn read(response: Response<Body>) -> (String, Option<ErrorKind>) {
    let (mut body, mut bytes) = (response.into_body(), Vec::new());
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
    let response = call(&mock).await.unwrap();
    assert_eq!(response.headers()["content-length"], "80");
    assert_eq!(read(response).await, (WALLET.to_owned(), None));
    let head = Request::head("/api/v1/wallet").body(Body::empty()).unwrap();
    let response = mock.service().oneshot(head).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-length"]),
        (401, &"32".parse().unwrap())
    );
    assert_eq!(read(response).await, (String::new(), None));
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
        let response = mock.router().oneshot(request(&mock)).await.unwrap();
        assert_eq!(read(response).await, (String::new(), Some(expected)), "a router cannot fail");
    }
}

#[tokio::test]
async fn a_status_without_a_body_has_no_length_either() {
    for status in [204, 304] {
        let response = call(&mock(Fault::status(status))).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers().get("content-length"), None);
        assert_eq!(read(response).await, (String::new(), None));
    }
}

#[tokio::test]
async fn garbage_is_the_error_of_an_http_library() {
    let error = call(&mock(Fault::garbage())).await.unwrap_err();
    let cause = error.get_ref().unwrap().downcast_ref::<hyper::Error>();
    assert!(cause.unwrap().is_parse(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_body_is_its_first_part_and_then_an_error() {
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
        let response = call(&mock(fault)).await.unwrap();
        let header = response.headers().get("content-length");
        assert_eq!(header.map(|length| length.to_str().unwrap()), length);
        assert_eq!(read(response).await, (expected.to_owned(), end));
    }
}

#[tokio::test(start_paused = true)]
async fn delays_are_exact_to_the_millisecond_on_the_paused_clock() {
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
        let response = call(&mock).await.unwrap();
        assert_near(start.elapsed(), head, &fault);
        read(response).await;
        assert_near(start.elapsed(), head + body, &fault);
    }
}

/// A timer rounds up to the millisecond, once for each of the 80 pieces of the body.
fn assert_near(took: Duration, expected: Duration, fault: &Fault) {
    let late = took.checked_sub(expected).unwrap_or(Duration::MAX);
    assert!(late <= Duration::from_millis(81), "{fault:?}: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_fault_waits_for_its_delay() {
    let delay = Duration::from_secs(5);
    let mock = mock(Fault::reset().delay(delay));
    let start = Instant::now();
    assert!(call(&mock).await.is_err());
    assert_near(start.elapsed(), delay, &Fault::reset());
}

#[tokio::test(start_paused = true)]
async fn a_hang_has_no_end() {
    let mock = mock(Fault::hang());
    let year = Duration::from_secs(365 * 24 * 3600);
    assert!(tokio::time::timeout(year, call(&mock)).await.is_err());
    assert_eq!(mock.requests().len(), 1, "the request was received");
}

#[tokio::test(start_paused = true)]
async fn a_random_delay_is_in_the_journal_and_the_same_for_the_same_seed() {
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
async fn a_body_larger_than_memory_is_possible() {
    let huge = 1 << 40;
    let mut response = call(&mock(Fault::passthrough().pad_to(huge))).await.unwrap();
    assert_eq!(response.headers()["content-length"], huge.to_string());
    let mut came = 0;
    while came < 10_000_000 {
        came += response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap().len();
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
