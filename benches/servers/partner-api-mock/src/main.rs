//! The mock with authorization, journal and request ids.

mod changes;
mod partners;

use std::error::Error;

use harness::{Address, Outcome, runtime, serve, until_input_ends};
use partner_api_mock::{Company, Connection, MockServer};

/// The commands of every server; also `partners COUNT`, which serves one of this many partners, and `changes COMPANIES
/// COUNT`, which repeatedly changes one of this many companies and requests the list each time.
fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["partners", count] => {
            let count = count.parse()?;
            runtime()?.block_on(async { until_input_ends(partners::start(count).await?).await })
        }
        ["changes", companies, count] => {
            let (companies, count) = (companies.parse()?, count.parse()?);
            runtime()?.block_on(async { changes::make(&start(companies).await?, count).await })
        }
        _ => serve(start),
    }
}

async fn start(count: usize) -> Result<(MockServer, Address), Box<dyn Error>> {
    let mock = MockServer::start().await?;
    if count > 1 {
        let company = |number: usize| {
            let connection = Connection::new(format!("cly{number:022}"));
            let id = format!("clx{number:022}");
            Company::new(id, format!("Acme Coffee {number}")).with_connection(connection)
        };
        mock.partner().set_companies((0..count).map(company));
    }
    let host = mock.address().to_string();
    let key = mock.api_key();
    Ok((mock, Address { host, key }))
}
