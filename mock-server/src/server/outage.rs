//! A mock that is down, with its address held.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// What a client meets at the address of a mock during an [outage](crate::MockServer::start_outage).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outage {
    /// Nobody listens: connecting is refused, as where the program was stopped. Open connections are
    /// closed.
    Refuse,
    /// A connection is reset before a byte comes, as by a proxy with nothing behind it. Open
    /// connections are reset.
    Reset,
    /// Nothing comes, not even an end, as from a machine that hangs. Open connections fall silent
    /// too.
    Blackhole,
}

/// How many connections can wait for being accepted.
const BACKLOG: u32 = 1024;

/// A port that is not being served, and what keeps others from it.
#[derive(Debug)]
pub(super) enum PortHold {
    Listening(TcpListener),
    Held(TcpSocket),
    /// Nothing does: it could not be held.
    Lost,
}

impl PortHold {
    /// With nobody listening. To be called in a runtime, as the next.
    pub(super) fn hold(self, address: SocketAddr) -> io::Result<TcpSocket> {
        match self {
            Self::Held(socket) => return Ok(socket),
            Self::Listening(listener) => drop(listener),
            Self::Lost => {}
        }
        hold(address)
    }

    pub(super) fn listen(self, address: SocketAddr) -> io::Result<TcpListener> {
        if let Self::Listening(listener) = self {
            return Ok(listener);
        }
        let socket = self.hold(address)?;
        // As where the mock starts: what is left of older connections is no hindrance.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.listen(BACKLOG)
    }
}

/// Binds an address at which nobody listens, so that nobody else can take it.
///
/// It is bound alone if nothing is left of the connections that came through it, and then nobody
/// can be bound beside it. Otherwise it can only be bound beside what is left, and is closed to
/// others from then on.
fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = unbound(address)?;
    if socket.bind(address).is_ok() {
        return Ok(socket);
    }
    let socket = unbound(address)?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.set_reuseaddr(false)?;
    Ok(socket)
}

fn unbound(address: SocketAddr) -> io::Result<TcpSocket> {
    match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }
}
