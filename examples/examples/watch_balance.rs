//! Watches the balance of the wallet from cron: prints a line only when something changed.
//!
//! ```sh
//! cargo run --example watch_balance                       # a balance that falls, from an embedded mock
//! cargo run --example watch_balance -- balance.json       # one check of your service
//! ```
//!
//! With a state file it checks the service that `PARTNER_API_BASE_URL` and `PARTNER_API_KEY` name,
//! once, and keeps in the file what it observed. The first check makes the file. Without one it
//! remembers nothing: it makes one check of the service, or several of an embedded mock if both
//! variables are unset.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | the balance is sufficient |
//! | 1 | the balance is low: below a level |
//! | 2 | the wallet is empty: it does not pay for one message |
//! | 3 | not checked, for instance because the call failed; standard error says what to do |
//!
//! They are those of monitoring plugins (ok, warning, critical, unknown). The levels are
//! `BALANCE_LEVELS`, messages separated by commas; default: 1000 and 250 messages, and 3 days.
//!
//! Cron mails what a job prints. So that two checks never run at the same time:
//!
//! ```text
//! */10 * * * * flock --nonblock /var/lib/app/balance.lock watch_balance /var/lib/app/balance.json
//! ```

#![expect(clippy::print_stderr, reason = "printing is what this program is for")]

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use partner_api::jiff::Timestamp;
use partner_api::monitor::{BalanceEvent, BalanceMonitor, BalanceState, BalanceStatus, Level};
use partner_api::{Client, Escaped};
use partner_api_examples::{explain, service_or_mock};

const LEVELS_VARIABLE: &str = "BALANCE_LEVELS";

/// Well below the time after which cron starts the next check.
const TIMEOUT: Duration = Duration::from_secs(20);

const LOW: u8 = 1;
const EMPTY: u8 = 2;
const NOT_CHECKED: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(BalanceStatus::Low(_)) => ExitCode::from(LOW),
        Ok(BalanceStatus::Empty) => ExitCode::from(EMPTY),
        Ok(BalanceStatus::Sufficient | BalanceStatus::Unknown) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("balance not checked: {}", explain(&*error));
            ExitCode::from(NOT_CHECKED)
        }
    }
}

async fn run() -> Result<BalanceStatus, Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let file = arguments.next().map(PathBuf::from);
    if arguments.next().is_some() {
        return Err("there is more than one argument; give the state file only".into());
    }
    let mut monitor = BalanceMonitor::new(levels()?);
    if let Some(file) = file {
        monitor = monitor.with_state(load(&file)?);
        check(&Client::from_env()?, &mut monitor).await?;
        // After printing: if the program is killed between the two, a line comes twice and is not
        // lost.
        store(&file, monitor.state())?;
        return Ok(monitor.status());
    }
    let target = service_or_mock(|_| ()).await?;
    // `println!` would panic if the line cannot be written, and 101 is not one of the codes above.
    writeln!(io::stdout(), "Calling {}", target.description)?;
    check(&target.client, &mut monitor).await?;
    if let Some(mock) = &target.mock {
        for balance in [900, 880, 200, 0, 5000] {
            mock.partner().update_wallet(|wallet| wallet.balance = balance);
            writeln!(io::stdout(), "The balance is now {balance}")?;
            check(&target.client, &mut monitor).await?;
        }
    }
    Ok(monitor.status())
}

/// Makes one check, and prints what changed since the last one.
async fn check(client: &Client, monitor: &mut BalanceMonitor) -> Result<(), Box<dyn Error>> {
    // An error leaves this function: it is never taken for an empty wallet.
    let wallet = client.wallet().timeout(TIMEOUT).await?;
    for event in monitor.observe(&wallet, Timestamp::now()) {
        writeln!(io::stdout(), "{}", describe(&event, monitor))?;
    }
    Ok(())
}

fn levels() -> Result<Vec<Level>, String> {
    let Some(given) = env::var_os(LEVELS_VARIABLE) else {
        return Ok(vec![Level::Messages(1000), Level::Messages(250), Level::Days(3)]);
    };
    let given = given.to_string_lossy();
    let levels = given.split(',').map(|level| level.trim().parse().map(Level::Messages));
    levels.collect::<Result<_, _>>().map_err(|_| {
        format!(
            "{LEVELS_VARIABLE} is \"{}\"; expected numbers of messages, such as 1000,250",
            Escaped(&given)
        )
    })
}

fn describe(event: &BalanceEvent, monitor: &BalanceMonitor) -> String {
    let text = match event {
        BalanceEvent::Low { level, balance, .. } => {
            format!("balance LOW: {balance} credits, below {}", in_words(level))
        }
        BalanceEvent::Lower { level, balance, .. } => {
            format!("balance LOWER: {balance} credits, below {}", in_words(level))
        }
        BalanceEvent::Empty { balance, .. } => format!("balance EMPTY: {balance} credits"),
        BalanceEvent::Recovered { still_below: Some(level), balance, .. } => {
            format!("balance recovered: {balance} credits, still below {}", in_words(level))
        }
        BalanceEvent::Recovered { balance, .. } => {
            format!("balance recovered: {balance} credits")
        }
        BalanceEvent::Recharged { credits, .. } => format!("recharged by {credits} credits"),
        BalanceEvent::PriceChanged { from, to, .. } => {
            format!("the price of a credit changed from {from} to {to}")
        }
        BalanceEvent::CostChanged { from, to, .. } => {
            format!("the cost of a message changed from {from} to {to} credits")
        }
        other => format!("{other:?}"),
    };
    match monitor.forecast().and_then(|forecast| forecast.days_left) {
        Some(days) => format!("{text} (lasts about {days} days)"),
        None => text,
    }
}

fn in_words(level: &Level) -> String {
    match level {
        Level::Credits(credits) => format!("{credits} credits"),
        Level::Messages(messages) => format!("{messages} messages"),
        Level::Days(days) => format!("{days} days"),
        other => format!("{other:?}"),
    }
}

fn load(file: &Path) -> Result<BalanceState, Box<dyn Error>> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BalanceState::default()),
        read => read.map_err(|error| format!("{}: {error}", file.display()))?,
    };
    let state = serde_json::from_str(&text);
    Ok(state.map_err(|error| {
        format!("{} is not a state file ({error}); remove it to start again", file.display())
    })?)
}

/// Replaces the file in one step, so that a program that is killed leaves the old state or the new.
fn store(file: &Path, state: &BalanceState) -> Result<(), Box<dyn Error>> {
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    let write = || {
        let mut written = File::create(&new)?;
        written.write_all(&serde_json::to_vec(state)?)?;
        written.sync_all()?;
        fs::rename(&new, file)
    };
    Ok(write().map_err(|error: io::Error| format!("{}: {error}", file.display()))?)
}
