//! Every request is sent with the current key, also while a provider fetches it or a program
//! replaces it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use partner_api::{
    ApiKey, BoxError, Client, ErrorKind, RequestOutcome, RetryPolicy, UnauthorizedCode,
};

use crate::support::{KEY, RawServer, Step, WALLET, http_response, json};

const INVALID_TOKEN: &str = r#"{"error":"invalid_token"}"#;

/// Responds with 401 to every request except the n-th, counted from 0.
async fn server_that_accepts(accepted: usize) -> RawServer {
    RawServer::start(move |count| {
        let rejected = http_response("401 Unauthorized", &["connection: close"], INVALID_TOKEN);
        let wallet = http_response("200 OK", &["connection: close"], WALLET);
        vec![Step::Read, Step::Send(if count == accepted { wallet } else { rejected })]
    })
    .await
}

fn keys_of(server: &RawServer) -> Vec<String> {
    let requests = server.requests();
    let keys = requests
        .iter()
        .map(|request| request.split("Bearer ").nth(1).or(request.split("bearer ").nth(1)));
    keys.map(|rest| rest.unwrap().lines().next().unwrap().to_owned()).collect()
}

/// A client whose provider returns `key-0`, `key-1`, …, and the number of fetches.
fn client_with_provider(server: &RawServer) -> (Client, Arc<AtomicUsize>) {
    let fetches = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&fetches);
    let builder = Client::builder().base_url(server.url()).retry(RetryPolicy::never());
    let builder = builder.api_key_provider(move || {
        let count = counter.fetch_add(1, Ordering::Relaxed);
        async move { ApiKey::new(format!("key-{count}")) }
    });
    (builder.build().unwrap(), fetches)
}

#[tokio::test]
async fn a_provider_is_called_once_and_its_key_serves_all_clones() {
    let server = RawServer::responding(json(WALLET)).await;
    let (client, fetches) = client_with_provider(&server);
    assert_eq!(fetches.load(Ordering::Relaxed), 0);
    for _ in 0..3 {
        client.clone().wallet().await.unwrap();
    }
    assert_eq!(fetches.load(Ordering::Relaxed), 1);
    assert_eq!(keys_of(&server), ["key-0"; 3]);
}

#[tokio::test]
async fn after_invalid_token_a_provider_is_called_once_more() {
    let server = server_that_accepts(1).await;
    let (client, fetches) = client_with_provider(&server);
    let response = client.wallet().with_response().await.unwrap();
    let [rejected] = &response.failed_attempts[..] else { panic!("{response:?}") };
    assert_eq!(rejected.kind, ErrorKind::Unauthorized(UnauthorizedCode::InvalidToken));
    assert_eq!((rejected.backoff, fetches.load(Ordering::Relaxed)), (Some(Duration::ZERO), 2));
    assert_eq!(keys_of(&server), ["key-0", "key-1"]);

    // A key that is rejected again is an error and not a loop.
    let server = server_that_accepts(2).await;
    let (client, fetches) = client_with_provider(&server);
    let error = client.wallet().await.unwrap_err();
    assert!(error.is_unauthorized());
    assert_eq!((error.attempts().len(), fetches.load(Ordering::Relaxed)), (2, 2));
}

#[tokio::test]
async fn a_rejected_post_is_sent_again_with_the_other_key_because_it_was_not_processed() {
    let server = server_that_accepts(1).await;
    let (client, _) = client_with_provider(&server);
    client.post("messages").json(&1).send_empty().await.unwrap();
    assert_eq!(keys_of(&server), ["key-0", "key-1"]);
}

#[tokio::test]
async fn missing_bearer_token_does_not_fetch_another_key() {
    let rejected = http_response("401 Unauthorized", &[], r#"{"error":"missing_bearer_token"}"#);
    let server = RawServer::responding(rejected).await;
    let (client, fetches) = client_with_provider(&server);
    client.wallet().await.unwrap_err();
    assert_eq!((server.connections(), fetches.load(Ordering::Relaxed)), (1, 1));
}

/// The error of a provider, with a type that a program can look for.
#[derive(Debug)]
struct Sealed;

impl std::fmt::Display for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the vault is sealed")
    }
}

impl std::error::Error for Sealed {}

#[tokio::test]
async fn an_error_of_the_provider_is_the_source_of_the_error_and_nothing_is_sent() {
    let server = RawServer::responding(json(WALLET)).await;
    let builder = Client::builder().base_url(server.url());
    let client = builder.api_key_provider(|| async { Err::<ApiKey, _>(Sealed) });
    let error = client.build().unwrap().wallet().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (&ErrorKind::Credentials, RequestOutcome::NotSent));
    assert!(std::error::Error::source(&error).unwrap().is::<Sealed>());
    assert_eq!(server.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_times_out_and_is_called_again_by_the_next_call() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&fetches);
    let service = tower::service_fn(|_: http::Request<partner_api::RequestBody>| async {
        Ok::<_, BoxError>(http::Response::new(http_body_util::Full::<bytes::Bytes>::from(WALLET)))
    });
    let builder = Client::builder().base_url("https://a.example").http_service(service);
    let builder = builder.api_key_provider(move || {
        let count = counter.fetch_add(1, Ordering::Relaxed);
        async move {
            if count == 0 {
                std::future::pending::<()>().await;
            }
            ApiKey::new(KEY)
        }
    });
    let client = builder.build().unwrap();
    let error = client.wallet().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Credentials);
    assert_eq!(
        (error.elapsed(), error.outcome()),
        (partner_api::DEFAULT_API_KEY_PROVIDER_TIMEOUT, RequestOutcome::NotSent)
    );
    client.wallet().await.unwrap();
    assert_eq!(fetches.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_rotated_key_serves_all_clones_from_the_next_request_on() {
    let server = RawServer::responding(json(WALLET)).await;
    let client = server.client();
    let clone = client.clone();
    client.wallet().await.unwrap();
    client.rotate_api_key("pk_live_new\n").unwrap();
    clone.wallet().await.unwrap();
    assert!(client.rotate_api_key("not a key").unwrap_err().is_config());
    clone.wallet().await.unwrap();
    assert_eq!(keys_of(&server), [KEY, "pk_live_new", "pk_live_new"]);
}

#[tokio::test]
async fn a_request_whose_key_was_rotated_while_it_was_sent_is_sent_again_with_the_new_one() {
    let rotated = Arc::new(std::sync::OnceLock::<Client>::new());
    let service = tower::service_fn({
        let rotated = Arc::clone(&rotated);
        move |request: http::Request<partner_api::RequestBody>| {
            let is_old_key = request.headers()["authorization"].to_str().unwrap().ends_with(KEY);
            rotated.get().unwrap().rotate_api_key("pk_live_new").unwrap();
            let (status, body) = if is_old_key { (401, INVALID_TOKEN) } else { (200, WALLET) };
            let body = http_body_util::Full::<bytes::Bytes>::from(body);
            let response = http::Response::builder().status(status).body(body).unwrap();
            std::future::ready(Ok::<_, BoxError>(response))
        }
    });
    let builder =
        Client::builder().base_url("https://a.example").api_key(KEY).http_service(service);
    let client = builder.build().unwrap();
    rotated.set(client.clone()).unwrap();
    let response = client.wallet().with_response().await.unwrap();
    assert_eq!(response.failed_attempts.len(), 1);
}

#[tokio::test]
async fn clients_with_different_keys_share_a_pool_and_not_a_budget() {
    let server = RawServer::start(|_| {
        [Step::Read, Step::Send(json(WALLET))].into_iter().cycle().take(8).collect()
    })
    .await;
    let first = server.client();
    let second = first.with_api_key("pk_live_second").unwrap();
    for client in [&first, &second, &first, &second] {
        client.wallet().await.unwrap();
    }
    assert_eq!(keys_of(&server), [KEY, "pk_live_second", KEY, "pk_live_second"]);
    assert_eq!(server.connections(), 1);
    assert!(first.with_api_key("").unwrap_err().is_config());

    let down =
        RawServer::responding(http_response("503 Service Unavailable", &["retry-after: 0"], ""))
            .await;
    let policy = quick();
    let first = down.builder().retry(policy).build().unwrap();
    let second = first.with_api_key("pk_live_second").unwrap();
    while first.wallet().await.unwrap_err().attempts().len() > 1 {}
    assert_eq!(first.clone().wallet().await.unwrap_err().attempts().len(), 1);
    assert_eq!(second.wallet().await.unwrap_err().attempts().len(), 3);
}

/// The default policy without backoff.
fn quick() -> RetryPolicy {
    let mut policy = RetryPolicy::default();
    policy.base_delay = Duration::ZERO;
    policy
}

#[test]
fn a_key_together_with_a_provider_is_invalid() {
    let builder = Client::builder().base_url("https://a.example").api_key(KEY);
    let error = builder.api_key_provider(|| async { ApiKey::new(KEY) }).build().unwrap_err();
    assert!(error.to_string().contains("set one of them"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_rejected_together_share_one_fetch() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&fetches);
    let service = tower::service_fn(|_: http::Request<partner_api::RequestBody>| async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let body = http_body_util::Full::<bytes::Bytes>::from(INVALID_TOKEN);
        Ok::<_, BoxError>(http::Response::builder().status(401).body(body).unwrap())
    });
    let builder = Client::builder().base_url("https://a.example").http_service(service);
    let client = builder.api_key_provider(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            ApiKey::new("pk_live_revoked")
        }
    });
    let client = client.build().unwrap();
    let calls: Vec<_> = (0..50).map(|_| tokio::spawn(client.wallet().into_future())).collect();
    for call in calls {
        assert!(call.await.unwrap().unwrap_err().is_unauthorized());
    }
    assert_eq!(fetches.load(Ordering::Relaxed), 2);
}
