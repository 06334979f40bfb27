//! The memory of a server after many requests.

use crate::program::{Outcome, Serving, machine};
use crate::servers::{CONNECTIONS, Count, Load, Servers, WALLET};
use crate::table::{self, NONE, as_f64, megabytes};

const FEW: u64 = 10_000;
const MANY: u64 = 100_000;
const MOST: u64 = 1_000_000;

/// A server that grows by more bytes than this with each request is not tested with the largest number: that would take
/// gigabytes.
const GROWING: f64 = 1_000.0;

pub(crate) fn print() -> Outcome<()> {
    let servers = Servers::build()?;
    let mut rows = Vec::new();
    for server in servers.all {
        let serving = server.serving(1)?;
        let idle = serving.memory("VmRSS")?;
        let few = after(&servers.load, &serving, FEW)?;
        let many = after(&servers.load, &serving, MANY - FEW)?;
        let growth = each(few, many, MANY - FEW);
        let (most, growth) = if growth > GROWING {
            (NONE.to_owned(), growth)
        } else {
            let most = after(&servers.load, &serving, MOST - MANY)?;
            (megabytes(most), each(many, most, MOST - MANY))
        };
        rows.push(vec![
            server.name,
            megabytes(idle),
            megabytes(few),
            megabytes(many),
            most,
            format!("{:.2} kB", growth / 1e3),
        ]);
    }
    println!(
        "Memory of a server (resident) when idle and after so many requests for the wallet, from {CONNECTIONS} \
         connections; and what each request of the last stretch added. partner-api-mock keeps the last 10,000 in its \
         journal. Who grows by more than {:.0} kB a request is not asked a million times. {}.\n",
        GROWING / 1e3,
        machine()
    );
    let header = ["server", "idle", "10,000", "100,000", "1,000,000", "each of the last"];
    table::print(&header, &rows);
    Ok(())
}

fn after(load: &Load, serving: &Serving, requests: u64) -> Outcome<u64> {
    load.ask(serving, WALLET, CONNECTIONS, Count::Requests(requests))?;
    serving.memory("VmRSS")
}

fn each(before: u64, after: u64, requests: u64) -> f64 {
    as_f64(after.saturating_sub(before)) / as_f64(requests)
}
