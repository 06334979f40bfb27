//! reqwest-middleware with the retries of reqwest-retry.

use harness::{Outcome, Task, Wallet, arguments, calls};
use reqwest_middleware::ClientBuilder;
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;

fn main() -> Outcome {
    let (task, service) = arguments()?;
    let Task::Wallet(count) = task else {
        return Err("only the wallet is measured here".into());
    };
    let policy = ExponentialBackoff::builder().build_with_max_retries(3);
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(RetryTransientMiddleware::new_with_policy(policy))
        .build();
    calls(count, async || {
        client
            .get(format!("{}/api/v1/wallet", service.url))
            .bearer_auth(service.key)
            .send()
            .await?
            .error_for_status()?
            .json::<Wallet>()
            .await?;
        Ok(())
    })
}
