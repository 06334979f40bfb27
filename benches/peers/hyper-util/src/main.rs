//! The pooled client of hyper-util with serde_json: no TLS, no time limit, no retry.

use bytes::Bytes;
use harness::{Outcome, Task, Wallet, arguments, calls};
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;

fn main() -> Outcome {
    let (task, service) = arguments()?;
    let Task::Wallet(count) = task else {
        return Err("only the wallet is measured here".into());
    };
    let client = legacy::Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    calls(count, async || {
        let request = Request::get(format!("{}/api/v1/wallet", service.url))
            .header("authorization", format!("Bearer {}", service.key))
            .body(Empty::new())?;
        let body = client.request(request).await?.into_body().collect().await?.to_bytes();
        serde_json::from_slice::<Wallet>(&body)?;
        Ok(())
    })
}
