//! httpmock with ready bytes, each behind the key, as its documentation shows.

use harness::{Address, Outcome, WALLET, companies, serve};
use httpmock::Method::GET;
use httpmock::MockServer;

const KEY: &str = "pk_live_exampleexampleexample001";

fn main() -> Outcome {
    serve(async |count| {
        let server = MockServer::start_async().await;
        for (at, body) in
            [("/api/v1/wallet", WALLET.to_owned()), ("/api/v1/companies", companies(count))]
        {
            server
                .mock_async(|when, then| {
                    when.method(GET).path(at).header("authorization", format!("Bearer {KEY}"));
                    then.status(200).header("content-type", "application/json").body(body);
                })
                .await;
        }
        let host = server.address().to_string();
        Ok((server, Address { host, key: KEY.to_owned() }))
    })
}
