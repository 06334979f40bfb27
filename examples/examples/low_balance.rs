//! Prints in one line whether the wallet pays for enough messages, for cron and monitoring.
//!
//! ```sh
//! cargo run --example low_balance            # the threshold is 1000 messages, or …
//! cargo run --example low_balance -- 250     # … the argument, or …
//! LOW_BALANCE_MESSAGES=250 cargo run --example low_balance     # … the environment
//! ```
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | the wallet pays for at least as many messages as the threshold |
//! | 1 | the wallet pays for fewer messages |
//! | 2 | the check failed; standard error says what to do |
//!
//! It calls the service that `PARTNER_API_BASE_URL` and `PARTNER_API_KEY` name, or an embedded mock
//! if both are unset; the line says which. Cron starts programs with almost no environment, so
//! set both in the crontab: the balance of the mock is never low.

#![expect(clippy::print_stderr, reason = "printing is what this program is for")]

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use partner_api::Escaped;
use partner_api_examples::{explain, service_or_mock};

/// The threshold in messages, where neither the argument nor the environment sets one.
const DEFAULT_THRESHOLD: i64 = 1000;
const THRESHOLD_VARIABLE: &str = "LOW_BALANCE_MESSAGES";

/// Well below the minute after which cron would start the next check.
const TIMEOUT: Duration = Duration::from_secs(20);

const LOW: u8 = 1;
const UNKNOWN: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    match check().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(LOW),
        Err(error) => {
            eprintln!("balance not checked: {}", explain(&*error));
            ExitCode::from(UNKNOWN)
        }
    }
}

/// Returns true if there is enough.
async fn check() -> Result<bool, Box<dyn Error>> {
    let threshold = threshold()?;
    let target = service_or_mock(|_| ()).await?;
    let wallet = target.client.wallet().timeout(TIMEOUT).await?;
    let messages = wallet.affordable_messages()?;

    let enough = messages >= threshold;
    let (word, relation) = if enough { ("ok", "at least") } else { ("LOW", "below") };
    // `println!` would panic if the line cannot be written, and 101 is none of the codes above.
    writeln!(
        io::stdout(),
        "balance {word}: {messages} messages left, {relation} the threshold of {threshold}, by {}",
        target.description
    )?;
    Ok(enough)
}

fn threshold() -> Result<i64, String> {
    let mut arguments = env::args_os().skip(1);
    let (origin, given) = match (arguments.next(), env::var_os(THRESHOLD_VARIABLE)) {
        (Some(argument), _) => ("the argument", argument),
        (None, Some(value)) => (THRESHOLD_VARIABLE, value),
        (None, None) => return Ok(DEFAULT_THRESHOLD),
    };
    if arguments.next().is_some() {
        return Err("there is more than one argument; give the threshold only".to_owned());
    }
    let given = given.to_string_lossy();
    given.parse::<u32>().map(i64::from).map_err(|_| {
        format!(
            "{origin} is \"{}\"; expected the threshold as a number of messages, such as 250",
            Escaped(&given)
        )
    })
}
