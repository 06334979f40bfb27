//! reqwest by hand: what its documentation shows, with the URL and the key built on each call.

use harness::{Companies, Outcome, Task, Wallet, arguments, calls, list};

fn main() -> Outcome {
    let (task, service) = arguments()?;
    let client = reqwest::Client::new();
    match task {
        Task::Wallet(count) => calls(count, async || {
            client
                .get(format!("{}/api/v1/wallet", service.url))
                .bearer_auth(service.key)
                .send()
                .await?
                .error_for_status()?
                .json::<Wallet>()
                .await?;
            Ok(())
        }),
        Task::Kept => list(async |mut progress| {
            let companies = client
                .get(format!("{}/api/v1/companies", service.url))
                .bearer_auth(service.key)
                .send()
                .await?
                .error_for_status()?
                .json::<Companies>()
                .await?;
            progress.saw(companies.data.len());
            Ok((progress, companies))
        }),
        Task::Streamed => Err("reqwest decodes a body when it is whole".into()),
    }
}
