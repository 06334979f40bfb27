//! The cost of changing one connection and sending the list again.

use std::time::Instant;

use bytes::Bytes;
use harness::{Address, Outcome, print_median};
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use partner_api_mock::MockServer;
use tower::ServiceExt as _;

/// Without a socket, so that nothing else is measured. The connection is that of the middle company.
pub(crate) async fn make((mock, address): &(MockServer, Address), count: usize) -> Outcome {
    let Address { host, key } = address;
    let companies = mock.partner().companies();
    let company = companies.get(companies.len() / 2).ok_or("no companies")?;
    let id = company.connections.first().ok_or("no connection")?.id.clone();
    drop(companies);

    let mut took = Vec::with_capacity(count);
    for number in 0..=count {
        let rating = if number % 2 == 0 { "YELLOW" } else { "GREEN" };
        let request = Request::get(format!("http://{host}/api/v1/companies"))
            .header("host", host)
            .header("authorization", format!("Bearer {key}"))
            .body(Empty::<Bytes>::new())?;
        let began = Instant::now();
        mock.partner().update_connection(&id, |connection| {
            rating.clone_into(&mut connection.quality_rating);
        })?;
        let response = mock.service().oneshot(request).await?;
        if response.status() != 200 {
            return Err(format!("status {}", response.status()).into());
        }
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            frame?;
        }
        took.push(began.elapsed());
    }
    took.remove(0); // the first response makes the list
    print_median(took);
    Ok(())
}
