//! The mock as it stands on a port: start, drain, stop.

mod acts;
mod socket;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use self::socket::Socket;
use crate::data::Wallet;
use crate::fault::{Fault, Rule, RuleError};
use crate::faults::{ActiveRule, Faults};
use crate::journal::RecordedRequest;
use crate::partner::Partner;
use crate::routes::Api;
use crate::seed::Seed;
use crate::service::MockService;

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
pub struct MockServer {
    api: Arc<Api>,
    socket: Socket,
    drain_timeout: Duration,
    address: SocketAddr,
    base_url: String,
    api_key: String,
    partner: Partner,
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
        self.base_url
            .strip_suffix(BASE_PATH)
            .unwrap_or(&self.base_url)
    }

    /// `http://127.0.0.1:PORT/api/v1`: what the reference calls the base URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where the mock listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A key of the [default partner](Self::partner): its first one in the seed, or one issued at
    /// the start. It works until it is revoked or the partner is deactivated.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The default partner: the first one in the seed.
    pub fn partner(&self) -> Partner {
        self.partner.clone()
    }

    /// Adds a partner: active, with no key, no company and no credit, at the pricing of
    /// [`Wallet::new`]. The name is for you and the journal; two partners may have the same.
    pub fn add_partner(&self, name: impl Into<String>) -> Partner {
        let tenant = self.api.store.add(name.into(), Wallet::new(0), Vec::new());
        Partner::new(&self.api, tenant)
    }

    /// All partners, in the order they were added.
    pub fn partners(&self) -> Vec<Partner> {
        let tenants = self.api.store.tenants();
        tenants
            .into_iter()
            .map(|tenant| Partner::new(&self.api, tenant))
            .collect()
    }

    /// The next request meets this fault: the next one of each partner, and of those that come
    /// with no known key.
    ///
    /// # Errors
    ///
    /// If the fault contradicts itself, as a status of 42 does.
    pub fn fail_next(&self, fault: Fault) -> Result<ActiveRule, RuleError> {
        self.faults().add(Rule::new(fault).times(1))
    }

    /// The rules by which requests meet faults, whosever they are.
    pub fn faults(&self) -> Faults {
        Faults::new(&self.api, None)
    }

    /// What was asked of this mock, oldest first. A request stands here before its answer leaves.
    ///
    /// Of each partner, and of all that came with no known key, the newest
    /// [`JOURNAL_ENTRIES`](crate::JOURNAL_ENTRIES) are kept, in at most
    /// [`JOURNAL_BYTES`](crate::JOURNAL_BYTES).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        let tenants = self.api.store.tenants();
        let name = |id| {
            let tenant = tenants.iter().find(|tenant| tenant.id == id);
            tenant.map(|tenant| tenant.name.clone())
        };
        let entries = self.api.journal.all();
        entries
            .iter()
            .map(|entry| entry.read(entry.tenant.and_then(name)))
            .collect()
    }

    /// How many requests were dropped to stay within those bounds.
    pub fn dropped_requests(&self) -> u64 {
        self.api.journal.dropped()
    }

    /// The same service with no socket, to join a client to it in-process. It shares this mock's
    /// partners, rules and journal, needs no Host header, and goes on after the mock is dropped.
    ///
    /// A router cannot fail: where [`service`](Self::service) does, its answer has a body that
    /// ends at once, with the same error.
    pub fn router(&self) -> Router {
        self.service().into_router()
    }

    /// As [`router`](Self::router), as a service that can fail as a broken connection does.
    pub fn service(&self) -> MockService {
        MockService::new(&self.api)
    }

    /// Stops in good order: closes the port, lets requests under way be answered, for
    /// [`DRAIN_TIMEOUT`] unless the builder said otherwise, and ends what is left then.
    pub async fn shutdown(self) {
        self.socket.drain(self.drain_timeout).await;
    }
}

/// There is no key in it.
impl fmt::Debug for MockServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer")
            .field("url", &self.url())
            .finish_non_exhaustive()
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
        let failed = |source| StartError {
            address: self.address,
            source,
        };
        Handle::try_current().map_err(|error| failed(io::Error::other(error)))?;
        let listener = TcpListener::bind(self.address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;

        let (store, first, api_key) = self.seed.plant();
        let api = Arc::new(Api::new(store));
        Ok(MockServer {
            socket: Socket::open(listener, Arc::clone(&api), self.header_read_timeout),
            partner: Partner::new(&api, first),
            api,
            drain_timeout: self.drain_timeout,
            address,
            base_url: format!("http://{}{BASE_PATH}", reachable(address)),
            api_key,
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

/// The mock could not start. The [`io::Error`] behind it is its source.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct StartError {
    address: SocketAddr,
    source: io::Error,
}
