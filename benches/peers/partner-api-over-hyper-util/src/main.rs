//! The client over another HTTP service, hyper-util, with all its features: retries, timeouts and so on.

use harness::{Outcome, Task, arguments, calls};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use partner_api::Client;

fn main() -> Outcome {
    let (task, service) = arguments()?;
    let Task::Wallet(count) = task else {
        return Err("only the wallet is measured here".into());
    };
    let http = legacy::Client::builder(TokioExecutor::new()).build_http();
    let client = Client::builder()
        .base_url(service.url.as_str())
        .api_key(service.key)
        .http_service(http)
        .build()?;
    calls(count, async || {
        client.wallet().await?;
        Ok(())
    })
}
