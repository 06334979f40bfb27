//! The client with its default HTTP service.

use harness::{Outcome, Task, arguments, calls, cold, list, partners};
use partner_api::Client;

fn main() -> Outcome {
    let (task, service) = arguments()?;
    let client = || Client::new(&service.url, service.key);
    match task {
        Task::Wallet(count) => {
            let client = client()?;
            calls(count, async || {
                client.wallet().await?;
                Ok(())
            })
        }
        Task::Kept => list(async |mut progress| {
            let companies = client()?.companies().await?;
            progress.add(companies.len());
            Ok((progress, companies))
        }),
        Task::Streamed => list(async |mut progress| {
            let mut companies = client()?.companies().stream();
            while let Some(company) = companies.next().await {
                company?;
                progress.add(1);
            }
            Ok((progress, ()))
        }),
        Task::Cold(authority) => {
            let build = |authority: &[u8]| {
                let client = Client::builder().base_url(&service.url).api_key(service.key);
                Ok(client.add_root_certificate_pem(authority).build()?)
            };
            cold(&authority, build, async |client: &Client| {
                client.wallet().await?;
                Ok(())
            })
        }
        Task::Partners(count) => {
            let client = client()?;
            partners(count, |number| {
                let key = format!("pk_live_partner{number:017}");
                Ok(client.with_api_key(key)?)
            })
        }
    }
}
