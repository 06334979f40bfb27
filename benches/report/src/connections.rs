//! The memory of a server for each open, idle connection.

use std::net::TcpStream;

use crate::program::{Outcome, machine};
use crate::servers::{Address, Server, Servers};
use crate::table::{self, as_f64};

const SIZES: [u64; 3] = [50, 500, 5_000];

pub(crate) fn print() -> Outcome<()> {
    let mut rows = Vec::new();
    for server in Servers::build()?.all {
        let each: Outcome<Vec<_>> = SIZES.iter().map(|&size| each(&server, size)).collect();
        let each = each?.into_iter().map(|bytes| format!("{:.1} kB", bytes / 1e3));
        rows.push([server.name].into_iter().chain(each).collect());
    }
    println!(
        "Idle connections, this many at the same time, each after a request for the wallet: resident memory of the \
         server for each. {}.\n",
        machine()
    );
    table::print(&["server", "50", "500", "5,000"], &rows);
    Ok(())
}

/// Measures a new server, after its first response.
fn each(server: &Server, connections: u64) -> Outcome<f64> {
    let serving = server.serving(1)?;
    let address = Address::of(&serving)?;
    address.ask()?;
    let before = serving.memory("VmRSS")?;
    let open: Outcome<Vec<TcpStream>> = (0..connections).map(|_| address.ask()).collect();
    let open = open.map_err(|error| {
        format!("{connections} connections: {error}; both ends need as many files (`ulimit -n`)")
    })?;
    let after = serving.memory("VmRSS")?;
    drop(open);
    Ok(as_f64(after.saturating_sub(before)) / as_f64(connections))
}
