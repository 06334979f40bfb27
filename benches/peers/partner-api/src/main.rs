//! The client of this house, as it is.

use harness::{Outcome, Task, arguments, calls, list};
use partner_api::Client;

fn main() -> Outcome {
    let (task, service) = arguments()?;
    let client = Client::new(&service.url, service.key)?;
    match task {
        Task::Wallet(count) => calls(count, async || {
            client.wallet().await?;
            Ok(())
        }),
        Task::Kept => list(async |mut progress| {
            let companies = client.companies().await?;
            progress.saw(companies.len());
            Ok((progress, companies))
        }),
        Task::Streamed => list(async |mut progress| {
            let mut companies = client.companies().stream();
            while let Some(company) = companies.next().await {
                company?;
                progress.saw(1);
            }
            Ok((progress, ()))
        }),
    }
}
