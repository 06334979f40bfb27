//! The mock of this house: authorization, journal and request ids on.

use harness::{Address, Counting, Outcome, serve};
use partner_api_mock::{Company, Connection, MockServer};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Outcome {
    serve(async |count| {
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
        let key = mock.api_key().to_owned();
        Ok((mock, Address { host, key }))
    })
}
