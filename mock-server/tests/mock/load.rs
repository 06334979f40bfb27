//! A shutdown while many clients send requests: every response that was begun is completed, and no
//! client gets half a response.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use partner_api_mock::{Company, MockServer};

use crate::raw;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_under_load_completes_every_response_that_was_begun() {
    let mock = MockServer::start().await.unwrap();
    // Large enough that no response is written in one call.
    let many = (0..2000).map(|number| Company::new(format!("c-{number}"), "x".repeat(200)));
    mock.partner().set_companies(many);
    let request = format!(
        "GET /api/v1/companies HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\r\n",
        mock.api_key()
    );
    let responses = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..32)
        .map(|_| {
            let (address, request) = (mock.address(), request.clone());
            let responses = Arc::clone(&responses);
            tokio::spawn(async move {
                let mut connection = raw::Connection::open(address).await;
                while connection.try_send(&request).await.is_ok() {
                    // No response, or a complete one.
                    let Some(response) = connection.response_or_end().await else { break };
                    assert_eq!(response.status, 200);
                    assert!(response.body.ends_with("}]}"));
                    responses.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    while responses.load(Ordering::Relaxed) < 100 {
        tokio::task::yield_now().await;
    }
    let partner = mock.partner();
    mock.shutdown().await;
    for client in clients {
        client.await.unwrap();
    }
    let recorded = partner.requests().len() + partner.evicted_requests().total();
    assert_eq!(responses.load(Ordering::Relaxed), recorded, "each recorded request got a response");
}
