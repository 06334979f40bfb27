//! What is at stake: shut down while many are asking, the mock must lose no answer that was begun,
//! and give no half one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use partner_api_mock::{Company, MockServer};

use crate::raw;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_under_load_loses_no_answer_that_was_begun() {
    let mock = MockServer::start().await.unwrap();
    // Large enough that no answer is written at once.
    let many = (0..2000).map(|number| Company::new(format!("c-{number}"), "x".repeat(200)));
    mock.partner().set_companies(many);
    let request = format!(
        "GET /api/v1/companies HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\r\n",
        mock.api_key()
    );
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..32)
        .map(|_| {
            let (address, request) = (mock.address(), request.clone());
            let answered = Arc::clone(&answered);
            tokio::spawn(async move {
                let mut connection = raw::Connection::open(address).await;
                while connection.try_send(&request).await.is_ok() {
                    // Nothing, or a whole one.
                    let Some(answer) = connection.answer_or_end().await else { break };
                    assert_eq!(answer.status, 200);
                    assert!(answer.body.ends_with("}]}"));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    while answered.load(Ordering::Relaxed) < 100 {
        tokio::task::yield_now().await;
    }
    let partner = mock.partner();
    mock.shutdown().await;
    for client in clients {
        client.await.unwrap();
    }
    let recorded = partner.requests().len() + partner.evicted_requests().total();
    assert_eq!(answered.load(Ordering::Relaxed), recorded, "each that was read was answered");
}
