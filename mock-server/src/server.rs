//! The mock as it stands on a port: start, drain, stop.

mod acts;
mod socket;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Deref;
use std::time::Duration;
use std::{fmt, io};

use tokio::net::TcpListener;
use tokio::runtime::Handle;

use self::socket::Socket;
use crate::log;
use crate::mock::Mock;
use crate::seed::Seed;

/// How long a client may take to send the head of a request, counted from when the connection
/// opens or the last answer was sent; so it is also how long a connection may be idle.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long [`MockServer::shutdown`] waits for requests under way.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// A timer cannot be set to a moment that its clock cannot name.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// What the reference calls the base URL ends in this.
const BASE_PATH: &str = "/api/v1";

/// A Partner API of your own: real behaviour, on a port, until it is dropped.
///
/// It runs in the tokio runtime that it was started in, which needs its I/O and time drivers, as
/// `#[tokio::test]` has them. When `drop` returns, the port is closed, and no request is answered
/// any more.
///
/// All that a [`Mock`] has, it has too.
pub struct MockServer {
    mock: Mock,
    socket: Socket,
    drain_timeout: Duration,
    address: SocketAddr,
    base_url: String,
}

impl MockServer {
    /// Starts a mock on a free port of 127.0.0.1, with the data that the reference shows.
    ///
    /// # Errors
    ///
    /// If no port can be had, or there is no tokio runtime to run in.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// A mock that is told more before it starts.
    pub fn builder() -> MockServerBuilder {
        MockServerBuilder {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: Seed::sample(),
            header_read_timeout: HEADER_READ_TIMEOUT,
            drain_timeout: DRAIN_TIMEOUT,
        }
    }

    /// `http://127.0.0.1:PORT`: the origin, without a slash at its end and without `/api/v1`.
    pub fn url(&self) -> &str {
        self.base_url.strip_suffix(BASE_PATH).unwrap_or(&self.base_url)
    }

    /// `http://127.0.0.1:PORT/api/v1`: what the reference calls the base URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where the mock listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops in good order: closes the port, lets requests under way be answered, for
    /// [`DRAIN_TIMEOUT`] unless the builder said otherwise, and ends what is left then.
    pub async fn shutdown(self) {
        log::shutting_down(self.address);
        self.socket.drain(self.drain_timeout).await;
        log::shut_down(self.address);
    }
}

impl Deref for MockServer {
    type Target = Mock;

    fn deref(&self) -> &Mock {
        &self.mock
    }
}

/// There is no key in it.
impl fmt::Debug for MockServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// A mock that has not started yet.
#[derive(Debug, Clone)]
#[must_use]
pub struct MockServerBuilder {
    address: SocketAddr,
    seed: Seed,
    header_read_timeout: Duration,
    drain_timeout: Duration,
}

impl MockServerBuilder {
    /// Where to listen; port 0 is any free one. Otherwise it is a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// What to start with. Otherwise it is [`Seed::sample`].
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// How long a client may take to send a request's head, a day at most. Otherwise it is
    /// [`HEADER_READ_TIMEOUT`].
    pub fn header_read_timeout(mut self, limit: Duration) -> Self {
        self.header_read_timeout = limit.min(LONGEST_TIMEOUT);
        self
    }

    /// How long [`MockServer::shutdown`] waits, a day at most. Otherwise it is [`DRAIN_TIMEOUT`].
    pub fn drain_timeout(mut self, limit: Duration) -> Self {
        self.drain_timeout = limit.min(LONGEST_TIMEOUT);
        self
    }

    /// Starts the mock.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on, or there is no tokio runtime to run in.
    pub async fn start(self) -> Result<MockServer, StartError> {
        let failed = |source| StartError { address: self.address, source };
        Handle::try_current().map_err(|error| failed(io::Error::other(error)))?;
        let listener = TcpListener::bind(self.address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;

        log::listening(address);
        let mock = Mock::seeded(self.seed);
        Ok(MockServer {
            socket: Socket::open(listener, mock.api(), self.header_read_timeout),
            mock,
            drain_timeout: self.drain_timeout,
            address,
            base_url: format!("http://{}{BASE_PATH}", reachable(address)),
        })
    }
}

/// A mock that listens on all addresses is reached by the loopback one.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    address
}

/// The mock could not start. The [`io::Error`] that says why is its source.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct StartError {
    address: SocketAddr,
    source: io::Error,
}
