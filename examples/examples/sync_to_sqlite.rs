//! Keeps a copy of your clients in a database in step with the service, and records what changed.
//!
//! ```sh
//! cargo run --example sync_to_sqlite --features sqlite                  # two runs, from an embedded mock
//! cargo run --example sync_to_sqlite --features sqlite -- clients.db    # one run, from your service
//! ```
//!
//! With a file it calls the service that `PARTNER_API_BASE_URL` and `PARTNER_API_KEY` name, once. A
//! run changes the copy in one transaction, after the complete list has arrived: when it is killed,
//! or the list is incomplete, the copy stays as it was. The changes are written to the table
//! `changes` in the same transaction, so that a program that sends them to others loses none.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | the copy is in step |
//! | 1 | the copy is as it was before; standard error says what to do |

#![expect(clippy::print_stderr, reason = "printing is what this program is for")]

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use partner_api::jiff::Timestamp;
use partner_api::monitor::{self, Change};
use partner_api::{Client, Company, Connection, Escaped};
use partner_api_examples::{explain, service_or_mock};
use partner_api_mock as mock;
use rusqlite::{Connection as Database, Transaction, TransactionBehavior, params};

/// The timeout of the whole call: a long list takes its time.
const TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// `document` has the whole object as JSON, with the fields that this program does not know.
const TABLES: &str = "
    PRAGMA foreign_keys = ON;
    CREATE TABLE IF NOT EXISTS companies (
        id       TEXT PRIMARY KEY,
        name     TEXT NOT NULL,
        document TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS connections (
        id                   TEXT PRIMARY KEY,
        company_id           TEXT NOT NULL REFERENCES companies (id),
        display_phone_number TEXT NOT NULL,
        quality_rating       TEXT NOT NULL,
        status               TEXT NOT NULL,
        document             TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS connections_of_company ON connections (company_id);
    CREATE TABLE IF NOT EXISTS changes (
        number INTEGER PRIMARY KEY,
        at     TEXT NOT NULL,
        change TEXT NOT NULL
    );
";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("not synchronized: {}", explain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    if let Some(file) = env::args_os().nth(1) {
        let client = Client::from_env()?;
        return synchronize(&mut Database::open(file)?, &client).await;
    }
    let target = service_or_mock(|_| ()).await?;
    writeln!(io::stdout(), "Calling {}", target.description)?;
    let mut database = Database::open_in_memory()?;
    writeln!(io::stdout(), "\nFirst run")?;
    synchronize(&mut database, &target.client).await?;
    if let Some(mock) = &target.mock {
        change_clients(&mock.partner());
    }
    writeln!(io::stdout(), "\nSecond run")?;
    synchronize(&mut database, &target.client).await
}

async fn synchronize(database: &mut Database, client: &Client) -> Result<(), Box<dyn Error>> {
    // The complete list, or an error that leaves this function.
    let new = client.companies().timeout(TIMEOUT).await?;

    // Writing from the start, so that two runs at the same time do not read the same copy.
    database.busy_timeout(Duration::from_secs(60))?;
    database.execute_batch(TABLES)?;
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let old = stored_companies(&transaction)?;
    let changes = monitor::changes(&old, &new);
    apply(&transaction, &changes, &new)?;
    transaction.commit()?;

    for change in &changes {
        writeln!(io::stdout(), "{}", Escaped(&serde_json::to_string(change)?))?;
    }
    writeln!(io::stdout(), "{} clients, {} changes", new.len(), changes.len())?;
    Ok(())
}

/// Reads the copy as a list of companies.
fn stored_companies(transaction: &Transaction<'_>) -> Result<Vec<Company>, Box<dyn Error>> {
    let mut connections = BTreeMap::<String, Vec<Connection>>::new();
    let mut query = transaction.prepare("SELECT company_id, document FROM connections")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let connection = serde_json::from_str(row.get_ref(1)?.as_str()?)?;
        connections.entry(row.get(0)?).or_default().push(connection);
    }
    let mut companies = Vec::new();
    let mut query = transaction.prepare("SELECT document FROM companies")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let mut company: Company = serde_json::from_str(row.get_ref(0)?.as_str()?)?;
        company.connections = connections.remove(company.id.as_str()).unwrap_or_default();
        companies.push(company);
    }
    Ok(companies)
}

/// Writes the companies that changed, and then removes what is gone.
fn apply(
    transaction: &Transaction<'_>,
    changes: &[Change],
    new: &[Company],
) -> Result<(), Box<dyn Error>> {
    let touched: BTreeSet<_> = changes.iter().map(Change::company_id).collect();
    // In reverse: of several items with one id the first counts, so it is written last.
    for company in new.iter().rev().filter(|company| touched.contains(&company.id)) {
        write_company(transaction, company)?;
    }
    let now = Timestamp::now().to_string();
    for change in changes {
        match change {
            Change::ConnectionRemoved { connection, .. } => {
                let sql = "DELETE FROM connections WHERE id = ?1";
                transaction.execute(sql, [connection.id.as_str()])?;
            }
            Change::CompanyRemoved { company, .. } => {
                let sql = "DELETE FROM companies WHERE id = ?1";
                transaction.execute(sql, [company.id.as_str()])?;
            }
            // Found at every run until the service has removed it, so it is no change.
            Change::DuplicateCompany { .. } | Change::DuplicateConnection { .. } => continue,
            _ => {}
        }
        let mut insert =
            transaction.prepare_cached("INSERT INTO changes (at, change) VALUES (?1, ?2)")?;
        insert.execute([&now, &serde_json::to_string(change)?])?;
    }
    Ok(())
}

fn write_company(transaction: &Transaction<'_>, company: &Company) -> Result<(), Box<dyn Error>> {
    let mut row = company.clone();
    row.connections.clear(); // rows of the other table
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO companies (id, name, document) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, document = excluded.document",
    )?;
    upsert.execute(params![row.id.as_str(), row.name, serde_json::to_string(&row)?])?;
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO connections VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET
            company_id = excluded.company_id,
            display_phone_number = excluded.display_phone_number,
            quality_rating = excluded.quality_rating,
            status = excluded.status,
            document = excluded.document",
    )?;
    for connection in company.connections.iter().rev() {
        upsert.execute(params![
            connection.id.as_str(),
            company.id.as_str(),
            connection.display_phone_number,
            connection.quality_rating.as_str(),
            connection.status.as_str(),
            serde_json::to_string(connection)?,
        ])?;
    }
    Ok(())
}

/// Changes the clients of the mock between the two runs.
fn change_clients(partner: &mock::Partner) {
    let mut companies = partner.companies();
    let mut tea = mock::Company::new("clx-tea", "Acme Tea");
    if let Some(coffee) = companies.first_mut() {
        coffee.name.push_str(" & Cake");
        tea.connections.append(&mut coffee.connections);
    }
    for connection in &mut tea.connections {
        connection.quality_rating = "YELLOW".into();
    }
    companies.push(tea);
    partner.set_companies(companies);
}
