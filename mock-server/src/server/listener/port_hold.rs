//! The address of a mock, listened on or held during an outage.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

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
