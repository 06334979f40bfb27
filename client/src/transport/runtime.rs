//! Checks that the tokio runtime of a call has the drivers that the client needs.

use std::net::{Ipv4Addr, UdpSocket};
use std::panic::catch_unwind;
use std::time::Duration;

use tokio::runtime::Handle;

/// Checks that there is a runtime with timers.
pub(crate) fn check_runtime() -> Result<(), String> {
    if Handle::try_current().is_err() {
        return Err("there is no tokio runtime; await the call inside one, such as #[tokio::main]"
            .to_owned());
    }
    // tokio has no query for that, and panics when a timer is made without a driver.
    catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).map_err(|_| {
        "the tokio runtime has no timers; build it with enable_all() or enable_time()".to_owned()
    })
}

/// Checks that the runtime can make connections.
pub(super) fn check_io() -> Result<(), String> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| {
        socket.set_nonblocking(true)?;
        Ok(socket)
    });
    let Ok(socket) = socket else { return Ok(()) };
    // As above: registering a socket panics without a driver.
    let registered = catch_unwind(|| drop(tokio::net::UdpSocket::from_std(socket)));
    registered.map_err(|_| {
        "the tokio runtime has no I/O driver; build it with enable_all() or enable_io()".to_owned()
    })
}
