//! One of many partners: each has its own key, wallet and companies.

use std::error::Error;

use harness::Address;
use partner_api_mock::MockServer;

/// The key is that of the last partner.
pub(crate) async fn start(count: usize) -> Result<(MockServer, Address), Box<dyn Error>> {
    let mock = MockServer::start().await?;
    let mut key = mock.api_key();
    for number in 1..count {
        key = mock.add_partner(format!("Partner {number}")).issue_key();
    }
    let host = mock.address().to_string();
    Ok((mock, Address { host, key }))
}
