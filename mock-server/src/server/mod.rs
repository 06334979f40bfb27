//! The mock on a port: a listener whose connections hyper serves with the axum router, their limits,
//! outages and the graceful shutdown. What no HTTP library would send is written by hand.

mod builder;
mod connection;
mod exchange;
mod limits;
mod listener;
mod raw;
mod stream;
mod thread;
#[cfg(feature = "tls")]
mod tls;
mod write_timeout;

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

pub use self::builder::{MockServerBuilder, StartError};
pub use self::limits::{
    DEFAULT_BODY_READ_TIMEOUT, DEFAULT_DRAIN_TIMEOUT, DEFAULT_HEADER_READ_TIMEOUT,
    DEFAULT_MAX_CONNECTIONS, DEFAULT_MAX_HEAD_BYTES, DEFAULT_MAX_HEADERS, DEFAULT_WRITE_TIMEOUT,
};
use self::listener::Listener;
use self::thread::ServerThread;
#[cfg(feature = "tls")]
pub use self::tls::Tls;
use crate::api::BASE_PATH;
use crate::control::ControlApi;
use crate::faults::outage::Outage;
use crate::mock::{Mock, log};

/// A mock of the Partner API on a port, with real behaviour, until it is dropped.
///
/// [`start`](Self::start) runs it in the current tokio runtime, which needs its I/O and time drivers,
/// as `#[tokio::test]` has them, and it ends with that runtime. [`start_on_thread`](Self::start_on_thread)
/// gives it a thread: for a mock that several tests share, and for tests without async code. When
/// `drop` returns, the port is closed, and no request gets a response.
///
/// It derefs to [`Mock`], and has all of its methods.
pub struct MockServer {
    mock: Mock,
    socket: Listener,
    control: Option<Arc<ControlApi>>,
    address: SocketAddr,
    base_url: String,
    _thread: Option<ServerThread>,
    #[cfg(feature = "tls")]
    ca_pem: Option<String>,
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

    /// Starts a mock on a thread with its own runtime, as [`start`](Self::start) otherwise.
    ///
    /// It needs no runtime and outlives that of any test, so it can be a `static` that several tests
    /// share. A paused tokio clock of a test does not stop it.
    ///
    /// ```
    /// use std::sync::LazyLock;
    /// use partner_api_mock::MockServer;
    ///
    /// static MOCK: LazyLock<MockServer> =
    ///     LazyLock::new(|| MockServer::start_on_thread().expect("the mock server should start"));
    ///
    /// // In each test, `#[test]` or `#[tokio::test]`: a partner with its own key, data and journal.
    /// let partner = MOCK.add_partner("a test");
    /// let (url, key) = (MOCK.url(), partner.issue_key());
    /// # assert!(url.starts_with("http://127.0.0.1:") && !key.is_empty());
    /// ```
    ///
    /// # Errors
    ///
    /// If no port can be had, or the thread or its runtime cannot be started.
    pub fn start_on_thread() -> Result<Self, StartError> {
        Self::builder().start_on_thread()
    }

    /// Configures a mock before it starts.
    pub fn builder() -> MockServerBuilder {
        MockServerBuilder::new()
    }

    /// The certificate authority of [`Tls`] as PEM, for a client to trust. None without TLS.
    #[cfg(feature = "tls")]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// `http://127.0.0.1:PORT`, or `https://…` with TLS: the origin, without a slash at its end and without `/api/v1`.
    pub fn url(&self) -> &str {
        self.base_url.strip_suffix(BASE_PATH).unwrap_or(&self.base_url)
    }

    /// `http://127.0.0.1:PORT/api/v1`, or `https://…` with TLS: what the reference calls the base URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where the mock listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shuts down gracefully: closes the port, waits for requests under way, for
    /// [`DEFAULT_DRAIN_TIMEOUT`] unless the builder set another limit, and closes the connections.
    pub async fn shutdown(mut self) {
        if let Some(control) = &self.control {
            control.end();
        }
        log::shutting_down(self.address);
        self.socket.drain().await;
        log::shut_down(self.address);
    }

    /// Simulates a service that is down, until [`end_outage`](Self::end_outage).
    ///
    /// When it returns, the outage has started: no further request gets a response, also on open
    /// connections; these end, or fall silent, as soon as the runtime polls them. Requests during the
    /// outage are not in the journal. The address stays this mock's, except for a few microseconds
    /// between the end of the listener and the hold of [`Outage::Refuse`].
    ///
    /// It replaces an outage that has started before, with its duration. [`shutdown`](Self::shutdown)
    /// and `drop` end an outage also.
    ///
    /// # Errors
    ///
    /// If the address could not be held. Then nobody listens at it, and `end_outage` tries to listen
    /// again.
    pub fn start_outage(&self, outage: Outage) -> io::Result<()> {
        self.socket.start_outage(outage, None)
    }

    /// Starts an [outage](Self::start_outage) that ends by itself after this time.
    ///
    /// The time is tokio's, not that of the mock's [`Clock`](crate::Clock). If the mock cannot listen
    /// again immediately, it tries until it can.
    ///
    /// # Errors
    ///
    /// If the address could not be held.
    pub fn start_outage_for(&self, outage: Outage, duration: Duration) -> io::Result<()> {
        self.socket.start_outage(outage, Some(duration))
    }

    /// Ends an outage: serves again, at the same address and with the same data. Does nothing without
    /// an outage.
    ///
    /// Connections from the time of the outage are closed, so that no response is sent late.
    ///
    /// # Errors
    ///
    /// If the mock cannot listen at its address.
    pub fn end_outage(&self) -> io::Result<()> {
        self.socket.end_outage()
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
