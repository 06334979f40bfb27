//! Prints your clients with their WhatsApp connections, and your wallet.
//!
//! ```sh
//! cargo run --example quickstart    # against an embedded mock
//! PARTNER_API_BASE_URL=https://app.example.com PARTNER_API_KEY=… cargo run --example quickstart
//! ```
//!
//! The first line says which of the two it calls.

#![expect(clippy::print_stderr, reason = "printing is what this program is for")]

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use partner_api::{Company, Escaped, Wallet};
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
    let target = service_or_mock(add_invented_clients).await?;
    // Not `println!`, which panics when a reader such as `head` has gone.
    let mut out = io::stdout();
    writeln!(out, "Calling {}", target.description)?;

    let companies = target.client.companies().await?;
    let wallet = target.client.wallet().await?;

    print_companies(&mut out, &companies)?;
    print_wallet(&mut out, &wallet)?;
    Ok(())
}

/// A row for each connection; a client without one has a row all the same.
fn print_companies(out: &mut impl Write, companies: &[Company]) -> io::Result<()> {
    writeln!(out, "\nClients: {}", companies.len())?;
    let mut table =
        table(["Client", "Onboarded", "Templates", "WhatsApp number", "Quality", "Status"]);
    for company in companies {
        let name = Escaped(&company.name).to_string();
        let onboarded = company.onboarded_at.strftime("%Y-%m-%d").to_string();
        let templates = company.counts.templates.to_string();
        if company.connections.is_empty() {
            table.add_row([&name, &onboarded, &templates, "(no connection)", "", ""]);
        }
        for connection in &company.connections {
            table.add_row([
                &name,
                &onboarded,
                &templates,
                &Escaped(&connection.display_phone_number).to_string(),
                &Escaped(connection.quality_rating.as_str()).to_string(),
                &Escaped(connection.status.as_str()).to_string(),
            ]);
        }
    }
    writeln!(out, "{table}")
}

fn print_wallet(out: &mut impl Write, wallet: &Wallet) -> io::Result<()> {
    let currency = Escaped(&wallet.currency);
    // Calculations are exact; a result that is not is an error.
    let worth = match wallet.balance_value() {
        Ok(worth) => format!("{worth} {currency}"),
        Err(error) => error.to_string(),
    };
    let messages = match wallet.affordable_messages() {
        Ok(messages) => format!("{messages} messages"),
        Err(error) => error.to_string(),
    };
    let Wallet { balance, credit_unit_price, cost_per_message, .. } = wallet;
    writeln!(out, "\nWallet")?;
    writeln!(out, "  Balance in credits       {balance}")?;
    writeln!(out, "  Price of a credit        {credit_unit_price} {currency}")?;
    writeln!(out, "  Balance is worth         {worth}")?;
    writeln!(out, "  A message in credits     {cost_per_message}")?;
    writeln!(out, "  Balance pays for         {messages}")
}

/// The mock starts with the client that the reference shows; two more make a table of it.
fn add_invented_clients(partner: &mock::Partner) {
    let mut bakery = mock::Company::new("clx-invented-1", "Boulangerie de l'Étoile (invented)");
    for (id, number, quality) in [
        ("clx-invented-2", "+237 6 90 00 00 01", "GREEN"),
        ("clx-invented-3", "+237 6 90 00 00 02", "YELLOW"),
    ] {
        let mut connection = mock::Connection::new(id);
        connection.display_phone_number = number.into();
        connection.quality_rating = quality.into();
        bakery.connections.push(connection);
    }
    partner.add_company(bakery);
    partner.add_company(mock::Company::new("clx-invented-4", "茶馆 Tea House (invented)"));
}
