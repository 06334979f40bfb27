//! Blocking calls behave as async calls do, from any thread, and never block an async task.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use partner_api::blocking::{Call, Client, ListStream};
use partner_api::{
    BoxError, Company, Error, ErrorKind, RequestOutcome, RetryPolicy, TimeLimit, Wallet,
};
use tokio::runtime::Runtime;

use crate::support::{KEY, RawServer, Step, WALLET, http_response, json};

const COMPANY: &str = r#"{"id":"a","name":"Acme Coffee","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[],"_count":{"templates":4}}"#;

/// A server in a separate runtime, and a blocking client for it.
fn start(steps: impl Fn(usize) -> Vec<Step> + Send + 'static) -> (Runtime, RawServer, Client) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(RawServer::start(steps));
    let client = server.builder().build_blocking().unwrap();
    (runtime, server, client)
}

/// Responds to this many requests on a connection, and closes it when the client does.
fn wallets(count: usize) -> Vec<Step> {
    let one = [Step::Read, Step::Send(json(WALLET))];
    let end = [Step::AwaitClose];
    std::iter::repeat_n(one, count).flatten().chain(end).collect()
}

/// A successful response that ends its connection, so that the next call makes a new one.
fn closing_response(body: &str) -> Vec<u8> {
    let headers = ["content-type: application/json", "connection: close"];
    http_response("200 OK", &headers, body)
}

fn list(items: &[&str]) -> Vec<u8> {
    json(format!(r#"{{"data":[{}]}}"#, items.join(",")))
}

fn assert_refused(error: &Error) {
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error:?}");
    assert_eq!(error.outcome(), RequestOutcome::NotSent);
    assert!(error.to_string().contains("spawn_blocking"), "{error}");
}

#[test]
fn calls_are_made_without_a_runtime() {
    let (_runtime, server, client) = start(|connection| match connection {
        0 => vec![Step::Read, Step::Send(closing_response(WALLET))],
        _ => vec![Step::Read, Step::Send(list(&[COMPANY]))],
    });
    let limit = Duration::from_secs(10);
    assert_eq!(client.wallet().timeout(limit).wait().unwrap().balance, 8450);
    let response = client.companies().with_response().unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.value[0].name, "Acme Coffee");
    assert_eq!(client.base_url(), format!("{}/api/v1", server.url()));
}

#[test]
fn a_custom_request_is_sent_with_the_key_of_its_client() {
    let (_runtime, server, client) = start(|connection| {
        let bodies = ["", r#"{"data":[1,2]}"#, "{}"];
        vec![Step::Read, Step::Send(closing_response(bodies[connection]))]
    });
    client.delete(["templates", "a/b"]).send_empty().wait().unwrap();
    let other = client.with_api_key("pk_live_another_one").unwrap();
    drop(client);
    let numbers: Vec<i32> = other
        .get("numbers")
        .query("limit", "2")
        .send_list()
        .stream()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(numbers, [1, 2]);
    let posted: HashMap<String, String> = other
        .post("numbers")
        .header("x-trace", "1")
        .idempotency_key("once")
        .json(&[1, 2])
        .send()
        .wait()
        .unwrap();
    assert!(posted.is_empty());
    let requests = server.requests();
    assert!(requests[0].starts_with("DELETE /api/v1/templates/a%2Fb HTTP"));
    assert!(requests[0].contains(KEY));
    assert!(requests[1].starts_with("GET /api/v1/numbers?limit=2 HTTP"));
    assert!(requests[2].contains("x-trace: 1") && requests[2].contains("idempotency-key: once"));
    assert!(requests[1..].iter().all(|request| request.contains("pk_live_another_one")));
}

#[test]
fn retries_and_timeouts_work_as_in_the_async_client() {
    let unavailable = http_response("503 Service Unavailable", &["connection: close"], "");
    let (_runtime, _server, client) = start(move |connection| match connection {
        0 => vec![Step::Read, Step::Send(unavailable.clone())],
        1 => vec![Step::Read, Step::Send(closing_response(WALLET))],
        _ => vec![Step::Read, Step::Hang],
    });
    let mut quick = RetryPolicy::default();
    quick.base_delay = Duration::ZERO;
    let response = client.wallet().retry(quick).with_response().unwrap();
    assert_eq!(response.failed_attempts.len(), 1);

    let error = client.wallet().timeout(Duration::from_millis(20)).wait().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout(TimeLimit::Deadline));
}

#[test]
fn iteration_continues_after_an_invalid_item() {
    let (_runtime, _server, client) =
        start(|_| vec![Step::Read, Step::SendByteByByte(list(&[COMPANY, "{}", COMPANY]))]);
    let mut stream = client.companies().stream();
    let succeeded: Vec<bool> = stream.by_ref().map(|company| company.is_ok()).collect();
    assert_eq!(succeeded, [true, false, true]);
    assert!(stream.next().is_none());
}

#[test]
fn a_stream_is_collected_with_what_was_invalid() {
    let (_runtime, _server, client) =
        start(|_| vec![Step::Read, Step::Send(list(&[COMPANY, "{}", COMPANY]))]);
    let collected = client.companies().stream().collect_list();
    assert_eq!((collected.items().len(), collected.invalid_items()), (2, 1));
    assert!(!collected.is_complete());

    let (_runtime, _server, client) =
        start(|_| vec![Step::Read, Step::Send(list(&[COMPANY, COMPANY]))]);
    let mut begun = client.companies().stream();
    begun.next().unwrap().unwrap();
    assert!(!begun.collect_list().is_complete());
    assert_eq!(client.companies().stream().collect_list().into_complete().unwrap().len(), 2);
}

#[test]
fn a_truncated_list_returns_the_complete_items_and_then_an_error() {
    let complete = list(&[COMPANY, COMPANY]);
    let truncated = complete[..complete.len() - 20].to_vec();
    let (_runtime, _server, client) =
        start(move |_| vec![Step::Read, Step::Send(truncated.clone())]);
    let mut stream = client.companies().stream();
    assert_eq!(stream.next().unwrap().unwrap().name, "Acme Coffee");
    assert_eq!(stream.next().unwrap().unwrap_err().kind(), &ErrorKind::Interrupted);
    assert!(stream.next().is_none());
}

#[test]
fn dropping_a_stream_stops_the_transfer() {
    let (runtime, server, client) = start(|_| {
        vec![
            Step::Read,
            Step::Send(b"HTTP/1.1 200 OK\r\n\r\n{\"data\":[".to_vec()),
            Step::SendForever(format!("{COMPANY},").into_bytes()),
        ]
    });
    let mut stream = client.companies().stream();
    drop(client); // the stream works without it
    assert_eq!(stream.next().unwrap().unwrap().name, "Acme Coffee");
    drop(stream);
    runtime.block_on(server.connection_ended());
}

#[test]
fn threads_share_a_client() {
    let (_runtime, server, client) = start(|_| wallets(100));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(client.wallet().wait().unwrap().balance, 8450);
                }
            });
        }
    });
    // A call may open a connection and then take one that another call has just returned.
    assert!(server.connections() < 40, "{}", server.connections());
}

#[test]
fn a_connection_that_closes_between_calls_is_not_used() {
    let (runtime, server, client) = start(|_| {
        // Some servers send a 408 when they close an idle connection.
        let timeout = http_response("408 Request Timeout", &["connection: close"], "");
        vec![Step::Read, Step::Send(json(WALLET)), Step::Send(timeout), Step::AwaitClose]
    });
    for connections in 1..=3 {
        let response = client.wallet().with_response().unwrap();
        assert!(response.failed_attempts.is_empty());
        assert_eq!(server.connections(), connections);
        runtime.block_on(server.connection_ended()); // while no call runs
    }
}

#[tokio::test]
async fn a_call_inside_a_task_is_an_error() {
    let server = RawServer::responding(json(WALLET)).await;
    let client = server.builder().build_blocking().unwrap();
    assert_refused(&client.wallet().wait().unwrap_err());
    assert_refused(&client.companies().with_response().unwrap_err());

    let mut stream = client.companies().stream();
    assert_refused(&stream.next().unwrap().unwrap_err());
    assert!(stream.next().is_none());

    let in_task = client.clone();
    let spawned = tokio::spawn(async move { in_task.wallet().wait() });
    assert_refused(&spawned.await.unwrap().unwrap_err());

    let on_worker = thread::spawn(move || {
        let runtime = Runtime::new().unwrap();
        let task = runtime.spawn(async move { client.wallet().wait() });
        runtime.block_on(task).unwrap()
    });
    assert_refused(&on_worker.join().unwrap().unwrap_err());
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_call_inside_a_task_does_not_use_up_the_budget_of_the_task() {
    let client = Client::new("http://127.0.0.1:9", KEY).unwrap();
    tokio::task::yield_now().await; // starts with a full budget
    assert_refused(&client.wallet().wait().unwrap_err());
    assert!(tokio::task::coop::has_budget_remaining());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_call_is_made_where_tokio_allows_blocking() {
    let server = RawServer::start(|_| wallets(10)).await;
    let client = server.builder().build_blocking().unwrap();
    let blocking = client.clone();
    tokio::task::spawn_blocking(move || blocking.wallet().wait()).await.unwrap().unwrap();

    let spawned = client.clone();
    tokio::spawn(async move { tokio::task::block_in_place(|| spawned.wallet().wait()) })
        .await
        .unwrap()
        .unwrap();

    let handle = tokio::runtime::Handle::current();
    let entered = thread::spawn(move || {
        let _entered = handle.enter();
        client.wallet().wait()
    });
    tokio::task::spawn_blocking(|| entered.join().unwrap()).await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_client_dropped_inside_a_task_closes_its_connections() {
    let server = RawServer::start(|_| wallets(10)).await;
    let client = server.builder().build_blocking().unwrap();
    let (call, stream) = (client.wallet(), client.companies().stream());
    let client = tokio::task::spawn_blocking(move || {
        client.wallet().wait().unwrap();
        client
    })
    .await
    .unwrap();
    drop((client, call, stream));
    server.connection_ended().await;
}

#[test]
fn a_client_works_after_the_runtime_of_its_caller_has_ended() {
    let (_runtime, _server, client) = start(|_| wallets(10));
    let other = Runtime::new().unwrap();
    let client = {
        let _entered = other.enter();
        client.wallet().wait().unwrap();
        client
    };
    drop(other);
    client.wallet().wait().unwrap();
}

#[test]
fn a_service_that_panics_affects_only_its_caller() {
    let service =
        tower::service_fn(|request: http::Request<partner_api::RequestBody>| async move {
            assert!(request.uri().path().ends_with("/wallet"), "a planted panic");
            Ok::<_, BoxError>(http::Response::new(http_body_util::Full::from(WALLET)))
        });
    let client = partner_api::Client::builder()
        .base_url("https://app.example.com")
        .api_key(KEY)
        .http_service(service)
        .build_blocking()
        .unwrap();
    let client = Arc::new(client);
    let panicking = Arc::clone(&client);
    assert!(thread::spawn(move || panicking.companies().wait()).join().is_err());
    assert_eq!(client.wallet().wait().unwrap().balance, 8450);
}

#[test]
fn an_invalid_configuration_is_an_error() {
    let error = Client::new("http://app.example.com", "two words").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Config(problems) if problems.len() == 2));
}

#[test]
fn its_types_are_send_and_do_not_show_the_key() {
    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn is_sent<T: Send>(_: &T) {}
    let client = Client::new("https://app.example.com", KEY).unwrap();
    let call: Call<Wallet> = client.wallet();
    let stream: ListStream<Company> = client.companies().stream();
    is_shared(&client);
    is_sent(&call);
    is_sent(&stream);
    let shown = format!("{client:?} {call:?} {stream:?}");
    assert!(!shown.contains(KEY), "{shown}");
}
