//! Reads a long list of clients one by one as they arrive, in memory that does not grow with it.
//!
//! ```sh
//! cargo run --example long_list    # 5,001 clients from an embedded mock
//! ```
//!
//! It asks the service that `PARTNER_API_BASE_URL` and `PARTNER_API_KEY` name, or an embedded mock
//! if both are unset; the first line says which. A client that is invalid is skipped and
//! named. A list that breaks off is an error: totals of a part are never shown as those of the
//! whole.

#![expect(clippy::print_stderr, reason = "printing is what this program is for")]

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use partner_api::{Company, ConnectionStatus, QualityRating};
use partner_api_examples::{explain, service_or_mock};
use partner_api_mock as mock;

/// For the whole call, what this program does between two clients included.
const DEADLINE: Duration = Duration::from_secs(10 * 60);

#[derive(Default)]
struct Totals {
    clients: u64,
    skipped: u64,
    without_connection: u64,
    templates: u64,
    connections: u64,
    not_connected: u64,
    not_green: u64,
}

impl Totals {
    fn add(&mut self, company: &Company) {
        self.clients += 1;
        self.templates = self.templates.saturating_add(company.counts.templates);
        self.without_connection += u64::from(company.connections.is_empty());
        for connection in &company.connections {
            self.connections += 1;
            self.not_connected += u64::from(connection.status != ConnectionStatus::Connected);
            self.not_green += u64::from(connection.quality_rating != QualityRating::Green);
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", explain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let target = service_or_mock(add_thousands).await?;
    // Not `println!`, which panics when a reader such as `head` has gone.
    let mut out = io::stdout();
    writeln!(out, "Asking {}\n", target.description)?;

    let mut totals = Totals::default();
    let mut companies = target.client.companies().timeout(DEADLINE).stream();
    while let Some(company) = companies.next().await {
        match company {
            Ok(company) => totals.add(&company),
            Err(error) if error.is_list_item() => {
                totals.skipped += 1;
                writeln!(out, "Passed over: {error}")?;
            }
            Err(error) => {
                let came = totals.clients + totals.skipped;
                return Err(format!("{} (after {came} clients)", explain(&error)).into());
            }
        }
    }

    writeln!(out, "Clients             {:>6}", totals.clients)?;
    writeln!(out, "  skipped           {:>6}", totals.skipped)?;
    writeln!(out, "  no connection     {:>6}", totals.without_connection)?;
    writeln!(out, "Templates           {:>6}", totals.templates)?;
    writeln!(out, "Connections         {:>6}", totals.connections)?;
    writeln!(out, "  not connected     {:>6}", totals.not_connected)?;
    writeln!(out, "  quality not green {:>6}", totals.not_green)?;
    Ok(())
}

/// Gives the mock 5,000 invented clients beside that of the reference, with up to three numbers.
fn add_thousands(partner: &mock::Partner) {
    for client in 0..5000_u64 {
        let name = format!("Client {client} (invented)");
        let mut company = mock::Company::new(format!("clx-{client}"), name);
        company.template_count = client % 10;
        for number in 0..client % 4 {
            let mut connection = mock::Connection::new(format!("clx-{client}-{number}"));
            connection.display_phone_number = format!("+237 6 90 {client:04} {number}");
            if client % 50 == 1 {
                connection.quality_rating = "YELLOW".into();
            }
            if client % 100 == 2 {
                connection.status = "disconnected".into();
            }
            company.connections.push(connection);
        }
        partner.add_company(company);
    }
}
