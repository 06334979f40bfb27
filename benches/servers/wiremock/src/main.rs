//! wiremock with ready bytes, each behind the key, as its documentation shows.

use harness::{Address, Outcome, WALLET, companies, serve};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const KEY: &str = "pk_live_exampleexampleexample001";

fn main() -> Outcome {
    serve(async |count| {
        let server = MockServer::builder().start().await; // a new one, not one of its pool
        for (at, body) in
            [("/api/v1/wallet", WALLET.to_owned()), ("/api/v1/companies", companies(count))]
        {
            Mock::given(method("GET"))
                .and(path(at))
                .and(header("authorization", format!("Bearer {KEY}")))
                .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/json"))
                .mount(&server)
                .await;
        }
        let host = server.address().to_string();
        Ok((server, Address { host, key: KEY.to_owned() }))
    })
}
