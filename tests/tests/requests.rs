//! Each call of the client sends what the contract describes, without any further header or byte. A
//! server that does not know the API records the raw requests.

use std::collections::BTreeSet;

use partner_api_tests::client::{self, CALLS};
use partner_api_tests::contract::Contract;
use partner_api_tests::http::{Request, Response};
use partner_api_tests::peer::Peer;
use partner_api_tests::{Checked, reference, request};

const KEY: &str = "pk_live_xxxxxxxxxxxxxxxxxxxxxxxx";

/// What the client sends to `{server}{suffix}`, recorded.
async fn recorded(operation: &str, suffix: &str) -> Checked<(String, Request)> {
    let sample = reference::sample(operation).ok_or("the operation has no sample")?;
    let mut peer = Peer::start(Response::json(200, sample)).await?;
    let client = client::at(&format!("{}{suffix}", peer.url()), KEY)?;
    client::call(&client, operation).await?;
    Ok((peer.url(), peer.request().await?))
}

#[tokio::test]
async fn each_call_sends_its_operation() -> Checked {
    let contract = Contract::published()?;
    for (_, operation) in CALLS {
        let (_, request) = recorded(operation, "").await?;
        assert_eq!(request::check(&contract, &request)?, operation);
    }
    Ok(())
}

#[tokio::test]
async fn a_request_has_these_headers_and_no_other() -> Checked {
    for (_, operation) in CALLS {
        let (server, request) = recorded(operation, "").await?;
        let names: BTreeSet<_> = request.headers.names().collect();
        let expected = ["accept", "accept-encoding", "authorization", "host", "user-agent"];
        assert_eq!(names, expected.into());

        let value = |name| request.headers.get(name).unwrap();
        assert_eq!(value("accept"), "application/json");
        assert_eq!(value("accept-encoding"), "gzip");
        assert_eq!(value("authorization"), format!("Bearer {KEY}"));
        assert_eq!(format!("http://{}", value("host")), server);
        assert!(value("user-agent").starts_with("partner-api-rust/"), "{}", value("user-agent"));
    }
    Ok(())
}

#[tokio::test]
async fn a_base_url_may_or_may_not_end_in_the_base_path() -> Checked {
    let contract = Contract::published()?;
    for (_, operation) in CALLS {
        for suffix in ["/", "/api/v1", "/api/v1/"] {
            let (_, request) = recorded(operation, suffix).await?;
            assert_eq!(request::check(&contract, &request)?, operation, "{suffix}");
        }
    }
    Ok(())
}
