//! The client that progenitor generates for the same two endpoints. It reads OpenAPI 3.0, so they are written out here.

#![expect(clippy::pedantic, reason = "most of this is generated")]

use harness::{Outcome, Task, arguments, calls};

progenitor::generate_api!(spec = "openapi.json");

fn main() -> Outcome {
    let (task, service) = arguments()?;
    let Task::Wallet(count) = task else {
        return Err("only the wallet is measured here".into());
    };
    let mut key = reqwest::header::HeaderValue::try_from(format!("Bearer {}", service.key))?;
    key.set_sensitive(true);
    let headers = [(reqwest::header::AUTHORIZATION, key)].into_iter().collect();
    let http = reqwest::Client::builder().default_headers(headers).build()?;
    let client = Client::new_with_client(&format!("{}/api/v1", service.url), http);
    calls(count, async || {
        client.get_wallet().await?;
        Ok(())
    })
}
