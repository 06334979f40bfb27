//! Lists the WhatsApp connections that need attention: those whose quality is not green, and those
//! that are not connected.
//!
//! ```sh
//! cargo run --example connections_needing_attention    # against an embedded mock
//! ```
//!
//! It calls the service that `PARTNER_API_BASE_URL` and `PARTNER_API_KEY` name, or an embedded mock
//! if both are unset; the first line says which. An enum value that this version of the
//! client does not know also needs attention.

#![expect(clippy::print_stderr, reason = "printing is what this program is for")]

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use partner_api::{Connection, ConnectionStatus, Escaped, QualityRating};
use partner_api_examples::{explain, service_or_mock, table};
use partner_api_mock as mock;

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
    let target = service_or_mock(add_connections).await?;
    // Not `println!`, which panics when a reader such as `head` has gone.
    let mut out = io::stdout();
    writeln!(out, "Calling {}", target.description)?;

    let companies = target.client.companies().await?;

    let mut all = 0;
    let mut troubled = 0;
    let mut table = table(["Client", "WhatsApp number", "Why"]);
    for company in &companies {
        for connection in &company.connections {
            all += 1;
            let reasons = reasons(connection);
            if !reasons.is_empty() {
                troubled += 1;
                table.add_row([
                    Escaped(&company.name).to_string(),
                    Escaped(&connection.display_phone_number).to_string(),
                    reasons.join(", "),
                ]);
            }
        }
    }
    writeln!(out, "\n{troubled} of {all} connections need attention")?;
    if troubled > 0 {
        writeln!(out, "{table}")?;
    }
    Ok(())
}

/// Why a connection needs attention; nothing if it does not.
fn reasons(connection: &Connection) -> Vec<String> {
    let mut reasons = Vec::new();
    match &connection.quality_rating {
        QualityRating::Green => {}
        QualityRating::Other(value) => {
            reasons.push(format!("quality is the unknown value {}", Escaped(value)));
        }
        known => reasons.push(format!("quality is {known}")),
    }
    if connection.status != ConnectionStatus::Connected {
        reasons.push(format!("status is {}", Escaped(connection.status.as_str())));
    }
    reasons
}

/// Adds connections that need attention to the mock. The reference shows `GREEN` and `connected`
/// only; all other values here are invented or assumed.
fn add_connections(partner: &mock::Partner) {
    for (id, name, number, quality, status) in [
        ("clx-a", "Bistro Akwa (invented)", "+237 6 90 00 00 01", "YELLOW", "connected"),
        ("clx-b", "Clinique du Lac (invented)", "+237 6 90 00 00 02", "GREEN", "disconnected"),
        ("clx-c", "Douala Motors (invented)", "+237 6 90 00 00 03", "ULTRAVIOLET", "asleep"),
    ] {
        let mut connection = mock::Connection::new(format!("{id}-connection"));
        connection.display_phone_number = number.into();
        connection.quality_rating = quality.into();
        connection.status = status.into();
        let mut company = mock::Company::new(id, name);
        company.connections.push(connection);
        partner.add_company(company);
    }
}
