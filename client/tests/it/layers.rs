//! Layers around the HTTP service below the client see and change what is sent and received.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Full;
use partner_api::{BoxError, Client, ErrorKind, HttpService, RequestBody, RetryPolicy};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tower::layer::layer_fn;
use tower::{ServiceExt as _, service_fn};

const KEY: &str = "pk_live_0123456789abcdef";
const WALLET: &str =
    r#"{"balance":7,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

#[tokio::test]
async fn layers_change_requests_in_order_and_see_the_key_as_sensitive() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sent = Arc::clone(&seen);
    let service = service_fn(move |request: Request<RequestBody>| {
        let key = request.headers().get("authorization").unwrap();
        let order = request.headers().get_all("x-layer").iter().cloned().collect::<Vec<_>>();
        sent.lock().unwrap().push((key.is_sensitive(), order));
        async { Ok::<_, BoxError>(Response::new(Full::from(WALLET))) }
    });
    let mark = |name: &'static str| {
        layer_fn(move |http: HttpService| {
            http.map_request(move |mut request: Request<RequestBody>| {
                request.headers_mut().append("x-layer", name.parse().unwrap());
                request
            })
        })
    };
    let client = Client::builder()
        .base_url("https://app.example.com")
        .api_key(KEY)
        .http_service(service)
        .layer(mark("inner"))
        .layer(mark("outer"))
        .build()
        .unwrap();
    assert_eq!(client.wallet().await.unwrap().balance, 7);
    let order = ["outer", "inner"].map(|name| name.parse().unwrap()).to_vec();
    assert_eq!(*seen.lock().unwrap(), [(true, order)]);
}

#[tokio::test]
async fn a_layered_client_uses_a_new_connection_after_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(Mutex::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            *count.lock().unwrap() += 1;
            tokio::spawn(
                async move { while socket.read(&mut [0; 1024]).await.is_ok_and(|n| n > 0) {} },
            );
        }
    });
    let mut retry = RetryPolicy::default();
    retry.max_attempts = 2;
    retry.base_delay = Duration::from_millis(1);
    let client = Client::builder()
        .base_url(base_url)
        .api_key(KEY)
        .attempt_timeout(Duration::from_millis(100))
        .retry(retry)
        .layer(layer_fn(|http: HttpService| http))
        .build()
        .unwrap();
    let error = client.wallet().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout(_)), "{error}");
    assert_eq!(*connections.lock().unwrap(), 2);
}
