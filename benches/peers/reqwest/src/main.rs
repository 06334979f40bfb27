//! reqwest by hand, as its documentation shows, with the URL and the key built on each call.

use harness::{Companies, Outcome, Service, Task, Wallet, arguments, calls, cold, list};

fn main() -> Outcome {
    let (task, service) = arguments()?;
    match task {
        Task::Wallet(count) => {
            let client = reqwest::Client::new();
            calls(count, async || wallet(&client, &service).await)
        }
        Task::Kept => list(async |mut progress| {
            let companies = reqwest::Client::new()
                .get(format!("{}/api/v1/companies", service.url))
                .bearer_auth(service.key)
                .send()
                .await?
                .error_for_status()?
                .json::<Companies>()
                .await?;
            progress.add(companies.data.len());
            Ok((progress, companies))
        }),
        Task::Streamed => Err("reqwest decodes a body when it is whole".into()),
        Task::Cold(authority) => {
            let build = |authority: &[u8]| {
                let authority = reqwest::Certificate::from_pem(authority)?;
                Ok(reqwest::Client::builder().tls_certs_merge([authority]).build()?)
            };
            cold(&authority, build, async |client| wallet(client, &service).await)
        }
        Task::Partners(_) => Err("a client of reqwest has no key".into()),
    }
}

async fn wallet(client: &reqwest::Client, service: &Service) -> Outcome {
    client
        .get(format!("{}/api/v1/wallet", service.url))
        .bearer_auth(service.key)
        .send()
        .await?
        .error_for_status()?
        .json::<Wallet>()
        .await?;
    Ok(())
}
