//! One client in several tokio runtimes, one after another and in parallel.

use std::sync::{Barrier, LazyLock};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Full;
use partner_api::{BoxError, Client, ErrorKind, RequestBody, RequestOutcome, RetryPolicy};
use tokio::runtime::{Builder, Runtime};

use crate::support::{KEY, RawServer, Step, WALLET, json};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server in a runtime with a thread of its own, which serves many requests a connection.
struct Shared {
    client: Client,
    server: RawServer,
    runtime: Runtime,
}

static SHARED: LazyLock<Shared> = LazyLock::new(Shared::start);

impl Shared {
    /// In a thread of its own, since the caller may be inside a runtime.
    fn start() -> Self {
        std::thread::spawn(Self::start_here).join().unwrap()
    }

    fn start_here() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let one_by_one = [Step::Read, Step::Send(json(WALLET))].into_iter().cycle().take(10_000);
        let steps: Vec<_> = one_by_one.collect();
        let server = runtime.block_on(RawServer::start(move |_| steps.clone()));
        let client = server.builder().timeout(Duration::from_secs(10)).build().unwrap();
        Self { client, server, runtime }
    }
}

async fn call() {
    SHARED.client.wallet().await.unwrap();
    SHARED.client.post("messages").send_empty().await.unwrap();
}

#[tokio::test]
async fn a_static_client_serves_one_test() {
    call().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_static_client_serves_another_test() {
    call().await;
}

#[test]
fn a_runtime_that_nobody_drives_does_not_hold_up_another() {
    let Shared { client, server, .. } = &Shared::start();
    let (first, second) = (runtime(), runtime());
    for policy in [RetryPolicy::never(), RetryPolicy::default()] {
        first.block_on(client.wallet().into_future()).unwrap();
        let call = client.wallet().retry(policy).timeout(Duration::from_secs(5));
        second.block_on(call.into_future()).unwrap();
        second.block_on(client.post("messages").send_empty().into_future()).unwrap();
    }
    // Each runtime kept its connection.
    assert_eq!(server.connections(), 2);
    drop(first);
    second.block_on(client.wallet().into_future()).unwrap();
    assert_eq!(server.connections(), 2);
}

#[test]
fn runtimes_that_start_and_end_in_parallel_lose_no_call() {
    const THREADS: usize = 8;
    const RUNTIMES: usize = 20;
    let shared = Shared::start();
    let started = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                started.wait();
                for _ in 0..RUNTIMES {
                    let call = shared.client.post("messages").send_empty();
                    runtime().block_on(call.into_future()).unwrap();
                }
            });
        }
    });
    assert_eq!(shared.server.requests().len(), THREADS * RUNTIMES);
    drop(shared.runtime);
}

#[test]
fn a_runtime_without_drivers_is_an_error_that_says_what_to_enable() {
    let client = Client::new("http://127.0.0.1:9", KEY).unwrap();
    for (mut builder, missing) in [
        (Builder::new_current_thread(), "enable_time()"),
        (Builder::new_multi_thread(), "enable_time()"),
    ] {
        let runtime = builder.build().unwrap();
        let error = runtime.block_on(client.wallet().into_future()).unwrap_err();
        assert!(error.to_string().contains(missing), "{error}");
        assert_eq!(error.outcome(), RequestOutcome::NotSent);
        assert!(matches!(error.kind(), ErrorKind::Request(_)));
    }
    let without_io = Builder::new_current_thread().enable_time().build().unwrap();
    let error = without_io.block_on(client.wallet().into_future()).unwrap_err();
    assert!(error.to_string().contains("enable_io()"), "{error}");
    assert_eq!((error.outcome(), error.is_retryable()), (RequestOutcome::NotSent, false));
}

#[test]
fn a_service_without_sockets_needs_no_io_driver() {
    let service = tower::service_fn(|_: Request<RequestBody>| async {
        Ok::<_, BoxError>(Response::new(Full::<bytes::Bytes>::from(WALLET)))
    });
    let builder = Client::builder().base_url("https://a.example").api_key(KEY);
    let client = builder.http_service(service).build().unwrap();
    let without_io = Builder::new_current_thread().enable_time().build().unwrap();
    assert_eq!(without_io.block_on(client.wallet().into_future()).unwrap().balance, 8450);
}
